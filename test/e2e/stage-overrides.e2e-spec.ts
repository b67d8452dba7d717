import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireDataLock } from '../../src/database/embedded/data-lock.js';
import { describeWith } from '../setup/parts.js';
import { elapsedMs } from '../support/elapsed.js';
import { eventually } from '../support/eventually.js';
import { holdsOnce } from '../support/holds-once.js';
import { call } from '../support/http-call.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import type { RawUpstream } from '../support/raw-upstream.js';
import { admin, bearer, stagedTable, startPhp, startStaged, whoAnswers } from '../support/staged-site.js';
import type { TestGateway, TestGatewayOptions } from '../support/test-gateway.js';

// The embedded database takes seconds to start.
jest.setTimeout(180_000);

let php: RawUpstream;
beforeAll(async () => {
  php = await startPhp();
});
afterAll(() => php.stop());

const gateways: TestGateway[] = [];
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop();
});

async function start(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startStaged(php, options);
  gateways.push(gateway);
  return gateway;
}

async function stop(gateway: TestGateway): Promise<void> {
  gateways.splice(gateways.indexOf(gateway), 1);
  await gateway.stop();
}

describe('overrides over the embedded database', () => {
  /** Its database takes seconds to make: all have this one. */
  const folder = mkdtempSync(join(tmpdir(), 'stages-'));
  beforeAll(async () => {
    const before = await startStaged(php, { folder });
    await admin(before, 'PUT', '/list', { stage: 'replaced', reason: 'all is well' });
    await admin(before, 'PUT', '/create', { stage: 'proxy', reason: 'rolled back' });
    await before.stop();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are met by the first request after a restart, without its start', async () => {
    // It cannot start: another has its folder.
    const lock = await acquireDataLock(join(folder, '.data', 'postgres'));
    const after = await start({ folder });
    expect(await whoAnswers(after, 'eve')).toBe('native');
    const post = await call(after.url, '/api/list.php', {
      method: 'POST',
      headers: { ...bearer('eve'), 'Content-Type': 'application/json' },
      body: '{}',
    });
    expect(post.json()).toMatchObject({ from: 'php' });
    expect(readFileSync(join(folder, '.data', 'stages.json'), 'utf8')).toContain('"rolled back"');
    expect((await admin(after, 'GET', '/create/history')).status).toBe(503);
    lock.release();
    await eventually(async () => (await admin(after, 'GET', '/create/history')).status === 200);
    expect((await admin(after, 'GET', '/create/history')).json()).toMatchObject({ data: [{ reason: 'rolled back' }] });
  });

  describe('without a snapshot that holds', () => {
    it.each([
      ['a change was not finished', '{"version":1,"isFinished":false}'],
      ['the snapshot is damaged', '{"version":1,"isFini'],
      ['the snapshot is gone', undefined],
    ])('are read from the database before the first request when %s', async (_name, text) => {
      const snapshot = join(folder, '.data', 'stages.json');
      if (text === undefined) rmSync(snapshot);
      else writeFileSync(snapshot, text);
      const after = await start({ folder });
      expect((await admin(after, 'GET', '/create')).json()).toMatchObject({
        data: { effective: { stage: 'proxy' }, override: { reason: 'rolled back' } },
      });
      expect(readFileSync(snapshot, 'utf8')).toContain('"rolled back"');
    });
  });
});

