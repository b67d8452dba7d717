import { join } from 'node:path';

const DESKTOP = { width: 1320, height: 860 };
const PHONE = { width: 390, height: 844 };

/** By name: the page, and how it is looked at. */
const SHOTS = [
  { name: 'overview', hash: '#/overview' },
  { name: 'overview-dark', hash: '#/overview', scheme: 'dark' },
  { name: 'routes', hash: '#/routes/conversations.list' },
  { name: 'stage-change', hash: '#/routes/settings.set', before: openStageDialog },
  { name: 'experiment', hash: '#/experiments/conversations.list', before: openMismatch },
  { name: 'experiments-dark', hash: '#/experiments', scheme: 'dark' },
  { name: 'realtime', hash: '#/realtime' },
  { name: 'security', hash: '#/security' },
  { name: 'data', hash: '#/data' },
  { name: 'trace-dark', hash: '#/trace', scheme: 'dark', before: openTrace },
  { name: 'sign-in', hash: '', isSignedOut: true },
  { name: 'overview-phone', hash: '#/overview', view: PHONE },
  { name: 'routes-phone', hash: '#/routes', view: PHONE, scheme: 'dark' },
];

export const PICTURES = SHOTS.map(({ name }) => name);

/** Takes each picture into `out`, signed in by an access token. */
export async function takePictures(browser, url, token, out) {
  const faults = [];
  for (const { name, hash, view = DESKTOP, scheme = 'light', isSignedOut = false, before } of SHOTS) {
    const context = await browser.newContext({
      viewport: view,
      colorScheme: scheme,
      reducedMotion: 'reduce',
      locale: 'en-GB',
      timezoneId: 'Europe/Berlin',
    });
    // A tab's storage is not part of a context's state.
    if (!isSignedOut)
      await context.addInitScript((value) => sessionStorage.setItem('donna-access-token', value), token);
    const page = await context.newPage();
    page.on('requestfailed', (request) => faults.push(`${name}: ${request.url()} ${request.failure()?.errorText}`));
    await page.goto(`${url}/admin/${hash}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.locator('.loading').first().waitFor({ state: 'detached' });
    await before?.(page);
    // Charts are drawn, and the live stream has told its first step.
    await page.waitForTimeout(700);
    await page.screenshot({ path: join(out, `${name}.png`), fullPage: false });
    const shownFaults = await page.getByRole('alert').count();
    if (shownFaults > 0) throw new Error(`${name} shows a fault\n${faults.join('\n')}`);
    await context.close();
  }
}

async function openStageDialog(page) {
  await page.getByRole('button', { name: 'Change stage' }).click();
  await page.getByRole('radio', { name: /^replaced/ }).check();
  await page.getByLabel('Reason').fill('3,000 comparisons without a mismatch');
}

async function openMismatch(page) {
  const first = page.locator('details summary').filter({ hasText: 'mismatch' }).first();
  if ((await first.count()) > 0) await first.click();
  await page.evaluate(() => scrollTo(0, 0));
}

async function openTrace(page) {
  await page
    .getByRole('link', { name: /GET conversations.list/ })
    .first()
    .click();
  await page.locator('.waterfall').first().waitFor();
}
