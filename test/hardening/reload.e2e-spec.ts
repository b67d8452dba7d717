import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../src/config/index.js';
import { type Gateway, startGateway } from '../../src/gateway.js';
import { eventually, settle } from '../support/eventually.js';
import { holdsOnce } from '../support/holds-once.js';
import { hear } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { IDENTITY_SECRET, JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** `mark` shows in every answer which table was in force: as the length that a body may have. */
const table = (mark: number, upstream = '', more = ''): string => `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], ${upstream} }
policies:
  authorization: { public: {} }
defaults: { authorization: public, timeoutMs: 5000 }
routes:
  json: { match: { path: '/json/{*path}' }, upstream: php, policies: { maxBodyBytes: ${mark} } }
  stream: { match: { path: '/stream/{*path}' }, upstream: php, policies: { envelope: 'off', maxBodyBytes: ${mark} } }
${more}`;
const EXTRA = `  extra: { match: { path: /extra }, upstream: php }\n`;

describe('the route table, changed while the gateway runs', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  let logged: { level: string; why: string | undefined; text: string }[];
  /** While this is on, PHP's answers wait in it. */
  let held: (() => void)[] | undefined;

  beforeEach(async () => {
    held = undefined;
    logged = [];
    upstream = await startRawUpstream((socket) => {
      const answer = (): void =>
        void socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, '{"ok":true}'));
      if (held === undefined) answer();
      else held.push(answer);
    });
    gateway = await startTestGateway({ routes: table(10), phpTargets: [upstream.origin] });
    for (const level of ['info', 'error'] as const) {
      jest.spyOn(gateway.logger, level).mockImplementation((line: unknown, text: unknown) => {
        if (String(text).includes('route table'))
          logged.push({ level, why: (line as { why?: string }).why, text: String(text) });
      });
    }
  });
  afterEach(async () => {
    await gateway.stop(0);
    await upstream.stop();
  });

  async function limit(): Promise<number> {
    for (const bytes of [30, 20, 10]) {
      const { status } = await hear(gateway.port, '/json/x', { method: 'POST', body: 'x'.repeat(bytes) });
      if (status === 200) return bytes;
    }
    return 0;
  }

  const reloaded =
    (times = 1) =>
    (): boolean =>
      logged.length >= times;

  it('is taken into use; requests under way finish by the table they began with', async () => {
    const waiting: (() => void)[] = [];
    held = waiting;
    const underWay = ['json', 'stream'].map((route) =>
      hear(gateway.port, `/${route}/x`, { method: 'POST', body: 'x'.repeat(10) }),
    );
    await eventually(() => upstream.requests.length === 2);
    gateway.writeRoutes(`${table(20).replace(/ {2}stream:.*\n/, '')}${EXTRA}`);
    await eventually(reloaded());
    expect(logged).toEqual([{ level: 'info', why: undefined, text: 'route table reloaded' }]);
    held = undefined;
    expect(await limit()).toBe(20);
    await expect(hear(gateway.port, '/extra')).resolves.toMatchObject({ status: 200 });
    await expect(hear(gateway.port, '/stream/x')).resolves.toMatchObject({ status: 404 });
    for (const answer of waiting) answer();
    for (const answer of await Promise.all(underWay)) expect(answer).toMatchObject({ status: 200, isComplete: true });
  });

  it('fails no request while it changes again and again', async () => {
    const run = { isOver: false };
    const seen = new Set<number>();
    const clients = Array.from({ length: 5 }, async (_, i) => {
      while (!run.isOver) seen.add((await hear(gateway.port, `/${i % 2 === 0 ? 'json' : 'stream'}/x`)).status);
    });
    for (let round = 1; round <= 3; round++) {
      gateway.writeRoutes(table(10 + round, `connections: ${round}`));
      await eventually(reloaded(round));
    }
    run.isOver = true;
    await Promise.all(clients);
    expect(seen).toEqual(new Set([200]));
  });

  it.each([
    ['YAML that cannot be read', `${table(20)}\n  - {`, /line \d+: YAML: /],
    [
      'an unknown policy',
      table(20, '', '  b: { match: { path: /b }, upstream: php, policies: { authorization: nobody-knows } }\n'),
      /line 10: routes\.b\.policies\.authorization: there is no authorization policy "nobody-knows"/,
    ],
    [
      'an unknown handler',
      table(20, '', '  b: { match: { path: /b }, handler: nothing }\n'),
      /line 10: routes\.b\.handler: there is no native handler "nothing"/,
    ],
    ['a field that is not known', table(20, 'colour: red'), /line 3: upstreams\.php: "colour" is not known here/],
    ['nothing at all', '', /line 1: the table: must be object/],
  ])('stays as it is when the new one is bad: %s', async (_name, text, why) => {
    gateway.writeRoutes(text);
    await eventually(reloaded());
    expect(logged).toEqual([
      {
        level: 'error',
        why: expect.stringMatching(why),
        text: 'route table not reloaded: the last good one stays in use',
      },
    ]);
    expect(await limit()).toBe(10);
    gateway.writeRoutes(table(30));
    await eventually(reloaded(2));
    expect(await limit()).toBe(30);
  });

  it('is taken from a file that replaced it by a rename, however often', async () => {
    for (const mark of [20, 30]) {
      const draft = `${gateway.routesFile}.draft`;
      writeFileSync(draft, table(mark));
      renameSync(draft, gateway.routesFile);
      await eventually(async () => (await limit()) === mark);
    }
  });

  it('survives the file being away for a while', async () => {
    rmSync(gateway.routesFile);
    await eventually(reloaded());
    expect(logged[0]).toEqual({ level: 'error', why: 'the file cannot be read: ENOENT', text: expect.any(String) });
    expect(await limit()).toBe(10);
    gateway.writeRoutes(table(20));
    await eventually(async () => (await limit()) === 20);
  });

  it('is not read at each of many writes in a quick row, and in the end whole', async () => {
    // A machine that stands still between two writes may let halves be read, and say so.
    await holdsOnce(async (run) => {
      const text = table(run % 2 === 0 ? 30 : 20);
      logged = [];
      for (let i = 0; i <= 10; i++) {
        gateway.writeRoutes(text.slice(0, Math.ceil((text.length * i) / 10)));
        await sleep(15);
      }
      await eventually(async () => (await limit()) === (run % 2 === 0 ? 30 : 20));
      await eventually(() => logged.at(-1)?.level === 'info');
      expect(logged.length).toBeLessThan(6);
    });
  });

  it('is not taken anew when nothing in it changed', async () => {
    gateway.writeRoutes(readFileSync(gateway.routesFile, 'utf8'));
    await settle(300);
    expect(logged).toEqual([]);
  });

  it('keeps the connections of an upstream whose settings did not change, and ends those of one that did', async () => {
    await Promise.all(['json', 'stream'].map((route) => hear(gateway.port, `/${route}/x`)));
    const before = upstream.connections();
    gateway.writeRoutes(table(20));
    await eventually(reloaded());
    await Promise.all(['json', 'stream'].map((route) => hear(gateway.port, `/${route}/x`)));
    expect(upstream.connections()).toBe(before);
    gateway.writeRoutes(table(20, 'connections: 9'));
    await eventually(reloaded(2));
    await Promise.all(['json', 'stream'].map((route) => hear(gateway.port, `/${route}/x`)));
    expect(upstream.connections()).toBeGreaterThanOrEqual(before + 2);
  });

  it('stops asking after the health of an upstream that it no longer names', async () => {
    const other = await startRawUpstream((socket) => socket.write(httpAnswer(200, {}, '')));
    gateway.writeRoutes(
      table(20, `health: { path: /health, intervalMs: 100 }`).replace("'${REMOTE_PHP_BASE}'", `'${other.origin}'`),
    );
    await eventually(() => other.requests.length > 1);
    gateway.writeRoutes(table(30));
    await eventually(reloaded(2));
    await settle(100);
    const before = other.requests.length;
    await settle(300);
    expect(other.requests).toHaveLength(before);
    await gateway.stop(0);
    expect(other.openSockets()).toBe(0);
    await other.stop();
  });
});

