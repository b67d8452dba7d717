import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { describeWith } from '../setup/parts.js';
import { type DonnaSite, startDonnaSite } from '../support/donna-site.js';
import { eventually } from '../support/eventually.js';
import { unlimitedTable } from '../support/legacy-php.js';
import { TalkPage } from '../support/talk-page.js';

const HELLO = 'Hello, this is Donna. How can I help you?';
/** Each page in either scheme, and on either screen. */
const LOOKS = [
  ['receptionist', 'light', 1280],
  ['receptionist', 'dark', 390],
  ['chatbot', 'light', 390],
  ['chatbot', 'dark', 1280],
] as const;

// Two busy cores make a browser slow.

describeWith('chromium', 'talking on the pages, in a browser through the gateway', (chromium) => {
  let site: DonnaSite;
  beforeAll(async () => {
    site = await startDonnaSite(chromium, {
      hasRealtime: true,
      routes: unlimitedTable(),
      env: { CSP_MODE: 'enforce' },
    });
  });
  afterEach(async () => {
    site.stub.realtime.refuseUpgrades();
    await site.settle();
  });
  afterAll(() => site.stop());

  describe('the chatbot', () => {
    const openTalk = async (): Promise<TalkPage> => {
      const talk = await TalkPage.open(await site.openSignedIn(), '/chatbot.php');
      await talk.log.locator('li').waitFor();
      return talk;
    };

    it('is spoken with and written to in one conversation, until a new one is begun', async () => {
      const talk = await openTalk();
      const [greeting] = await talk.texts();
      await talk.talk();
      await talk.hears(HELLO);
      await talk.reaches('ready');
      await talk.page.getByLabel('Message', { exact: true }).fill('What are your opening hours?');
      await talk.page.getByRole('button', { name: 'Send' }).click();
      await talk.log.getByText('We are open Monday to Friday').waitFor();
      const texts = await talk.texts();
      expect(texts.slice(0, 4)).toEqual([greeting, 'Hello.', HELLO, 'What are your opening hours?']);
      await talk.page.getByRole('button', { name: 'New' }).click();
      await talk.reaches('closed');
      expect(await talk.texts()).toEqual([greeting]);
    });

    it('goes on by itself after a cut', async () => {
      const talk = await openTalk();
      await talk.talk();
      await talk.hears(HELLO);
      site.stub.realtime.cut();
      await talk.passes('reconnecting');
      await talk.reaches('ready');
      await talk.talk();
      await talk.hears(HELLO);
      await eventually(async () => (await talk.log.locator('li.mine', { hasText: 'Hello.' }).count()) === 2);
    });

    it('shows nothing of it where live talk is off', async () => {
      const page = await site.openSignedIn();
      await page.route('**/api/health', async (route) => {
        const answer = (await (await route.fetch()).json()) as { checks: object };
        await route.fulfill({ json: { ...answer, checks: { ...answer.checks, realtime: 'off' } } });
      });
      const isAsked = page.waitForResponse('**/api/health');
      await page.goto('/chatbot.php');
      await isAsked;
      await page.getByRole('log').locator('li').waitFor();
      expect(await page.getByText('Or talk').isVisible()).toBe(false);
      expect(await page.getByRole('button', { name: 'Hold to talk' }).count()).toBe(0);
    });
  });

  it.each(LOOKS)('the %s in %s, %i pixels wide, has no barriers whatever goes on', async (name, scheme, width) => {
    const talk = await TalkPage.open(
      await site.openSignedIn({ colorScheme: scheme, viewport: { width, height: 844 }, hasTouch: width < 500 }),
      `/${name}.php`,
    );
    const look = async (state: string): Promise<void> => {
      await talk.passes(state);
      expect({ state, barriers: await talk.barriers() }).toEqual({ state, barriers: [] });
      expect(await talk.page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      await talk.picture(`${name}-${width}-${scheme}-${state}`);
    };
    await look('idle');
    // A short touch is a tap: no need to hold.
    if (width < 500) await talk.push.tap();
    else await talk.push.click();
    await talk.speak();
    await look('listening');
    await talk.push.click();
    await look('speaking');
    // What is answered depends on how long was listened, and that on how long the page was looked at.
    await talk.hears(/\w/);
    site.stub.realtime.refuseUpgrades(503);
    site.stub.realtime.cut();
    await look('reconnecting');
    site.stub.realtime.refuseUpgrades();
    await talk.reaches('ready');
    await talk.page.getByText('How quick it was').click();
    await look('ready');
    await talk.page.getByRole('button', { name: 'Hang up' }).click();
    await look('closed');
    await talk.page.route('**/realtime/config.json', (route) => route.abort());
    await talk.page.getByRole('button', { name: 'Begin again' }).click();
    await look('failed');
    for (const fault of await site.browser.faultsSoFar(talk.page)) expect(fault).toMatch(/ERR_FAILED|code: 503/);
  });
});
