import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/index.js';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = join(ROOT, 'docs/SECURITY.md');

interface Limit {
  readonly limit: number;
  readonly windowS: number;
}

/** Of a page that people rely on, what is a number elsewhere is held against it. */
describe('docs/SECURITY.md', () => {
  const page = readFileSync(PAGE, 'utf8').replaceAll(/ +/g, ' ');

  it('tells the limits of the shipped route table', () => {
    const { policies } = parse(readFileSync(join(ROOT, 'routes.yaml'), 'utf8')) as {
      policies: { rateLimit: Readonly<Record<string, Limit>> };
    };
    const of = (name: string): Limit => policies.rateLimit[name] ?? { limit: Number.NaN, windowS: Number.NaN };
    const minutes = ['address', 'default', 'ai', 'login', 'realtime', 'realtime-address', 'token', 'reports'].map(of);
    expect(minutes.map(({ windowS }) => windowS)).toEqual(minutes.map(() => 60));
    const [address, identity, ai, login, realtime, realtimeAddress, token, reports] = minutes.map(({ limit }) => limit);
    expect(page).toContain(
      `| ${address} · ${identity} in 60 s; AI routes ${ai}, realtime token ${realtime} (${realtimeAddress} of an address) |`,
    );
    const account = of('login-account');
    expect(page).toContain(`| ${login} in 60 s · ${account.limit} in ${account.windowS / 60} min |`);
    expect(page).toContain(`| ${token} · ${reports} in 60 s |`);
  });

  it('tells the lives of tokens that are the defaults', () => {
    const load = (NODE_ENV: string) =>
      loadConfig(
        { NODE_ENV, JWT_SECRET: 'x', GATEWAY_IDENTITY_SECRET: 'y' },
        { projectRoot: ROOT, packageVersion: '0.0.0' },
      );
    const { jwt, realtime } = load('test');
    expect(page).toContain(`\`ACCESS_TOKEN_TTL_S\`: ${jwt.accessTokenTtlS} s`);
    expect(page).toContain(`\`REFRESH_TOKEN_TTL_S\`: ${jwt.refreshTokenTtlS / 86_400} days`);
    expect(page).toContain(`in development ${realtime.tokenTtlS / 60} min`);
  });

  it('links to what is there', () => {
    const links = [...page.matchAll(/\]\(([^)#]+)/g)].map(([, target]) => join(dirname(PAGE), target ?? ''));
    expect(links.length).toBeGreaterThan(1);
    expect(links.filter((link) => !existsSync(link))).toEqual([]);
  });
});
