import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { resolve } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { describeWith } from '../setup/parts.js';
import { ADMIN, findBarriers, openDashboard, PAGE_WIDTH, tokenFor } from '../support/dashboard-page.js';
import { type DonnaSite, signIn, startDonnaSite } from '../support/donna-site.js';
import { eventually } from '../support/eventually.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { type PrefixProxy, startPrefixProxy } from '../support/prefix-proxy.js';
import { startTestGateway } from '../support/test-gateway.js';

const RETENTION_FILE = resolve(import.meta.dirname, '../../legacy-php/retention.json');
const LIST = '/api/conversations.php';
const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1360, height: 900 };
/** Each page, and something that only real data put there. */
const PAGES: readonly (readonly [string, string])[] = [
  ['#/overview', 'role=cell[name="php 1"]'],
  ['#/routes', 'role=link[name="conversations.list"]'],
  ['#/routes/conversations.list', 'text=mirror first, says the test'],
  ['#/experiments', 'role=link[name="conversations.list"]'],
  ['#/experiments/conversations.list', 'text=of 3000 comparisons that are needed'],
  ['#/realtime', 'text=ENABLE_WS_PROXY'],
  ['#/security', 'role=cell[name="unauthenticated"]'],
  ['#/data', 'role=cell[name="conversations"]'],
  ['#/trace', 'role=link[name="GET conversations.list"]'],
];

