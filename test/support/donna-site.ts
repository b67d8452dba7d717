import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { loadConfig } from '../../src/config/index.js';
import { phpEnvironment, startEmbeddedPhp } from '../../src/forward/index.js';
import { type ProviderStub, startProviderStub } from '../../src/providers/index.js';
import { WatchedBrowser } from './browser.js';
import { eventually } from './eventually.js';
import { IDENTITY_SECRET, JWT_SECRET, startTestGateway, type TestGateway } from './test-gateway.js';

const PROJECT = resolve(import.meta.dirname, '../..');

/** The demo user of legacy-php. */
export const DEMO = { email: 'demo@donna.example', password: 'donna-demo' } as const;

/** Donna as `npm start` brings her up (shipped route table, embedded PHP, providers' stand-ins), and a browser in front. */
export interface DonnaSite {
  readonly url: string;
  readonly phpOrigin: string;
  readonly browser: WatchedBrowser;
  readonly stub: ProviderStub;
  /** A page that nobody has signed in. */
  open(options?: BrowserContextOptions): Promise<Page>;
  /** A page of the demo user, signed in through the form; all of them share one session. */
  openSignedIn(options?: BrowserContextOptions): Promise<Page>;
  /** Ends a test; throws when the browser or PHP saw a fault. */
  settle(): Promise<void>;
  stopGateway(): Promise<void>;
  /** Another gateway where the first one was. */
  startGateway(): Promise<void>;
  stop(): Promise<void>;
}

export interface DonnaSiteOptions {
  /** Live talk is on, with the stub as its provider. */
  readonly hasRealtime?: boolean;
  /** Of the gateway; the shipped table when left out. */
  readonly routes?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export async function startDonnaSite(
  chromium: string,
  { hasRealtime = false, routes, env = {} }: DonnaSiteOptions = {},
): Promise<DonnaSite> {
  const folder = mkdtempSync(join(tmpdir(), 'donna-site-'));
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.toReversed()) await end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const stub = await startProviderStub();
    stops.push(() => stub.stop());
    const config = loadConfig(
      {
        NODE_ENV: 'test',
        LOG_LEVEL: 'error',
        JWT_SECRET,
        GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET,
        ROUTES_FILE: join(PROJECT, 'routes.yaml'),
      },
      { projectRoot: folder, packageVersion: '0.0.0-test' },
    );
    const phpLines: string[] = [];
    const php = await startEmbeddedPhp({
      root: join(PROJECT, 'legacy-php'),
      env: { ...phpEnvironment(config, stub.origin), DONNA_LOOPBACK_ONLY: '1' },
      log: (line) => phpLines.push(line),
    });
    stops.push(() => php.stop());
    const start = async (port = '0'): Promise<TestGateway> => {
      const started = await startTestGateway({
        // What another one before it had made: an embedded database takes seconds to make.
        folder,
        phpTargets: [php.origin],
        env: { PORT: port, ...env },
        ...(routes === undefined ? {} : { routes }),
        ...(hasRealtime ? { stubOrigin: stub.origin } : {}),
      });
      // On a machine with much to do it takes longer than a page waits.
      await started.warmUp();
      return started;
    };
    let gateway = await start();
    let isUp = true;
    const { url, port } = gateway;
    const stopGateway = async (): Promise<void> => {
      if (isUp) await gateway.stop();
      isUp = false;
    };
    const startGateway = async (): Promise<void> => {
      gateway = await start(String(port));
      isUp = true;
    };
    stops.push(stopGateway);
    const browser = await WatchedBrowser.start(chromium);
    stops.push(() => browser.close());
    const open = (options: BrowserContextOptions = {}): Promise<Page> => browser.open({ baseURL: url, ...options });
    let session: BrowserContextOptions = {};
    const openSignedIn = async (options: BrowserContextOptions = {}): Promise<Page> => {
      if (session.storageState === undefined) {
        const page = await open();
        await signIn(page);
        session = { storageState: await page.context().storageState() };
      }
      return open({ ...session, ...options });
    };
    const settle = async (): Promise<void> => {
      await browser.settle();
      const lines = phpLines.splice(0);
      if (lines.length > 0) throw new Error(`PHP complained:\n${lines.join('\n')}`);
    };
    const doors = { open, openSignedIn, settle, stopGateway, startGateway, stop };
    return { url, phpOrigin: php.origin, browser, stub, ...doors };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Signs in as a person would, and waits for the board. */
export async function signIn(page: Page, password: string = DEMO.password, email: string = DEMO.email): Promise<void> {
  await page.goto('/login.php');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL((url) => url.pathname === '/');
}

/** Waits until the receptionist's sound runs: it was fetched, decoded, and the browser was allowed to play it. */
export async function hearDonna(page: Page): Promise<void> {
  // Not waitForFunction, which the page's policy against eval would report.
  const isHeard = "(({ currentTime, duration }) => currentTime > 0 && duration > 0.2)(document.querySelector('audio'))";
  await eventually(async () => (await page.evaluate(isHeard)) === true);
}
