import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { describeWith } from '../setup/parts.js';
import { DEMO, type DonnaSite, signIn, startDonnaSite } from '../support/donna-site.js';

// Two busy cores make a browser slow.

describeWith('chromium', 'signing in and out, in a browser through the gateway', (chromium) => {
  let site: DonnaSite;
  beforeAll(async () => {
    site = await startDonnaSite(chromium);
  });
  afterEach(() => site.settle());
  afterAll(() => site.stop());

  it('says so when the password is wrong', async () => {
    const page = await site.open();
    await page.goto('/login.php');
    await page.getByLabel('E-mail').fill(DEMO.email);
    await page.getByLabel('Password').fill('not-the-password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect(await page.getByRole('alert').textContent()).toMatch(/password/i);
    expect(await page.getByLabel('E-mail').inputValue()).toBe(DEMO.email);
    expect(await page.getByLabel('Password').inputValue()).toBe('');
    // The browser itself notes the 401 of the page.
    expect(await site.browser.faultsSoFar(page)).toEqual([expect.stringContaining('401')]);
    await page.goto('/');
    expect(new URL(page.url()).pathname).toBe('/login.php');
  });

  // A referrer policy of `no-referrer` made every form post come from `null`, which the gateway refuses.
  it('posts the login form with its own Origin and lands on the board with a session', async () => {
    const page = await site.open();
    const posted = page.waitForRequest((request) => request.method() === 'POST');
    await signIn(page);
    const { origin } = await (await posted).allHeaders();
    expect(origin).toBe(site.url);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Today');
    const cookies = await page.context().cookies();
    expect(cookies).toMatchObject([{ name: 'DONNASESSID', httpOnly: true, sameSite: 'Lax', path: '/' }]);
    await page.reload();
    expect(new URL(page.url()).pathname).toBe('/');
  });

  it('can be done by keyboard alone', async () => {
    const page = await site.open();
    await page.goto('/login.php');
    await page.locator('[name=email]:focus').waitFor();
    await page.keyboard.type(DEMO.email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(DEMO.password);
    await page.keyboard.press('Tab');
    const focus = "document.activeElement.textContent + ' ' + getComputedStyle(document.activeElement).outlineStyle";
    expect(await page.evaluate(focus)).toBe('Sign in solid');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname === '/');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(focus)).toBe('Skip to content solid');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
  });

  it('leads back to the page that was asked for', async () => {
    const page = await site.open();
    await page.goto('/chatbot.php');
    expect(new URL(page.url()).pathname).toBe('/login.php');
    await page.getByLabel('E-mail').fill(DEMO.email);
    await page.getByLabel('Password').fill(DEMO.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL('**/chatbot.php');
  });

  it('leads to the login after signing out, whoever brings the old cookie', async () => {
    const page = await site.open();
    await signIn(page);
    await page.getByText('Quote for 40 seats').waitFor();
    const signedIn = await page.context().storageState();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL('**/login.php');
    await page.goto('/');
    expect(new URL(page.url()).pathname).toBe('/login.php');
    // At once: the gateway, too, forgets whom the cookie belonged to.
    const cookie = signedIn.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    expect((await fetch(`${site.url}/api/sales/overview.php`, { headers: { cookie } })).status).toBe(401);
    const thief = await site.open({ storageState: signedIn });
    await thief.goto('/');
    expect(new URL(thief.url()).pathname).toBe('/login.php');
  });
});