describeWith('chromium', 'the dashboard, in a browser', (chromium) => {
  let site: DonnaSite;
  const admin = { Authorization: `Bearer ${tokenFor('u_admin', 'admin')}`, 'Content-Type': 'application/json' };
  const someone = { Authorization: `Bearer ${tokenFor('u_someone', 'user')}` };
  const setStage = (route: string, fields: object): Promise<CallAnswer> =>
    call(site.url, `/admin/api/stages/${route}`, { method: 'PUT', headers: admin, body: JSON.stringify(fields) });
  /** Who answers a caller now, by the trace of his request. */
  const whoAnswers = async (): Promise<unknown> => {
    const { headers } = await call(site.url, `${LIST}?at=${Date.now()}`, { headers: someone });
    const trace = (): Promise<CallAnswer> =>
      call(site.url, `/admin/api/traces/${String(headers['x-trace-id'])}`, { headers: admin });
    await eventually(async () => (await trace()).status === 200);
    const told = (await trace()).json() as { data: { requests: { servedBy: unknown }[] } };
    return told.data.requests[0]?.servedBy;
  };

  beforeAll(async () => {
    site = await startDonnaSite(chromium, { env: { RETENTION_FILE } });
    await setStage('conversations.list', { stage: 'mirror', reason: 'mirror first, says the test' });
    await call(site.url, LIST, {});
    for (let turn = 0; turn < 4; turn += 1) await call(site.url, LIST, { headers: someone });
  });
  afterEach(() => site.settle());
  afterAll(() => site.stop());

  it('is delivered as a page of the gateway’s own, whose files are kept for ever', async () => {
    const page = await call(site.url, '/admin/', { headers: { 'Accept-Encoding': 'identity' } });
    expect(page).toMatchObject({ status: 200, headers: { 'cache-control': 'no-cache' } });
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'.*script-src 'self'/);
    expect(page.text).not.toMatch(/style="|<style|<script>|onload=|https?:\/\/(?!www\.w3\.org)/);
    const files = [...page.text.matchAll(/(?:src|href)="(assets\/[^"]+)"/g)].map(
      ([, name]) => `/admin/${String(name)}`,
    );
    expect(files).toHaveLength(3);
    for (const file of files) {
      const plain = await call(site.url, file);
      expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
      const etag = String(plain.headers.etag);
      expect(await call(site.url, file, { headers: { 'If-None-Match': etag } })).toMatchObject({
        status: 304,
        text: '',
      });
      const gzip = await call(site.url, file, { headers: { 'Accept-Encoding': 'br;q=0, gzip' } });
      expect(gunzipSync(gzip.body)).toEqual(plain.body);
      const brotli = await call(site.url, file, { headers: { 'Accept-Encoding': 'gzip, br' } });
      expect(brotliDecompressSync(brotli.body)).toEqual(plain.body);
      expect(new Set([etag, gzip.headers.etag, brotli.headers.etag]).size).toBe(3);
      expect((await call(site.url, file, { method: 'HEAD' })).body).toHaveLength(0);
    }
    for (const path of ['/admin/index.html', '/admin/assets/', '/admin/assets/..%2findex.html', '/admin/__proto__'])
      expect((await call(site.url, path)).json()).toMatchObject({ success: false, errorCode: 'NOT_FOUND' });
    expect((await call(site.url, '/admin/', { method: 'POST' })).status).toBe(405);
  });

  it('is signed in to by password, goes on after a reload, and is left again', async () => {
    const page = await site.open();
    await page.goto('/admin');
    expect(new URL(page.url()).pathname).toBe('/admin/');
    await page.getByLabel('E-mail').fill(ADMIN.email);
    await page.getByLabel('Password').fill('not-the-password');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    expect(await page.getByRole('alert').textContent()).toMatch(/password/i);
    await page.getByLabel('Password').fill(ADMIN.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByText('Live', { exact: true }).waitFor();
    // A token that has ended is renewed where it is noticed.
    await page.evaluate("sessionStorage.setItem('donna-access-token', 'ended')");
    await page.getByRole('link', { name: 'Routes' }).click();
    await page.getByRole('link', { name: 'conversations.list' }).waitFor();
    // Where nobody can say whether it still may be renewed, nobody is signed out.
    await page.route('**/api/auth/token', (route) => route.abort());
    await page.evaluate("sessionStorage.setItem('donna-access-token', 'ended')");
    await page.getByRole('link', { name: 'Experiments', exact: true }).click();
    expect(await page.getByRole('alert').textContent()).toContain('The gateway cannot be reached.');
    await page.unroute('**/api/auth/token');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('link', { name: 'conversations.list' }).waitFor();
    await page.getByRole('link', { name: 'Overview', exact: true }).click();
    await page.reload();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.evaluate('JSON.stringify(sessionStorage)')).toBe('{}');
    // The browser itself notes each 401.
    expect(await site.browser.faultsSoFar(page)).toEqual(expect.arrayContaining([expect.stringContaining('401')]));
  });

  it('is signed in to by a token, and says so when it is none', async () => {
    const page = await site.open();
    await page.goto('/admin/');
    await page.getByText('Use an access token').click();
    await page.getByLabel('Access token').fill('not.a.token');
    await page.getByRole('button', { name: 'Use this token' }).click();
    expect(await page.getByRole('alert').textContent()).toContain('not accepted');
    // What no header can carry is not kept: each call would fail before it is sent, after a reload too.
    await page.getByLabel('Access token').fill('nö.token');
    await page.getByRole('button', { name: 'Use this token' }).click();
    await page.getByText('This is no access token.').waitFor();
    expect(await page.evaluate('JSON.stringify(sessionStorage)')).toBe('{}');
    // As terminals give it: with the word before it, and broken lines.
    const pasted = `Bearer ${tokenFor('u_admin', 'admin')}`.replace(/.{60}/g, '$&\n');
    await page.getByLabel('Access token').fill(pasted);
    await page.getByRole('button', { name: 'Use this token' }).click();
    await page.getByText('u_admin').waitFor();
    site.browser.takeFaults();
    await site.browser.faultsSoFar(page);
  });

  it('takes the session of the application, and changes a stage by it', async () => {
    const page = await site.open();
    await signIn(page, ADMIN.password, ADMIN.email);
    await page.goto('/admin/#/routes/settings.get');
    await changeStage(page, 'proxy', 'by the session');
    await page.getByText('by the session').first().waitFor();
    await page.getByText('Signed in by the application’s session').waitFor();
  });

  it('shows nothing to whoever lacks the role, by token or by session', async () => {
    const page = await site.open();
    await page.addInitScript({
      content: `sessionStorage.setItem('donna-access-token', '${tokenFor('u_viewer', 'user')}')`,
    });
    await page.goto('/admin/#/routes');
    await page.getByText('You are signed in as u_viewer, but not as an administrator.').waitFor();
    const bySession = await site.openSignedIn();
    await bySession.goto('/admin/#/routes');
    await bySession.getByText('but not as an administrator').waitFor();
    for (const seen of [page, bySession]) {
      expect(await seen.getByRole('navigation').count()).toBe(0);
      expect(await seen.locator('body').textContent()).not.toContain('conversations');
    }
    expect(await site.browser.faultsSoFar(page)).toEqual(expect.arrayContaining([expect.stringContaining('403')]));
  });

  it('shows real data on each page, for everybody, in light and dark, on a phone', async () => {
    const page = await openDashboard(site, '');
    await page.setViewportSize(DESKTOP);
    for (const [hash, sign] of PAGES) {
      await page.goto(`/admin/${hash}`);
      await page.locator(sign).first().waitFor();
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        expect([hash, colorScheme, await findBarriers(page)]).toEqual([hash, colorScheme, []]);
      }
      await page.setViewportSize(PHONE);
      expect([hash, await page.evaluate(PAGE_WIDTH)]).toEqual([hash, PHONE.width]);
      await page.setViewportSize(DESKTOP);
    }
  });

  it('shows a request step by step, from the list or by its id', async () => {
    const page = await openDashboard(site, '#/trace');
    await page.getByRole('link', { name: 'GET conversations.list' }).first().click();
    await page.getByText('forward', { exact: true }).first().waitFor();
    const id = new URL(page.url()).hash.split('/').at(-1) ?? '';
    await page.getByLabel('Trace id').fill(`00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-01`);
    await page.keyboard.press('Enter');
    expect(await page.getByRole('alert').textContent()).toContain('remembers no request of this trace');
    await page.getByLabel('Trace id').fill(`00-${id}-${'0'.repeat(15)}1-01`);
    await page.keyboard.press('Enter');
    await page.getByText('stage mirror').first().waitFor();
    await site.browser.faultsSoFar(page);
  });

  it('changes a stage by keyboard alone, for the next request, and rolls it back by one click', async () => {
    await setStage('conversations.list', { stage: 'proxy', reason: 'begin of the test' });
    expect(await whoAnswers()).toBe('upstream');
    const page = await openDashboard(site, '#/routes/conversations.list');
    const button = page.getByRole('button', { name: 'Change stage' });
    await button.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await button.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    await dialog.getByRole('radio', { name: /^proxy/ }).focus();
    for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowDown');
    await dialog.getByText('This passes over a stage').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.press('Tab');
    await page.keyboard.type('<b>proved</b> by the test');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    expect(await whoAnswers()).toBe('native');
    await page.getByText('<b>proved</b> by the test').first().waitFor();
    await page.getByRole('button', { name: 'Roll back to proxy' }).click();
    await page.getByText('Rolled back from replaced in the dashboard').first().waitFor();
    expect(await whoAnswers()).toBe('upstream');
    await page.waitForFunction('document.activeElement?.textContent === "conversations.list"');
  });

  it('accepts a difference until a day, and takes that back', async () => {
    await setStage('settings.get', { stage: 'mirror', reason: 'to be compared' });
    const page = await openDashboard(site, '#/experiments/settings.get');
    await page.getByRole('button', { name: 'Ignore a field' }).click();
    await page.getByRole('textbox', { name: 'Field' }).fill('/data/greeting');
    await page.getByLabel('Reason').fill('agreed with support');
    await page.getByRole('button', { name: 'Ignore it' }).click();
    await page.getByRole('cell', { name: '/data/greeting' }).waitFor();
    await page.getByRole('button', { name: 'Take back' }).click();
    await page.getByLabel('Reason').fill('no longer agreed');
    await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click();
    await page.getByText('Every difference counts.').waitFor();
  });

  it('tells what is wrong when the API gives no answer, and goes on when it does', async () => {
    const page = await openDashboard(site, '');
    await page.route('**/admin/api/experiments', (route) => route.abort());
    await page.getByRole('link', { name: 'Experiments' }).click();
    expect(await page.getByRole('alert').textContent()).toContain('The gateway cannot be reached.');
    expect(await site.browser.faultsSoFar(page)).toEqual([expect.stringContaining('ERR_FAILED')]);
    await page.unroute('**/admin/api/experiments');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('link', { name: 'conversations.list' }).waitFor();
    // A database that is away is not taken for routes that nobody has changed.
    await page.route('**/admin/api/routes', async (route) => {
      const answer = await route.fetch();
      const body = (await answer.text()).replaceAll('"isOverrideKnown":true', '"isOverrideKnown":false');
      await route.fulfill({ response: answer, body });
    });
    await page.getByRole('link', { name: 'Routes', exact: true }).click();
    await page.getByText('which stages were changed while the gateway ran is not known').waitFor();
  });

  it('works behind a prefix of another proxy, at another path, and goes on after a cut', async () => {
    const gateway = await startTestGateway({ phpTargets: [site.phpOrigin], env: { ADMIN_PATH: '/ops/console' } });
    let proxy: PrefixProxy | undefined;
    try {
      proxy = await startPrefixProxy(gateway.url, '/gate/way');
      const page = await site.open({ baseURL: proxy.origin });
      await page.goto('/gate/way/ops/console');
      expect(new URL(page.url()).pathname).toBe('/gate/way/ops/console/');
      await page.getByLabel('E-mail').fill(ADMIN.email);
      await page.getByLabel('Password').fill(ADMIN.password);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByText('Live', { exact: true }).waitFor();
      await page.getByText(/instance \([0-9a-f]{8}\) does/).waitFor();
      // Behind the stream that comes back is another instance.
      await page.route('**/console/api/session', async (route) => {
        const answer = await route.fetch();
        const text = (await answer.text()).replace(/(?<="instance":")\w+/, 'a_new_one');
        await route.fulfill({ response: answer, body: text });
      });
      proxy.cut();
      await page.getByText('Reconnecting', { exact: true }).waitFor();
      await page.getByText('Live', { exact: true }).waitFor();
      await page.getByText('instance (a_new_one) does').waitFor();
      await page.getByRole('link', { name: 'Routes' }).click();
      await page.getByRole('link', { name: 'conversations.list' }).waitFor();
      // 401 before signing in, and the connections that were cut.
      await site.browser.faultsSoFar(page);
      await page.close();
    } finally {
      await proxy?.stop();
      await gateway.stop();
    }
  });
});

async function changeStage(page: Page, stage: string, reason: string): Promise<void> {
  await page.getByRole('button', { name: 'Change stage' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: new RegExp(`^${stage}`) }).check();
  await dialog.getByLabel('Reason').fill(reason);
  await dialog.getByRole('button', { name: `Change to ${stage}` }).click();
  await dialog.waitFor({ state: 'detached' });
}
