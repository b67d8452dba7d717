import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describeWith } from '../setup/parts.js';
import { type DonnaSite, hearDonna, startDonnaSite } from '../support/donna-site.js';
import { startTestGateway } from '../support/test-gateway.js';

const PAGES = [
  ['login', '/login.php', 'text=Demo:'],
  ['board', '/', 'text=Missed calls on Monday'],
  ['receptionist', '/receptionist.php', '#voice option:nth-child(2)'],
  ['chatbot', '/chatbot.php', '#turns li'],
] as const;
/** WCAG 2.2, success criterion 1.4.3. */
const MIN_CONTRAST = 4.5;

// Two busy cores make a browser slow.

describeWith('chromium', 'how the pages look, in a browser through the gateway', (chromium) => {
  let site: DonnaSite;
  beforeAll(async () => {
    site = await startDonnaSite(chromium);
  });
  afterEach(() => site.settle());
  afterAll(() => site.stop());

  const show = async (
    [name, path, ready]: (typeof PAGES)[number],
    options: { readonly width: number; readonly scheme: 'light' | 'dark'; readonly baseURL?: string },
  ): Promise<Page> => {
    const { width, scheme, baseURL = site.url } = options;
    const open = name === 'login' ? site.open : site.openSignedIn;
    const page = await open({ baseURL, colorScheme: scheme, viewport: { width, height: 844 } });
    await page.goto(path);
    await page.locator(ready).first().waitFor({ state: 'attached' });
    const folder = process.env['DONNA_SCREENSHOTS'];
    if (folder !== undefined)
      await page.screenshot({ path: join(folder, `${name}-${width}-${scheme}.png`), fullPage: true });
    return page;
  };

  it.each(PAGES)('the %s fits a screen 390 pixels wide', async (...which) => {
    const page = await show(which, { width: 390, scheme: 'light' });
    expect(await page.evaluate(FIND_OVERFLOW)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  });

  describe.each(['light', 'dark'] as const)('in %s', (scheme) => {
    it.each(PAGES)('the %s can be read', async (...which) => {
      const page = await show(which, { width: 1280, scheme });
      const { lightness, pale } = (await page.evaluate(FIND_PALE_TEXT)) as { lightness: number; pale: string[] };
      if (scheme === 'dark') expect(lightness).toBeLessThan(0.1);
      else expect(lightness).toBeGreaterThan(0.8);
      expect(pale).toEqual([]);
    });
  });

  it('keeps working when the content security policy is enforced', async () => {
    const strict = await startTestGateway({ phpTargets: [site.phpOrigin], env: { CSP_MODE: 'enforce' } });
    try {
      await strict.warmUp();
      for (const which of PAGES) {
        const page = await show(which, { width: 1280, scheme: 'light', baseURL: strict.url });
        const answer = await page.reload();
        expect(answer?.headers()['content-security-policy']).toContain("script-src 'self'");
      }
      const page = await site.openSignedIn({ baseURL: strict.url });
      await page.goto('/receptionist.php');
      await page.getByLabel('Message', { exact: true }).fill('Hello');
      await page.keyboard.press('Enter');
      await hearDonna(page);
    } finally {
      await strict.stop();
    }
  });
});

/** What is shown beyond either edge of the window, or scrolls sideways within. */
const FIND_OVERFLOW = `[...document.body.querySelectorAll('*')].filter((element) => {
  const { left, right, width } = element.getBoundingClientRect();
  if (width === 0 || element.matches('.skip')) return false;
  return left < 0 || right > innerWidth + 0.5;
}).map((element) => element.outerHTML.slice(0, 80))`;

/** The ground's relative luminance, and every text whose contrast with what lies behind it is too low. */
const FIND_PALE_TEXT = `(() => {
  const parse = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(at).backgroundColor);
      if (a > 0.99) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const pale = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (texts.currentNode.data.trim() === '' || !element.checkVisibility()) continue;
    const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(ground(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < ${MIN_CONTRAST}) pale.push(contrast.toFixed(2) + ' ' + texts.currentNode.data.trim().slice(0, 40));
  }
  return { lightness: luminance(ground(document.body)), pale };
})()`;
