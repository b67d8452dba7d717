import { randomUUID } from 'node:crypto';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { eventually } from './eventually.js';

const ARGS = [
  // Root may not use the sandbox; what is shown here is our own.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Nothing beyond this machine has an address, neither for pages nor for the browser's own errands.
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost',
  // A tone instead of a microphone, without a question.
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);
/** Runs in the page, before its own scripts; a policy does not bind it. */
const TELL_BREACHES = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('CSP (' + event.disposition + '): ' + event.effectiveDirective + ' ' + event.blockedURI));`;
/** How long a click or a navigation may hang, in milliseconds: no bound of what is tested. */
const ACTION_MS = 40_000;

/**
 * A real Chromium whose pages are watched. A fault is a request beyond this machine, an error or warning of the console,
 * an uncaught exception, or a breach of a content security policy, be it enforced or only reported.
 */
export class WatchedBrowser {
  private readonly faults: string[] = [];
  private contexts: BrowserContext[] = [];

  private constructor(private readonly browser: Browser) {}

  /** Starts the browser with a profile of its own, which goes with it. */
  static async start(path: string): Promise<WatchedBrowser> {
    return new WatchedBrowser(await chromium.launch({ executablePath: path, args: ARGS, timeout: 45_000 }));
  }

  /** A page in a profile of its own: no cookies but those of `storageState`. */
  async open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', ...options });
    this.contexts.push(context);
    context.setDefaultTimeout(ACTION_MS);
    context.on('request', (request) => this.watchAddress(request.url()));
    context.on('page', (page) => page.on('websocket', (socket) => this.watchAddress(socket.url())));
    context.on('weberror', (fault) => this.faults.push(`uncaught: ${fault.error().message}`));
    context.on('console', (message) => {
      if (['error', 'warning', 'assert'].includes(message.type()))
        this.faults.push(`${message.text()} (${message.location().url})`);
    });
    await context.addInitScript({ content: TELL_BREACHES });
    return context.newPage();
  }

  /** The faults since the last call, for tests that expect some. */
  takeFaults(): string[] {
    return this.faults.splice(0);
  }

  /** The faults up to now, for tests that expect some: the browser tells them late, so it is asked to tell one more. */
  async faultsSoFar(page: Page): Promise<string[]> {
    const marker = `so far ${randomUUID()}`;
    await page.evaluate(`console.error(${JSON.stringify(marker)})`);
    await eventually(() => this.faults.some((fault) => fault.startsWith(marker)));
    return this.takeFaults().filter((fault) => !fault.startsWith(marker));
  }

  /** Ends a test: closes its pages. @throws Error that lists the faults nobody has taken. */
  async settle(): Promise<void> {
    await Promise.all(this.contexts.splice(0).map((context) => context.close()));
    const faults = this.takeFaults();
    if (faults.length > 0) throw new Error(`the browser saw faults:\n${faults.join('\n')}`);
  }

  close(): Promise<void> {
    return this.browser.close();
  }

  private watchAddress(address: string): void {
    const { protocol, hostname } = new URL(address);
    if (!/^(https?|wss?):$/.test(protocol) || LOOPBACK.has(hostname)) return;
    this.faults.push(`a request beyond this machine: ${address}`);
  }
}
