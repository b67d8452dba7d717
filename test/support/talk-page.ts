import axe from 'axe-core';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { eventually } from './eventually.js';

/** Runs before the page's scripts: notes what sound is scheduled, how loud it is, what of it is stopped, and each state. */
const LISTEN = `
window.passed = [];
new MutationObserver(() => {
  const talk = document.querySelector('[data-talk]');
  window.passed.push(talk?.dataset.state + ': ' + talk?.querySelector('[data-part="state"]')?.textContent);
}).observe(document, { subtree: true, childList: true, attributeFilter: ['data-state'] });
window.heard = [];
window.stopped = 0;
const { start, stop } = AudioBufferSourceNode.prototype;
AudioBufferSourceNode.prototype.start = function (...times) {
  const peak = this.buffer.getChannelData(0).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  window.heard.push({ seconds: this.buffer.duration, peak });
  return start.apply(this, times);
};
AudioBufferSourceNode.prototype.stop = function (...times) {
  window.stopped += 1;
  return stop.apply(this, times);
};`;
/** Of 40 ms: speech longer than a tap, and shorter than what the stub takes for a sentence. */
const SPOKEN_FRAMES = 10;

/** A page with the parts to talk live (legacy-php/lib/Page/TalkParts.php), as a person uses it. */
export class TalkPage {
  readonly push: Locator;
  readonly log: Locator;
  readonly trouble: Locator;
  /** The bodies of the page's requests for client secrets. */
  readonly tokenRequests: string[] = [];
  private sentSpeech = 0;

  private constructor(readonly page: Page) {
    this.push = page.getByRole('button', { name: 'Hold to talk' });
    this.log = page.getByRole('log');
    this.trouble = page.getByRole('alert');
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        if (String(payload).includes('"input_audio_buffer.append"')) this.sentSpeech += 1;
      }),
    );
    page.on('request', (request) => {
      if (request.url().endsWith('/api/realtime/token')) this.tokenRequests.push(request.postData() ?? '');
    });
  }

  /** Opens it, and waits until it has found the gateway's library. */
  static async open(page: Page, path: string): Promise<TalkPage> {
    const talk = new TalkPage(page);
    await page.addInitScript({ content: LISTEN });
    await page.goto(path);
    await page.getByText('Ready. Hold the button').waitFor();
    return talk;
  }

  /** Waits for a state of the session; its words are shown at the same time. */
  async reaches(state: string): Promise<void> {
    await this.page.locator(`[data-talk][data-state="${state}"]`).waitFor();
  }

  /** Waits until the session has passed a state since the page was opened, however short it was. */
  async passes(state: string, words = ''): Promise<void> {
    const told = JSON.stringify(`${state}: ${words}`);
    await eventually(
      async () => (await this.page.evaluate(`window.passed.some((one) => one.startsWith(${told}))`)) === true,
    );
  }

  /** Holds the button by mouse while something is spoken. */
  async talk(): Promise<void> {
    await this.push.hover();
    await this.page.mouse.down();
    await this.speak();
    await this.page.mouse.up();
  }

  /** The fake microphone's tone, until enough of it was sent. */
  async speak(): Promise<void> {
    await this.reaches('listening');
    const before = this.sentSpeech;
    await eventually(() => this.sentSpeech - before >= SPOKEN_FRAMES);
  }

  async say(text: string): Promise<void> {
    await this.page.getByLabel('Message', { exact: true }).fill(text);
    await this.page.getByRole('button', { name: 'Say' }).click();
  }

  /** Waits for an answer in writing and as sound in which there is something; what sounded before does not count. */
  async hears(words: string | RegExp): Promise<void> {
    await this.log.locator('li:last-child', { hasText: words }).waitFor();
    const seconds = 'window.heard.filter(({ peak }) => peak > 0.01).reduce((sum, { seconds }) => sum + seconds, 0)';
    await eventually(async () => Number(await this.page.evaluate(seconds)) > 0.2);
    await this.page.evaluate('window.heard.splice(0)');
  }

  async texts(): Promise<string[]> {
    return this.log.locator('li').allTextContents();
  }

  /** What axe-core finds that is serious or critical, as `rule: element`. */
  async barriers(): Promise<string[]> {
    if (!(await this.page.evaluate("typeof window.axe === 'object'"))) await this.page.evaluate(axe.source);
    return (await this.page
      .evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html.slice(0, 120))))`)) as string[];
  }

  /** Keeps a picture where `DONNA_SCREENSHOTS` says, for people. */
  async picture(name: string): Promise<void> {
    const folder = process.env['DONNA_SCREENSHOTS'];
    if (folder !== undefined) await this.page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  }
}
