import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeWith } from '../setup/parts.js';
import { type DonnaSite, hearDonna, startDonnaSite } from '../support/donna-site.js';
import { eventually } from '../support/eventually.js';
import { unlimitedTable } from '../support/legacy-php.js';
import { TalkPage } from '../support/talk-page.js';

const HELLO = 'Hello, this is Donna. How can I help you?';
const LONG_STORY = `I have a long story to tell${', and then it rained'.repeat(8)}.`;
const PAGE = '/receptionist.php';
const CONFIG = '**/realtime/config.json';

// Two busy cores make a browser slow.

describeWith('chromium', 'the receptionist by voice, in a browser through the gateway', (chromium) => {
  let site: DonnaSite;
  beforeAll(async () => {
    site = await startDonnaSite(chromium, {
      hasRealtime: true,
      routes: unlimitedTable(),
      // A client secret is too old for another connection as soon as it is there.
      env: { CSP_MODE: 'enforce', ENABLE_WS_PROXY: 'true', REALTIME_TOKEN_TTL_S: '10' },
    });
  });
  afterEach(async () => {
    site.stub.realtime.refuseUpgrades();
    await site.settle();
  });
  afterAll(() => site.stop());

  const openTalk = async (options: Parameters<DonnaSite['open']>[0] = {}): Promise<TalkPage> =>
    TalkPage.open(await site.openSignedIn(options), PAGE);

  it('understands what is spoken, answers in writing and aloud, and says how quick that was', async () => {
    const talk = await openTalk();
    expect(await talk.push.getAttribute('aria-pressed')).toBe('false');
    await talk.talk();
    await talk.hears(HELLO);
    await talk.reaches('ready');
    expect(await talk.texts()).toEqual(['Hello.', HELLO]);
    expect(await talk.log.locator('li.mine').allTextContents()).toEqual(['Hello.']);
    await talk.page.getByText('How quick it was').click();
    const figures = await talk.page.locator('.timing dt').allTextContents();
    expect(figures.sort()).toEqual(['Connection', 'First sound', 'First words', 'Permission']);
    for (const ms of await talk.page.locator('.timing dd').allTextContents()) expect(ms).toMatch(/^\d+ ms$/);
  });

  it('is spoken with by keyboard alone, held or tapped', async () => {
    const talk = await openTalk();
    const { keyboard } = talk.page;
    const focused = async (): Promise<unknown> => talk.page.evaluate('document.activeElement?.dataset.part');
    for (let tabs = 0; tabs < 20 && (await focused()) !== 'push'; tabs += 1) await keyboard.press('Tab');
    await keyboard.down('Space');
    expect(await talk.push.getAttribute('aria-pressed')).toBe('true');
    await talk.speak();
    await keyboard.up('Space');
    expect(await talk.push.getAttribute('aria-pressed')).toBe('false');
    await talk.hears(HELLO);
    // In one task, or a slow machine makes the tap a long press.
    await talk.page.evaluate(TAP_ENTER);
    await talk.speak();
    expect(await talk.push.getAttribute('aria-pressed')).toBe('true');
    await keyboard.press('Enter');
    expect(await talk.push.getAttribute('aria-pressed')).toBe('false');
    await talk.hears(HELLO);
    await eventually(async () => (await talk.log.locator('li.mine').count()) === 2);
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    await talk.reaches('closed');
    // The button that ended it is gone; the next one is not far.
    expect(await focused()).toBe('push');
  });

  it('is written to, and interrupted by talking', async () => {
    const talk = await openTalk();
    await talk.say(LONG_STORY);
    await talk.reaches('speaking');
    await talk.talk();
    expect(await talk.page.evaluate('window.stopped')).toBeGreaterThan(0);
    await talk.hears(HELLO);
    expect((await talk.texts()).at(-1)).toBe(HELLO);
  });

  it('speaks with the voice that was chosen', async () => {
    const talk = await openTalk();
    await talk.say('Hello');
    await talk.hears(HELLO);
    await talk.page.getByLabel('Voice').selectOption('Cedar');
    await talk.passes('reconnecting', 'Donna changes her voice');
    await talk.reaches('ready');
    await talk.say('What does it cost?');
    await talk.hears('49 a month');
    expect(talk.tokenRequests.map((body) => JSON.parse(body) as unknown)).toEqual([{}, { voice: 'cedar' }]);
  });

  it('goes on by itself after a cut in the middle of an answer, with a new permission that nobody notices', async () => {
    const talk = await openTalk();
    await talk.say(LONG_STORY);
    await talk.reaches('speaking');
    site.stub.realtime.cut();
    await talk.passes('reconnecting');
    await talk.reaches('ready');
    await talk.talk();
    await talk.hears(HELLO);
    expect(talk.tokenRequests.length).toBe(2);
    expect(await talk.trouble.isVisible()).toBe(false);
    const [said, begun, ...rest] = await talk.texts();
    expect([said, ...rest]).toEqual([LONG_STORY, 'Hello.', HELLO]);
    // However far it had come.
    expect(begun).toMatch(/^Thank/);
  });

  it('asks for another permission when the provider does not accept the one it has', async () => {
    const talk = await openTalk();
    await talk.page.route(CONFIG, async (route) => {
      const answer = await route.fetch();
      const { data, ...rest } = (await answer.json()) as { data: object };
      await route.fulfill({ json: { ...rest, data: { ...data, socketUrl: null } } });
    });
    site.stub.realtime.refuseUpgrades(401);
    await talk.say('Hello');
    await eventually(() => talk.tokenRequests.length >= 2);
    site.stub.realtime.refuseUpgrades();
    await talk.hears(HELLO);
    expect(await talk.trouble.isVisible()).toBe(false);
    for (const fault of await site.browser.faultsSoFar(talk.page)) expect(fault).toContain('Authentication failed');
  });

  it('goes through the gateway where the way to the provider is blocked', async () => {
    const page = await site.openSignedIn();
    await page.routeWebSocket(/\/openai\/v1\/realtime/, (socket) => void socket.close({ code: 1011 }));
    const talk = await TalkPage.open(page, PAGE);
    await talk.talk();
    await talk.hears(HELLO);
    await page.getByText('How quick it was').click();
    await page.locator('.timing dd', { hasText: 'through the gateway' }).first().waitFor();
  });

  it('says so kindly when the gateway is gone, and begins again when it is back', async () => {
    const talk = await openTalk();
    await talk.page.route(CONFIG, async (route) => {
      const answer = await route.fetch();
      const { data, ...rest } = (await answer.json()) as { data: object };
      const reconnect = { enabled: true, maxAttempts: 3, baseMs: 50, capMs: 100 };
      await route.fulfill({ json: { ...rest, data: { ...data, reconnect } } });
    });
    await talk.say('Hello');
    await talk.hears(HELLO);
    await site.stopGateway();
    site.stub.realtime.cut();
    await talk.reaches('failed');
    await talk.page.getByText('Donna is not on the line.').waitFor();
    expect(await talk.trouble.textContent()).toBe(
      'Donna cannot be reached at the moment. Please check your connection.',
    );
    await talk.page.unroute(CONFIG);
    const isStillAway = talk.page.waitForEvent('requestfailed');
    await talk.page.getByRole('button', { name: 'Try again' }).click();
    await isStillAway;
    await talk.reaches('failed');
    await site.startGateway();
    await talk.page.getByRole('button', { name: 'Try again' }).click();
    await talk.reaches('ready');
    expect(await talk.trouble.isVisible()).toBe(false);
    await talk.talk();
    await talk.hears(HELLO);
    expect(await talk.texts()).toEqual(['Hello', HELLO, 'A new conversation', 'Hello.', HELLO]);
    const faults = await site.browser.faultsSoFar(talk.page);
    expect(faults.filter((fault) => !/ERR_CONNECTION|ERR_EMPTY|ERR_SOCKET/.test(fault))).toEqual([]);
  });

  it('offers to begin again when the provider has ended the conversation', async () => {
    const talk = await openTalk();
    await talk.say('#stub:close=1000');
    await talk.reaches('closed');
    await talk.page.getByRole('button', { name: 'Begin again' }).click();
    await talk.reaches('ready');
    await talk.say('Hello');
    await talk.hears(HELLO);
  });

  it('leads to the login when the session of the application has ended', async () => {
    const talk = await openTalk();
    await talk.page.context().clearCookies();
    await talk.push.click();
    await talk.trouble.getByText('Please sign in again.').waitFor();
    expect(await talk.page.getByRole('link', { name: 'Sign in again' }).getAttribute('href')).toBe(
      'login.php?next=%2Freceptionist.php',
    );
    expect(await talk.push.getAttribute('aria-pressed')).toBe('false');
    expect(await site.browser.faultsSoFar(talk.page)).toEqual([expect.stringContaining('401')]);
  });

  it('says so when the microphone is blocked, and can be written to all the same', async () => {
    const page = await site.openSignedIn();
    await page.addInitScript({
      content: `navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); }`,
    });
    const talk = await TalkPage.open(page, PAGE);
    await talk.push.click();
    await talk.trouble.getByText('The microphone is blocked.').waitFor();
    expect(await talk.push.getAttribute('aria-pressed')).toBe('false');
    await talk.say('Hello');
    await talk.hears(HELLO);
    expect(await talk.trouble.isVisible()).toBe(false);
  });

  it('answers message by message when live talk was switched off since the page was loaded', async () => {
    const talk = await openTalk();
    const envelope = { success: false, errorCode: 'REALTIME_DISABLED', error: 'Realtime is switched off.' };
    await talk.page.route(CONFIG, (route) => route.fulfill({ status: 503, json: envelope }));
    await talk.say('What are your opening hours?');
    await talk.page.getByText('Donna answers message by message.').waitFor();
    await talk.page.getByRole('option', { name: 'Rachel' }).waitFor({ state: 'attached' });
    await talk.page.getByRole('button', { name: 'Say' }).click();
    await talk.log.getByText('We are open Monday to Friday').waitFor();
    await hearDonna(talk.page);
    await talk.page.getByText('Ready.', { exact: true }).waitFor();
    expect(await talk.page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
    expect(await site.browser.faultsSoFar(talk.page)).toEqual([expect.stringContaining('503')]);
  });

  it('works where the application lies behind a prefix', async () => {
    const front = createServer((req, res) => {
      const { method, headers } = req;
      const url = `${site.url}${(req.url ?? '').replace('/donna/', '/')}`;
      const inner = request(url, { method, headers }, (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
      });
      req.pipe(inner);
    }).listen(0, '127.0.0.1');
    await once(front, 'listening');
    try {
      const baseURL = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
      const talk = await TalkPage.open(await site.openSignedIn({ baseURL }), `/donna${PAGE}`);
      await talk.talk();
      await talk.hears(HELLO);
    } finally {
      front.closeAllConnections();
      front.close();
    }
  });

  it.each([
    ['no gateway is in front', '**/api/health'],
    ['the gateway has no library', '**/donna-realtime.js'],
  ])('works as it did before where %s', async (_what, missing) => {
    const page = await site.openSignedIn();
    await page.route(missing, (route) => route.fulfill({ status: 404, body: 'not found' }));
    await page.goto(PAGE);
    await page.getByRole('option', { name: 'Rachel' }).waitFor({ state: 'attached' });
    await page.getByLabel('Message', { exact: true }).fill('What are your opening hours?');
    await page.keyboard.press('Enter');
    await page.getByRole('log').getByText('We are open Monday to Friday').waitFor();
    await hearDonna(page);
    for (const fault of await site.browser.faultsSoFar(page)) expect(fault).toContain('404');
  });
});

/** A press of Enter shorter than any machine is slow. */
const TAP_ENTER = `for (const type of ['keydown', 'keyup'])
  document.activeElement.dispatchEvent(new KeyboardEvent(type, { key: 'Enter', bubbles: true, cancelable: true }))`;
