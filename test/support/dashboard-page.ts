import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { makeAccessToken } from '../../src/auth/index.js';
import type { DonnaSite } from './donna-site.js';
import { JWT_SECRET } from './test-gateway.js';

/** The administrator of legacy-php. */
export const ADMIN = { email: 'admin@donna.example', password: 'donna-admin' } as const;

export function tokenFor(subject: string, ...roles: string[]): string {
  return makeAccessToken(JWT_SECRET, { subject, roles, lifeS: 900 });
}

/** A page of the dashboard in a tab that holds an administrator's token. */
export async function openDashboard(site: DonnaSite, hash: string): Promise<Page> {
  const page = await site.open();
  const token = JSON.stringify(tokenFor('u_admin', 'admin'));
  await page.addInitScript({ content: `sessionStorage.setItem('donna-access-token', ${token})` });
  await page.goto(`/admin/${hash}`);
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  return page;
}

/** What axe-core finds that is serious or critical, as `rule: element`. */
export async function findBarriers(page: Page): Promise<unknown> {
  if (!(await page.evaluate("typeof window.axe === 'object'"))) await page.evaluate(axe.source);
  return page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`);
}

export const PAGE_WIDTH = 'document.documentElement.scrollWidth';
