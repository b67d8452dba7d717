import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { requirePart } from '../setup/parts.js';
import {
  conversationsOf,
  type DonnaData,
  manyOwners,
  startDonnaData,
  startTwinGateway,
  twinTable,
} from '../support/donna-data.js';
import { eventually } from '../support/eventually.js';
import { compileSources, startGatewayProcess } from '../support/gateway-process.js';
import { call } from '../support/http-call.js';
import { describeWithFpm } from '../support/php-fpm.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { bearer } from '../support/staged-site.js';
import { IDENTITY_SECRET, JWT_SECRET, type TestGateway } from '../support/test-gateway.js';

jest.setTimeout(120_000);

const PROJECT = resolve(import.meta.dirname, '../..');

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describeWithFpm('npm run gateway -- migrate', (fpm) => {
  const postgres = requirePart('postgres');
  if (!postgres.isPresent) return it.todo(`left out: ${postgres.reason}`);
  let server: PostgresServer;
  let data: DonnaData;
  let gateway: TestGateway;
  /** Of a test, ended whatever has become of the others. */
  const ends: (() => Promise<void>)[] = [];
  let folder: string;
  let databases = 0;
  let url = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'migrate-cli-'));
    await compileSources(join(PROJECT, 'src'), join(folder, 'dist'));
    copyFileSync(join(PROJECT, 'package.json'), join(folder, 'package.json'));
    symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
    server = await startPostgresServer(postgres.path);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    data = await startDonnaData(fpm);
    ends.push(() => data.stop());
    url = await server.createDatabase(`donna${databases++}`);
    gateway = await startTwinGateway(data, { env: { DATABASE_URL: url } });
    ends.push(() => gateway.stop());
  });
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  const begin = (line: string): { readonly child: ChildProcess; readonly ended: Promise<Ended> } => {
    const child = spawn(process.execPath, [join(folder, 'dist/cli/gateway/gateway-cli.js'), ...line.split(' ')], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'] ?? '',
        NODE_ENV: 'test',
        PORT: String(gateway.port),
        ROUTES_FILE: join(PROJECT, 'routes.yaml'),
        JWT_SECRET,
        GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET,
      },
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number, out, err })) };
  };
  const run = (line: string): Promise<Ended> => begin(line).ended;

  it('carries all there is, compares, and goes back, telling what it did', async () => {
    const owners = manyOwners(5);
    for (const { owner, subject } of owners) data.plant('conversations', owner, conversationsOf(subject, 2));
    data.plant('settings', owners[0]?.owner ?? '', '{"greeting":"Hi"}');
    const dry = await run('migrate all --dry-run');
    expect([dry.code, dry.err]).toEqual([0, '']);
    expect(dry.out).toMatch(/^conversations {2}PHP → Postgres, dry run: complete .*\n {2}would carry {2}5 owners/m);
    const all = await run('migrate all');
    expect(all.code).toBe(0);
    expect(all.out).toMatch(/rows {2}5 owners, 10 items, sha256 [0-9a-f]{64} {2}equal/);
    expect(all.out).toMatch(/^settings {2}PHP → Postgres: complete/m);
    const lost = owners[1]?.owner ?? '';
    data.remove('conversations', lost);
    const seen = await run('migrate conversations --verify --json');
    expect(seen.code).toBe(1);
    expect(JSON.parse(seen.out)).toMatchObject([
      { state: 'different', progress: { different: { listed: [{ owner: lost }] } } },
    ]);
    const back = await run('migrate conversations --back');
    expect(back.code).toBe(0);
    expect(back.out).toContain('carried  1 owners; 4 were as they should be');
    expect(data.document('conversations', lost)).toBeDefined();
  });

  it('ends with 1 and names the owners where something is wrong', async () => {
    const [first, second] = manyOwners(2).map(({ owner }) => owner) as [string, string];
    data.plant('settings', first, '7');
    data.plant('settings', second, '{"greeting":"Hi"}');
    const { code, out } = await run('migrate settings');
    expect(code).toBe(1);
    expect(out).toMatch(new RegExp(`incomplete[^]*not carried {2}1 owners\\n {4}${first} {2}\\S+`));
    expect(out).not.toContain(`${second} `);
    const unknown = await run('migrate passwords');
    expect(unknown.code).toBe(1);
    expect(unknown.err).toContain('Collections: ');
    expect((await run('migrate')).code).toBe(64);
  });

  it('leaves the run to the gateway when it is interrupted, and stops it when it is told to', async () => {
    for (const { owner, subject } of manyOwners(120)) data.plant('settings', owner, `{"greeting":"${subject}"}`);
    const looking = begin('migrate settings');
    const state = async (): Promise<string | undefined> => {
      const answer = await call(gateway.url, '/admin/api/migrations/settings', { headers: bearer('boss', ['admin']) });
      return (answer.json() as { data?: { state: string } }).data?.state;
    };
    await eventually(async () => (await state()) === 'running');
    // Its handler stands before it asks for the run, which cannot end meanwhile.
    data.php.freeze();
    looking.child.kill('SIGINT');
    const { code, err } = await looking.ended;
    expect(code).toBe(130);
    expect(err).toContain('the run goes on in the gateway');
    expect(await state()).toBe('running');
    data.php.thaw();
    const stopped = await run('migrate settings --stop');
    expect(stopped.code).toBe(0);
    expect(stopped.out).toContain('stopped');
    expect(await state()).toBe('stopped');
    const next = await run('migrate settings');
    expect(next.err).toContain('going on where the run of');
    expect(next.out).toMatch(/complete[^]*120 owners, 120 items/);
  });

  it('goes on with a way back whose gateway was killed in the midst of it, and two that look on are told the same', async () => {
    const owners = manyOwners(120);
    for (const { owner, subject } of owners) data.plant('conversations', owner, conversationsOf(subject, 1));
    expect((await run('migrate conversations')).code).toBe(0);
    for (const { owner } of owners) data.remove('conversations', owner);
    const doomed = await startGatewayProcess(twinTable(), data.origin, { DATABASE_URL: url });
    const headers = { ...bearer('boss', ['admin']), 'Content-Type': 'application/json' };
    const begun = await call(doomed.url, '/admin/api/migrations/conversations', {
      method: 'POST',
      headers,
      body: '{"direction":"back"}',
    });
    expect(begun.status).toBe(202);
    const there = (): number => owners.filter(({ owner }) => data.document('conversations', owner)).length;
    await eventually(() => there() > 5);
    await doomed.stop();
    expect(there()).toBeLessThan(120);
    const both = await Promise.all([1, 2].map(() => run('migrate conversations --back')));
    // Who comes when the dead process is given up already goes on at once, and is looked on at.
    const going = 'such a run is under way already, by|going on where the run of';
    for (const { code, out, err } of both) {
      expect([code, err]).toEqual([0, expect.stringMatching(going)]);
      expect(out).toMatch(/120 owners, 120 items, sha256 [0-9a-f]{64} {2}equal/);
    }
    expect(both.some(({ err }) => /is not heard of any more|going on where the run of/.test(err))).toBe(true);
    expect(there()).toBe(120);
  });
});
