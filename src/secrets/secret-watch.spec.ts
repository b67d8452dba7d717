import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GatewayConfig, loadConfig } from '../config/index.js';
import type { RoutePolicies } from '../routing/index.js';
import type { Exchange, Logger } from '../trace/index.js';
import { SecretWatch } from './secret-watch.js';

let projectRoot = '';
beforeEach(() => {
  projectRoot = mkdtempSync(join(tmpdir(), 'donna-watch-'));
  writeFileSync(join(projectRoot, 'routes.yaml'), '');
});
afterEach(() => rmSync(projectRoot, { recursive: true, force: true }));

const all = { secretScan: 'all' } as RoutePolicies;
const config = (env: Readonly<Record<string, string>>): GatewayConfig =>
  loadConfig({ NODE_ENV: 'test', ...env }, { projectRoot, packageVersion: '0.0.0' });

function watchFor(env: Readonly<Record<string, string>>): { readonly watch: SecretWatch; readonly error: jest.Mock } {
  const error = jest.fn();
  return { watch: new SecretWatch(config(env), { error } as unknown as Logger), error };
}

describe('SecretWatch', () => {
  it.each([
    ['DATABASE_URL', 'postgres://donna:k7%2FQm2x71aZpp0@db.example/d', 'k7/Qm2x71aZpp0'],
    ['DATABASE_URL', 'postgres://donna:k7%2FQm2x71aZpp0@db.example/d', 'k7%2FQm2x71aZpp0'],
    ['DATABASE_URL', 'postgres://donna:pw1@db.example/d', 'donna:pw1@db.example'],
    ['REDIS_URL', 'rediss://:k7Qm2x71aZpp0L@cache.example', 'k7Qm2x71aZpp0L'],
    ['SENTRY_DSN', 'https://9f8a7d6c5b4e3f2a1b0c@sentry.example.com/1', '9f8a7d6c5b4e3f2a1b0c'],
    ['ELEVENLABS_API_KEY', 'k7Qm2x71aZpp0L', 'k7Qm2x71aZpp0L'],
  ])('looks for what is secret in %s', (name, value, secret) => {
    const { watch } = watchFor({ [name]: value });
    expect(watch.findInBody(all, 'text/plain', Buffer.from(`<${secret}>`))).toEqual({ secret: name, where: 'body' });
    expect(watch.findInHead(all, 'OK', ['A', 'b', 'X-Debug', `<${secret}>`])).toEqual({
      secret: name,
      where: 'header x-debug',
    });
  });

  it.each([
    ['is too short', 'k7Qm2x71aZp'],
    ['is a mere word', 'administrator'],
  ])('does not look for a password that %s, which would be in many answers', (_case, password) => {
    const { watch } = watchFor({ DATABASE_URL: `postgres://donna:${password}@db.example/d` });
    expect(watch.findInBody(all, 'text/html', Buffer.from(`<p>${password}</p>`))).toBeUndefined();
  });

  it('counts its alarms by what was found, and tells each without the value', () => {
    const { watch, error } = watchFor({ OPENAI_API_KEY: 'k7Qm2x71aZpp0L' });
    const exchange = { traceId: 't1', route: { name: 'chat' } } as Exchange;
    for (let i = 0; i < 3; i++) watch.raiseAlarm(exchange, { secret: 'OPENAI_API_KEY', where: 'body' });
    watch.raiseAlarm(exchange, { secret: 'Slack token', where: 'header location' });
    expect([...watch.counts]).toEqual([
      ['OPENAI_API_KEY', 3],
      ['Slack token', 1],
    ]);
    expect(error).toHaveBeenLastCalledWith(
      { traceId: 't1', route: 'chat', pattern: 'Slack token', where: 'header location' },
      'secret in answer',
    );
  });
});