describe('a route table behind a symbolic link, as Kubernetes mounts a ConfigMap', () => {
  it('is taken into use when the link points elsewhere', async () => {
    const upstream = await startRawUpstream((socket) => socket.write(httpAnswer(200, {}, '{}')));
    const folder = mkdtempSync(join(tmpdir(), 'gateway-mount-'));
    for (const [version, mark] of [
      ['v1', 10],
      ['v2', 20],
    ] as const) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'mounted.yaml'), table(mark));
    }
    symlinkSync('v1', join(folder, '..data'));
    symlinkSync('..data/mounted.yaml', join(folder, 'mounted.yaml'));
    const routesFile = join(folder, 'mounted.yaml');
    const config = loadConfig(
      {
        NODE_ENV: 'test',
        HOST: '127.0.0.1',
        PORT: '0',
        LOG_LEVEL: 'silent',
        JWT_SECRET,
        GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET,
        ROUTES_FILE: routesFile,
      },
      { projectRoot: folder, packageVersion: '0.0.0-test' },
    );
    const gateway: Gateway = await startGateway({ config, routesFile, phpTargets: [upstream.origin] });
    const port = Number(new URL(gateway.url).port);
    const ask = (): Promise<number> =>
      hear(port, '/json/x', { method: 'POST', body: 'x'.repeat(20) }).then(({ status }) => status);
    expect(await ask()).toBe(413);
    // The folder's own events of the set-up must not count.
    await settle(300);
    symlinkSync('v2', join(folder, '..next'));
    renameSync(join(folder, '..next'), join(folder, '..data'));
    await eventually(async () => (await ask()) === 200);
    await gateway.stop(0);
    await upstream.stop();
    rmSync(folder, { recursive: true });
  });
});
