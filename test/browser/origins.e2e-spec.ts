import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { describeWith } from '../setup/parts.js';
import { DEMO, type DonnaSite, hearDonna, signIn, startDonnaSite } from '../support/donna-site.js';
import { eventually } from '../support/eventually.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

interface Elsewhere {
  readonly port: number;
  readonly server: Server;
}

/** Another site: a server on another port, whose page does nothing by itself. */
async function startElsewhere(): Promise<Elsewhere> {
  const server = createServer((_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/html' });
    res.end('<!doctype html><link rel="icon" href="data:,"><title>elsewhere</title><p>elsewhere</p>');
  }).listen(0);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

describeWith('chromium', 'origins and the content security policy, in a browser', (chromium) => {
  let site: DonnaSite;
  let partner: Elsewhere;
  let stranger: Elsewhere;
  /** Lets the partner's pages in, and enforces the policy. */
  let gateway: TestGateway;
  beforeAll(async () => {
    site = await startDonnaSite(chromium);
    partner = await startElsewhere();
    stranger = await startElsewhere();
    gateway = await startTestGateway({
      phpTargets: [site.phpOrigin],
      env: { ALLOWED_ORIGINS: `http://127.0.0.1:${partner.port}`, CSP_MODE: 'enforce' },
    });
    await gateway.warmUp();
  });
  afterEach(() => site.settle());
  afterAll(async () => {
    await gateway.stop();
    for (const { server } of [partner, stranger]) server.close();
    await site.stop();
  });

  /** A signed-in visitor who then opens another site's page. */
  const visit = async (origin: string): Promise<Page> => {
    const page = await site.open({ baseURL: gateway.url });
    await signIn(page);
    await page.goto(origin);
    return page;
  };
  /** What a script of the open page hears from the gateway. */
  const fetchFrom = (page: Page, path: string, init: object): Promise<unknown> =>
    page.evaluate(`fetch(${JSON.stringify(gateway.url + path)}, ${JSON.stringify({ credentials: 'include', ...init })})
      .then(async (answer) => ({ status: answer.status, trace: answer.headers.get('x-trace-id'), body: await answer.json() }))
      .catch((error) => error.name)`);
  const change = {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: '' },
    body: JSON.stringify({ title: 'From elsewhere' }),
  };

  it('an allowed origin’s script reads and writes with the visitor’s session', async () => {
    const page = await visit(`http://127.0.0.1:${partner.port}/`);
    expect(await fetchFrom(page, '/api/conversations.php', {})).toMatchObject({
      status: 200,
      trace: expect.stringMatching(/^[0-9a-f]{32}$/),
      body: { success: true },
    });
    const { headers, ...rest } = change;
    const asked = page.waitForRequest((request) => request.method() === 'POST');
    const written = await fetchFrom(page, '/api/conversations.php', {
      ...rest,
      headers: { 'Content-Type': headers['Content-Type'] },
    });
    expect(written).toMatchObject({ body: { success: true, data: { title: 'From elsewhere' } } });
    expect((await (await asked).allHeaders())['origin']).toBe(`http://127.0.0.1:${partner.port}`);
    // Errors can be read, too.
    expect(await fetchFrom(page, '/api/nothing-here.php', {})).toMatchObject({ status: 404 });
    expect(await site.browser.faultsSoFar(page)).toEqual([expect.stringContaining('404')]);
  });

  it.each([
    ['a stranger', () => `http://127.0.0.1:${stranger.port}/`],
    ['the partner under another name', () => `http://localhost:${partner.port}/`],
  ])('%s neither reads nor writes', async (_what, origin) => {
    const page = await visit(origin());
    expect(await fetchFrom(page, '/api/conversations.php', {})).toBe('TypeError');
    expect(await fetchFrom(page, '/api/conversations.php', change)).toBe('TypeError');
    // Without a preflight the request arrives, and is refused before PHP.
    const told = jest.spyOn(gateway.logger, 'info');
    const plain = `fetch(${JSON.stringify(`${gateway.url}/api/conversations.php`)}, {
      method: 'POST', mode: 'no-cors', credentials: 'include', body: '{"title":"Forged"}' }).catch((error) => error.name)`;
    expect(await page.evaluate(plain)).toBe('TypeError');
    const isTold = (): boolean => told.mock.calls.length > 0;
    await eventually(isTold);
    expect(told.mock.calls[0]?.[0]).toMatchObject({
      method: 'POST',
      status: 403,
      errorCode: 'ORIGIN_DENIED',
      servedBy: 'gateway',
    });
    told.mockRestore();
    await site.browser.faultsSoFar(page);
    const home = await page.context().newPage();
    await home.goto('/chatbot.php');
    await home.getByRole('log').locator('li').first().waitFor();
    expect(await home.content()).not.toContain('Forged');
  });

  it('the login takes its own form, by whichever name the gateway is reached', async () => {
    const baseURL = gateway.url.replace('127.0.0.1', 'localhost');
    const page = await site.open({ baseURL });
    const posted = page.waitForRequest((request) => request.method() === 'POST');
    await signIn(page);
    expect((await (await posted).allHeaders())['origin']).toBe(baseURL);
  });

  it('a stranger opens no WebSocket', async () => {
    const page = await visit(`http://127.0.0.1:${stranger.port}/`);
    const url = `${gateway.url.replace('http', 'ws')}/realtime`;
    expect(
      await page.evaluate(`new Promise((done) => { const socket = new WebSocket(${JSON.stringify(url)});
        socket.onopen = () => done('open'); socket.onerror = () => done('refused'); })`),
    ).toBe('refused');
    expect((await site.browser.faultsSoFar(page)).join()).toContain('403');
  });

  it('a form that a stranger posts to the login is refused; a link from there is followed', async () => {
    const page = await site.open({ baseURL: gateway.url });
    await page.goto(`http://127.0.0.1:${stranger.port}/`);
    await page.setContent(`<form method="post" action="${gateway.url}/login.php">
      <input name="email" value="${DEMO.email}"><button>Win a prize</button></form><a href="${gateway.url}/login.php">log in</a>`);
    const refused = page.waitForResponse((answer) => answer.url() === `${gateway.url}/login.php`);
    await page.getByRole('button').click();
    expect((await refused).status()).toBe(403);
    await page.waitForURL(`${gateway.url}/login.php`);
    await page.goto(`http://127.0.0.1:${stranger.port}/`);
    await page.setContent(`<a href="${gateway.url}/login.php">log in</a>`);
    await page.getByRole('link').click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await site.browser.faultsSoFar(page);
  });

  it('every page works under the enforced policy', async () => {
    const page = await site.open({ baseURL: gateway.url });
    await signIn(page);
    await page.getByText('Quote for 40 seats', { exact: true }).waitFor();
    await page.goto('/chatbot.php');
    await page.getByLabel('Message', { exact: true }).fill('What are your opening hours?');
    await page.keyboard.press('Enter');
    await page.getByRole('log').getByText('We are open Monday to Friday').waitFor();
    const answer = await page.goto('/receptionist.php');
    expect(answer?.headers()['content-security-policy']).toContain("default-src 'self'");
    const push = page.getByRole('button', { name: 'Hold to talk' });
    await push.hover();
    await page.mouse.down();
    // The microphone is allowed: nothing would be said otherwise.
    await page.getByText('Speak now…').waitFor();
    await page.waitForTimeout(700);
    await page.mouse.up();
    await page
      .getByRole('log')
      .getByText(/This is a recording of \d+ bytes/)
      .waitFor();
    await hearDonna(page);
    await page.getByText('Ready.').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL('**/login.php');
  });

  it('the policy stops what is injected, lets WebSockets of this host and worklets from a file through, and keeps other devices shut', async () => {
    const page = await site.open({ baseURL: gateway.url });
    await page.goto('/login.php');
    await page.evaluate(
      `document.body.insertAdjacentHTML('beforeend', '<img src="x:" onerror="window.injected = 1"><p style="color:red">')`,
    );
    await page.evaluate(
      `const s = document.createElement('script'); s.textContent = 'window.injected = 2'; document.body.append(s);`,
    );
    expect(await page.evaluate('window.injected ?? null')).toBeNull();
    const breaches = (await site.browser.faultsSoFar(page)).filter((fault) => fault.startsWith('CSP ('));
    for (const directive of ['script-src-attr', 'script-src-elem', 'style-src-attr'])
      expect(breaches.join()).toContain(`CSP (enforce): ${directive} inline`);
    // A policy that is breached throws or fires at once; what is allowed fails later, at the server.
    await page.evaluate(
      `new Promise((done) => { new WebSocket(location.origin.replace('http', 'ws') + '/nowhere').onerror = done; })`,
    );
    await page.evaluate(`new AudioContext().audioWorklet.addModule('/assets/donna.js').catch(() => undefined)`);
    expect(
      await page.evaluate(
        `['camera', 'geolocation', 'microphone', 'usb'].filter((name) => document.featurePolicy.allowsFeature(name))`,
      ),
    ).toEqual(['microphone']);
    expect((await site.browser.faultsSoFar(page)).filter((fault) => fault.startsWith('CSP ('))).toEqual([]);
  });

  it('a breach is reported to the gateway, once for the log, by the browser itself', async () => {
    const warned = jest.spyOn(gateway.logger, 'warn');
    const page = await site.open({ baseURL: gateway.url });
    const sent = page.waitForResponse((answer) => answer.url().endsWith('/csp-report'));
    await page.goto('/login.php?next=%2Fprivate');
    await page.evaluate(
      `document.body.insertAdjacentHTML('beforeend', '<img src="https://tracker.example/p.gif?who=me">')`,
    );
    expect((await sent).status()).toBe(204);
    const isTold = (): boolean => JSON.stringify(warned.mock.calls).includes('https://tracker.example');
    await eventually(isTold);
    expect(warned.mock.calls).toContainEqual([
      {
        csp: {
          disposition: 'enforce',
          directive: 'img-src',
          blocked: 'https://tracker.example',
          documentPath: '/login.php',
        },
        count: 1,
      },
      'content security policy breached',
    ]);
    await site.browser.faultsSoFar(page);
  });
});