describeWith('postgres', 'overrides over a Postgres that instances share', (program) => {
  let server: PostgresServer;
  let count = 0;
  beforeAll(async () => {
    server = await startPostgresServer(program);
  });
  afterAll(() => server.stop());

  const fresh = (): Promise<string> => server.createDatabase(`stages_${count++}`);
  const over = (url: string, options: TestGatewayOptions = {}): Promise<TestGateway> =>
    start({ env: { DATABASE_URL: url }, ...options });

  it('outlive a new route table, and are without effect where the route lost its handler', async () => {
    const gateway = await over(await fresh());
    await admin(gateway, 'PUT', '/list', { stage: 'replaced', reason: 'all is well' });
    gateway.writeRoutes(
      stagedTable(
        'stage: proxy',
        '  fresh: { match: { path: /fresh }, upstream: php, policies: { authorization: public } }',
      ),
    );
    await eventually(async () => (await call(gateway.url, '/fresh')).status === 200);
    expect(await whoAnswers(gateway, 'eve')).toBe('native');
    gateway.writeRoutes(stagedTable('stage: proxy').replace('handler: test.candidate, stage: proxy', 'stage: proxy'));
    await eventually(async () => (await whoAnswers(gateway, 'eve')) === 'php');
    const { data } = (await admin(gateway, 'GET', '/list')).json() as { data: object };
    expect(data).toMatchObject({ effective: { stage: 'proxy' }, override: { stage: 'replaced' }, possible: ['proxy'] });
  });

  it('are in effect on every instance, and audited', async () => {
    const url = await fresh();
    const [one, two] = [await over(url), await over(url)];
    for (const [stage, weight, from] of [
      ['replaced', undefined, 'native'],
      ['proxy', undefined, 'php'],
      ['canary', 100, 'native'],
    ] as const) {
      const body = { stage, reason: `to ${stage}`, ...(weight === undefined ? {} : { weight }) };
      expect((await admin(one, 'PUT', '/list', body)).status).toBe(200);
      expect(await whoAnswers(one, 'eve')).toBe(from);
      await eventually(async () => (await whoAnswers(two, 'eve')) === from);
    }
    const rows = await server.ask(
      `stages_${count - 1}`,
      'select route, from_stage, to_stage, to_weight, by, reason, at from stage_audit order by id',
    );
    expect(rows).toMatchObject([
      { route: 'list', from_stage: 'proxy', to_stage: 'replaced', to_weight: 0, by: 'boss', reason: 'to replaced' },
      { route: 'list', from_stage: 'replaced', to_stage: 'proxy', by: 'boss', reason: 'to proxy' },
      { route: 'list', from_stage: 'proxy', to_stage: 'canary', to_weight: 100, by: 'boss', reason: 'to canary' },
    ]);
  });

  // The promise to who rolls back; on a quiet machine it takes some hundredths.
  it('are in effect on another instance within a second', async () => {
    const url = await fresh();
    const [one, two] = [await over(url), await over(url)];
    const tookMs: number[] = [];
    await holdsOnce(async () => {
      for (const [stage, from] of [
        ['replaced', 'native'],
        ['proxy', 'php'],
      ] as const) {
        expect((await admin(one, 'PUT', '/list', { stage, reason: `to ${stage}` })).status).toBe(200);
        const took = await elapsedMs(() => eventually(async () => (await whoAnswers(two, 'eve')) === from));
        tookMs.push(Math.round(took));
        expect(took).toBeLessThan(1000);
      }
    });
    process.stderr.write(`a stage reached another instance after ${tookMs.join(', ')} ms\n`);
  });

  it('are met by the first request of an instance that starts', async () => {
    const url = await fresh();
    const one = await over(url);
    await admin(one, 'PUT', '/list', { stage: 'replaced', reason: 'all is well' });
    const two = await over(url);
    expect(await whoAnswers(two, 'eve')).toBe('native');
  });

  it('are each a line of the audit that begins where the one before ended, when many change at once', async () => {
    const url = await fresh();
    const [one, two] = [await over(url), await over(url)];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        admin(i % 2 === 0 ? one : two, 'PUT', '/list', { stage: 'canary', weight: i + 1, reason: `change ${i}` }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    const { data } = (await admin(one, 'GET', '/list/history')).json() as {
      data: { from: object; to: object }[];
    };
    expect(data).toHaveLength(20);
    for (let i = 0; i < 19; i++) expect(data[i]?.from).toEqual(data[i + 1]?.to);
    const effective = async (gateway: TestGateway): Promise<unknown> =>
      ((await admin(gateway, 'GET', '/list')).json() as { data: { effective: unknown } }).data.effective;
    await eventually(async () => JSON.stringify(await effective(two)) === JSON.stringify(data[0]?.to));
    await eventually(async () => JSON.stringify(await effective(one)) === JSON.stringify(data[0]?.to));
  });

  it('stay in effect while Postgres is gone; changes are refused with 503, and take effect when it is back', async () => {
    const url = await fresh();
    const gateway = await over(url);
    await admin(gateway, 'PUT', '/list', { stage: 'replaced', reason: 'all is well' });
    await server.kill();
    try {
      const refused = await admin(gateway, 'PUT', '/list', { stage: 'proxy', reason: 'roll back' });
      expect(refused.status).toBe(503);
      expect(refused.json()).toMatchObject({ errorCode: 'UPSTREAM_UNAVAILABLE' });
      expect(refused.text).not.toMatch(/postgres|127\.0\.0\.1|DATABASE_URL/i);
      expect(await whoAnswers(gateway, 'eve')).toBe('native');
    } finally {
      await server.start();
    }
    await eventually(
      async () => (await admin(gateway, 'PUT', '/list', { stage: 'proxy', reason: 'roll back' })).status === 200,
      30_000,
    );
    expect(await whoAnswers(gateway, 'eve')).toBe('php');
  });

  it('that an instance cannot read at its start leave PHP to answer until it can', async () => {
    const url = await fresh();
    const one = await over(url, { routes: stagedTable('stage: replaced') });
    await admin(one, 'PUT', '/list', { stage: 'proxy', reason: 'it loses letters' });
    await admin(one, 'PUT', '/create', { stage: 'canary', weight: 100, reason: 'this one is good' });
    await stop(one);
    await server.kill();
    let two: TestGateway | undefined;
    try {
      const seen = `  admin.routes: { match: { path: /seen, methods: [GET] }, handler: admin.routes, policies: { authorization: admin } }`;
      two = await over(url, { routes: stagedTable('stage: replaced', seen) });
      // The table says replaced: served natively, the route that was rolled back would do its harm again.
      expect(await whoAnswers(two, 'eve')).toBe('php');
      expect((await admin(two, 'GET', '')).json()).toMatchObject({ areOverridesKnown: false });
      const rows = (await call(two.url, '/seen', { headers: bearer('boss', ['admin']) })).json();
      expect(rows).toMatchObject({
        data: expect.arrayContaining([
          expect.objectContaining({ route: 'list', effective: { stage: 'proxy' }, isOverrideKnown: false }),
          expect.objectContaining({ route: 'php.only', isOverrideKnown: true }),
        ]),
      });
      // Whoever only looks has saved nothing.
      const history = await admin(two, 'GET', '/list/history');
      expect([history.status, history.text]).toEqual([503, expect.stringContaining('is not known now')]);
      expect((await call(two.url, '/api/native', { headers: bearer('eve') })).status).toBe(201);
    } finally {
      await server.start();
    }
    const started = two;
    await eventually(async () => {
      const { areOverridesKnown } = (await admin(started, 'GET', '')).json() as { areOverridesKnown: boolean };
      return areOverridesKnown;
    }, 30_000);
    expect(await whoAnswers(started, 'eve')).toBe('php');
    expect((await admin(started, 'GET', '/create')).json()).toMatchObject({
      data: { effective: { stage: 'canary', weight: 100 } },
    });
  });

  it('that an unknown hand put into the table do no harm', async () => {
    const url = await fresh();
    const gateway = await over(url);
    await server.ask(
      `stages_${count - 1}`,
      `insert into stage_override (route, stage, weight, changed_by, reason) values
       ('nobody', 'replaced', 0, 'x', 'x'), ('native', 'proxy', 0, 'x', 'x'), ('list', 'canary', 100, 'x', 'x')`,
    );
    // Nobody was told: the poll finds it.
    await eventually(async () => (await whoAnswers(gateway, 'eve')) === 'native');
    expect((await call(gateway.url, '/api/native', { headers: bearer('eve') })).status).toBe(201);
  });
});
