import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeWith } from '../setup/parts.js';
import { type DonnaSite, hearDonna, startDonnaSite } from '../support/donna-site.js';

// Two busy cores make a browser slow.

describeWith('chromium', 'the pages of Donna, in a browser through the gateway', (chromium) => {
  let site: DonnaSite;
  beforeAll(async () => {
    site = await startDonnaSite(chromium);
  });
  afterEach(() => site.settle());
  afterAll(() => site.stop());

  const card = (page: Page, name: string): ReturnType<Page['getByRole']> => page.getByRole('region', { name });

  it('show sales, secretary and marketing on the board', async () => {
    const page = await site.openSignedIn();
    const answers = new Map<string, string | null>();
    page.on('response', (answer) => {
      const { pathname } = new URL(answer.url());
      if (pathname.startsWith('/api/')) answers.set(pathname, answer.headers()['x-trace-id'] ?? null);
    });
    await page.goto('/');
    await card(page, 'Sales').getByText('Northwind, 40 seats').waitFor();
    await card(page, 'Sales').getByText('Priya Raman · qualified · score 86').waitFor();
    await card(page, 'Secretary').getByText('Call Priya Raman about the quote').waitFor();
    await card(page, 'Secretary').getByText('Weekly team round').waitFor();
    await card(page, 'Marketing inbox').getByText('Quote for 40 seats', { exact: true }).waitFor();
    expect([...answers.keys()].sort()).toEqual([
      '/api/marketing.php',
      '/api/sales/overview.php',
      '/api/secretary/dashboard.php',
    ]);
    // Only the gateway answers with the trace header on what PHP sent; each request has its own.
    expect(new Set(answers.values()).size).toBe(3);
    expect([...answers.values()]).not.toContain(null);
  });

  it('filter the inbox and draft a reply on the board', async () => {
    const page = await site.openSignedIn();
    await page.goto('/');
    const inbox = card(page, 'Marketing inbox');
    await inbox.getByText('You have won!!! Claim now').waitFor();
    await inbox.getByLabel('Show').selectOption('lead');
    await inbox.getByText('You have won!!! Claim now').waitFor({ state: 'detached' });
    await inbox.getByRole('button', { name: 'Draft a reply to Quote for 40 seats' }).click();
    await inbox.locator('.draft').waitFor();
    expect(await inbox.locator('.draft').textContent()).toMatch(/\w{3,}/);
  });

  it('keep a new task', async () => {
    const page = await site.openSignedIn();
    await page.goto('/');
    const secretary = card(page, 'Secretary');
    await secretary.getByLabel('New task').fill('Order <b>tea</b> & cups');
    await secretary.getByRole('button', { name: 'Add' }).click();
    await secretary.getByText('Order <b>tea</b> & cups').waitFor();
    await page.reload();
    await secretary.getByText('Order <b>tea</b> & cups').waitFor();
  });

  it('show the reply to a message to the chatbot, and keep the conversation', async () => {
    const page = await site.openSignedIn();
    await page.goto('/chatbot.php');
    await page.getByText('None yet.').waitFor();
    await page.getByLabel('Message', { exact: true }).fill('What are your opening hours?');
    await page.keyboard.press('Enter');
    const log = page.getByRole('log');
    await log.getByText('We are open Monday to Friday').waitFor();
    expect(await log.locator('li.mine').allTextContents()).toEqual(['What are your opening hours?']);
    await page.reload();
    const list = card(page, 'Conversations');
    await list.getByText(/2 messages/).waitFor();
    await list.getByRole('button').click();
    await log.getByText('We go on with').waitFor();
    await page.getByLabel('Message', { exact: true }).fill('And the price?');
    await page.getByRole('button', { name: 'Send' }).click();
    await list.getByText(/4 messages/).waitFor();
  });

  it('keep the settings of the chatbot', async () => {
    const page = await site.openSignedIn();
    await page.goto('/chatbot.php');
    const settings = card(page, 'Settings');
    await page.getByRole('log').locator('li').waitFor();
    await settings.getByLabel('Greeting').fill('Grüß Gott, 你好!');
    await settings.getByLabel('Colour').fill('#aa3366');
    await settings.getByLabel('Theme').selectOption('dark');
    await settings.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Settings saved.').waitFor();
    await page.reload();
    await page.getByRole('log').getByText('Grüß Gott, 你好!').waitFor();
    expect(await settings.getByLabel('Colour').inputValue()).toBe('#aa3366');
    expect(await settings.getByLabel('Theme').inputValue()).toBe('dark');
    await settings.getByRole('button', { name: 'Reset' }).click();
    await page.getByText('Settings reset.').waitFor();
    expect(await settings.getByLabel('Greeting').inputValue()).not.toContain('Grüß Gott');
  });

  it('tell what the server refuses', async () => {
    const page = await site.openSignedIn();
    await page.goto('/chatbot.php');
    await page.getByRole('log').locator('li').waitFor();
    await page.route('**/api/chatbot_settings.php', (route) =>
      route.continue({ postData: JSON.stringify({ greeting: 'Hello', themeColor: 'not a colour' }) }),
    );
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText(/themeColor/).waitFor();
    expect(await site.browser.faultsSoFar(page)).toEqual([expect.stringContaining('422')]);
  });

  it('answer what is written to the receptionist, aloud', async () => {
    const page = await site.openSignedIn();
    await page.goto('/receptionist.php');
    await page.getByRole('option', { name: 'Rachel' }).waitFor({ state: 'attached' });
    await page.getByLabel('Voice').selectOption('George');
    await page.getByLabel('Message', { exact: true }).fill('I would like to book an appointment.');
    await page.getByRole('button', { name: 'Say' }).click();
    await page.getByRole('log').getByText('Would tomorrow at ten o’clock suit you?').waitFor();
    await hearDonna(page);
    expect(await page.locator('audio').isVisible()).toBe(true);
    await page.getByText('Ready.').waitFor();
  });

  it('answer what is spoken to the receptionist', async () => {
    const page = await site.openSignedIn();
    await page.goto('/receptionist.php');
    const push = page.getByRole('button', { name: 'Hold to talk' });
    await push.hover();
    await page.mouse.down();
    await page.getByText('Speak now…').waitFor();
    await page.waitForTimeout(700);
    await page.mouse.up();
    const log = page.getByRole('log');
    await log.getByText(/This is a recording of \d+ bytes/).waitFor();
    await log.getByText('Would tomorrow at ten o’clock suit you?').waitFor();
    await hearDonna(page);
  });

  it.each([
    ['a text', '/api/sales/overview.php', { action: 'send_text', to: '+15550100123', text: 'Hello' }, 'message_id'],
    ['a call', '/api/voice-chat.php', { action: 'initiate_call', to: '+15550100123' }, 'call_id'],
  ])('reach the telephone: %s', async (_what, path, body, field) => {
    const page = await site.openSignedIn();
    await page.goto('/');
    const answer = await page.evaluate(`import('/assets/donna.js').then(({ api }) =>
      api(${JSON.stringify(path)}, { method: 'POST', json: ${JSON.stringify(body)} }))`);
    expect(answer).toMatchObject({ success: true, [field]: expect.stringMatching(/./) });
  });
});
