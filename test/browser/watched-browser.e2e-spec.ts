import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeWith } from '../setup/parts.js';
import { WatchedBrowser } from '../support/browser.js';

const PAGES: Readonly<Record<string, string>> = {
  '/outside-name': '<img src="http://outside.example/pixel.png">',
  '/outside-address': '<img src="http://198.51.100.7/pixel.png">',
  '/outside-socket': "<script>new WebSocket('ws://outside.example/feed')</script>",
  '/thrown': '<script>setTimeout(() => { throw new Error("out of order") })</script>',
  '/reported': '<p style="color: red">styled against the policy</p>',
  '/good': '<link rel="icon" href="data:,"><p>nothing wrong here</p>',
};

// Two busy cores make a browser slow.

describeWith('chromium', 'the watched browser', (path) => {
  let browser: WatchedBrowser;
  let server: Server;
  let origin = '';
  beforeAll(async () => {
    server = createServer((req, res) => {
      const policy = req.url === '/reported' ? { 'Content-Security-Policy-Report-Only': "style-src 'self'" } : {};
      res.writeHead(200, { 'Content-Type': 'text/html', ...policy });
      res.end(`<!doctype html><link rel="icon" href="data:,">${PAGES[req.url ?? ''] ?? ''}`);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await WatchedBrowser.start(path);
  });
  afterAll(async () => {
    await browser.close();
    server.close();
  });
  afterEach(() => browser.settle());

  it.each([
    ['a request to an outside name', '/outside-name', 'beyond this machine: http://outside.example/pixel.png'],
    ['a request to an outside address', '/outside-address', 'beyond this machine: http://198.51.100.7/pixel.png'],
    ['a socket to an outside name', '/outside-socket', 'beyond this machine: ws://outside.example/feed'],
    ['an uncaught exception', '/thrown', 'uncaught: out of order'],
    ['a breach of a policy that only reports', '/reported', 'CSP (report): style-src-attr inline'],
  ])('fails a test on %s', async (_what, where, words) => {
    const page = await browser.open();
    await page.goto(origin + where);
    await page.waitForTimeout(50);
    await expect(browser.settle()).rejects.toThrow(words);
  });

  it('gives what lies beyond this machine no address', async () => {
    const page = await browser.open();
    const failed = ['/outside-name', '/outside-address'].map(async (where) => {
      const tab = await page.context().newPage();
      const [request] = await Promise.all([tab.waitForEvent('requestfailed'), tab.goto(origin + where)]);
      return request.failure()?.errorText;
    });
    expect(await Promise.all(failed)).toEqual(['net::ERR_NAME_NOT_RESOLVED', 'net::ERR_NAME_NOT_RESOLVED']);
    browser.takeFaults();
  });

  it('lets a page pass that stays at home and keeps the rules', async () => {
    const page = await browser.open();
    await page.goto(`${origin}/good`);
    await page.goto(`${origin.replace('127.0.0.1', 'localhost')}/good`);
    expect(browser.takeFaults()).toEqual([]);
  });
});
