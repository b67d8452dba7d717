import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { makeAccessToken } from '../../src/auth/index.js';
import { startProviderStub, type ProviderStub } from '../../src/providers/index.js';
import { eventually } from '../support/eventually.js';
import { WatchedBrowser } from '../support/browser.js';
import { httpAnswer, startRawUpstream, type RawUpstream } from '../support/raw-upstream.js';
import { startTestGateway, JWT_SECRET, type TestGateway } from '../support/test-gateway.js';

const token = makeAccessToken(JWT_SECRET, { subject: 'u-1', roles: ['user'], lifeS: 600 });
const HTML = `<!doctype html><html lang="en"><head><title>t</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script></head><body><button id="go">go</button></body></html>`;
const JS = `import { createVoiceSession } from './realtime/donna-realtime.js';
window.told = [];
const s = createVoiceSession({ accessToken: async () => '${token}', voice: 'marin' });
for (const n of ['state','transcript','audio','latency','error']) s.addEventListener(n, (e) => window.told.push([n, e.detail]));
window.s = s;
document.getElementById('go').addEventListener('click', () => s.connect());`;

let php: RawUpstream, stub: ProviderStub, gw: TestGateway, browser: WatchedBrowser;
beforeAll(async () => {
  php = await startRawUpstream((socket, head) => {
    const path = head.split(' ')[1];
    if (path === '/page.js') socket.write(httpAnswer(200, { 'Content-Type': 'text/javascript' }, JS));
    else socket.write(httpAnswer(200, { 'Content-Type': 'text/html' }, HTML));
  });
  stub = await startProviderStub();
  gw = await startTestGateway({ phpTargets: [php.origin], stubOrigin: stub.origin, env: { CSP_MODE: 'enforce', ENABLE_WS_PROXY: process.env['L_PROXY'] ?? 'false' } });
  browser = await WatchedBrowser.start('/usr/bin/chromium');
});
afterAll(async () => { await browser.close(); await gw.stop(); await stub.stop(); await php.stop(); });

it('talks', async () => {
  const page = await browser.open();
  await page.goto(gw.url + '/');
  await page.click('#go');
  const told = () => page.evaluate('JSON.stringify(window.told)') as Promise<string>;
  try {
    await eventually(async () => Boolean(await page.evaluate(`window.s.state === 'ready'`)), 30000);
    await page.evaluate('window.s.startTalking()');
    await page.waitForTimeout(2000);
    await page.evaluate('window.s.stopTalking()');
    await eventually(async () => Boolean(await page.evaluate(`window.told.some(([n, d]) => n === 'audio' && d.playback === 'started')`)), 30000);
    await eventually(async () => Boolean(await page.evaluate(`window.s.state === 'ready'`)), 30000);
    await page.evaluate(`window.s.say('tell me your opening hours')`);
    await eventually(async () => Boolean(await page.evaluate(`window.told.filter(([n, d]) => n === 'audio' && d.playback === 'started').length === 2`)), 30000);
    await page.waitForTimeout(300);
    await page.evaluate('window.s.startTalking()');
    await page.waitForTimeout(500);
    await page.evaluate('window.s.stopTalking()');
    await eventually(async () => Boolean(await page.evaluate(`window.s.state === 'ready'`)), 30000);
    await page.evaluate(`window.s.setVoice('cedar')`);
    await eventually(async () => Boolean(await page.evaluate(`window.told.filter(([n, d]) => n === 'state' && d.state === 'ready').length >= 4`)), 30000);
    await page.evaluate('window.s.close()');
  } finally {
    console.log((await told()).replaceAll('],[', '],\n['));
    console.log(browser.takeFaults());
  }
  expect(1).toBe(1);
});
