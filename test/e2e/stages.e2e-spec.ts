import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith } from '../setup/parts.js';
import { eventually } from '../support/eventually.js';
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
const folders: string[] = [];
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
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

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stages-'));
  folders.push(folder);
  return folder;
}

describe('the admin API of stages', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startStaged(php);
  });
  afterAll(() => gateway.stop());

  it('tells every route with its stage and what it could be', async () => {
    const answer = await admin(gateway, 'GET', '');
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const { data, areOverridesKnown } = answer.json() as { data: object[]; areOverridesKnown: boolean };
    expect(areOverridesKnown).toBe(true);
    expect(data).toContainEqual({
      route: 'create',
      path: '/api/list.php',
      methods: ['POST'],
      effective: { stage: 'canary', weight: 100 },
      inTable: { stage: 'canary', weight: 100 },
      override: null,
      possible: ['proxy', 'mirror', 'canary', 'replaced'],
      canary: { control: 0, candidate: 0, fallbacks: 0 },
    });
    expect(data).toContainEqual(expect.objectContaining({ route: 'native', possible: ['replaced'] }));
    expect(data).toContainEqual(expect.objectContaining({ route: 'php.only', possible: ['proxy'] }));
  });

  it('sets a stage, tells who did and why, and takes it back', async () => {
    expect(await whoAnswers(gateway, 'eve')).toBe('php');
    const set = await admin(gateway, 'PUT', '/list', { stage: 'replaced', reason: '  all is well  ' });
    expect(set.status).toBe(200);
    expect(set.headers['cache-control']).toBe('no-store');
    expect(set.json()).toMatchObject({
      success: true,
      data: {
        effective: { stage: 'replaced' },
        inTable: { stage: 'proxy' },
        override: { stage: 'replaced', by: 'boss', reason: 'all is well' },
      },
    });
    expect(await whoAnswers(gateway, 'eve')).toBe('native');
    await admin(gateway, 'PUT', '/list', { stage: 'canary', weight: 100, reason: 'not quite' });
    const cleared = await admin(gateway, 'DELETE', '/list', { reason: 'back to the table' });
    expect(cleared.json()).toMatchObject({ data: { effective: { stage: 'proxy' }, override: null } });
    expect(await whoAnswers(gateway, 'eve')).toBe('php');
    const history = (await admin(gateway, 'GET', '/list/history')).json() as { data: { at: string }[] };
    expect(history.data).toMatchObject([
      {
        by: 'boss',
        reason: 'back to the table',
        from: { stage: 'canary', weight: 100 },
        to: { stage: 'proxy' },
        isCleared: true,
      },
      { reason: 'not quite', from: { stage: 'replaced' }, to: { stage: 'canary', weight: 100 }, isCleared: false },
      { reason: 'all is well', from: { stage: 'proxy' }, to: { stage: 'replaced' }, isCleared: false },
    ]);
    for (const { at } of history.data) expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(60_000);
    const again = await admin(gateway, 'DELETE', '/list', { reason: 'once more' });
    expect(again.status).toBe(404);
    expect(again.json()).toMatchObject({ error: 'This route has no override: the stage of the route table holds.' });
  });

  it.each([
    ['no reason', { stage: 'proxy' }, 'reason'],
    ['a reason of blanks', { stage: 'proxy', reason: '    ' }, 'reason'],
    ['a reason of two lines', { stage: 'proxy', reason: 'one\ntwo' }, 'reason'],
    ['a reason that steers a terminal', { stage: 'proxy', reason: '\u001b[2Jgone' }, 'reason'],
    ['a long reason', { stage: 'proxy', reason: 'x'.repeat(501) }, 'reason'],
    ['a reason that is no text', { stage: 'proxy', reason: ['why'] }, 'reason'],
    ['no stage', { reason: 'because' }, 'stage'],
    ['an unknown stage', { stage: 'native', reason: 'because' }, 'stage'],
    ['a stage of several', { stage: ['proxy', 'canary'], reason: 'because' }, 'stage'],
    ['a canary without a weight', { stage: 'canary', reason: 'because' }, 'weight'],
    ['a weight of 101', { stage: 'canary', weight: 101, reason: 'because' }, 'weight'],
    ['a weight of -1', { stage: 'canary', weight: -1, reason: 'because' }, 'weight'],
    ['a weight of 1.5', { stage: 'canary', weight: 1.5, reason: 'because' }, 'weight'],
    ['a weight as text', { stage: 'canary', weight: '10', reason: 'because' }, 'weight'],
    ['a weight beside proxy', { stage: 'proxy', weight: 10, reason: 'because' }, 'weight'],
    ['an unknown field', { stage: 'proxy', reason: 'because', by: 'somebody else' }, 'by'],
  ])('refuses %s with 422', async (_name, body, field) => {
    const answer = await admin(gateway, 'PUT', '/list', body);
    expect(answer.status).toBe(422);
    expect(answer.json()).toMatchObject({
      errorCode: 'VALIDATION_FAILED',
      validationErrors: { [field]: expect.any(String) },
    });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it.each([
    ['native', 'proxy', 'proxy needs an upstream'],
    ['native', 'mirror', 'mirror needs an upstream'],
    ['php.only', 'replaced', 'replaced needs a handler'],
    ['php.only', 'mirror', 'mirror needs a handler'],
  ])('refuses route %s the stage %s, with the reason', async (route, stage, why) => {
    const answer = await admin(gateway, 'PUT', `/${route}`, { stage, reason: 'because' });
    expect(answer.status).toBe(422);
    expect(answer.json()).toMatchObject({ validationErrors: { stage: expect.stringContaining(why) } });
  });

  it.each([
    ['GET', '/nobody', undefined],
    ['GET', '/nobody/history', undefined],
    ['PUT', '/nobody', { stage: 'proxy', reason: 'because' }],
    ['PUT', '/list/history', { stage: 'proxy', reason: 'because' }],
    ['DELETE', '/nobody', { reason: 'because' }],
    ['GET', '/__proto__', undefined],
  ])('answers 404 to %s %s', async (method, path, body) => {
    expect((await admin(gateway, method, path, body)).status).toBe(404);
  });

  it('lets administrators in and nobody else', async () => {
    const put = (headers: Record<string, string>): Promise<number> =>
      call(gateway.url, '/admin/api/stages/list', {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify({ stage: 'mirror', reason: 'because' }),
      }).then(({ status }) => status);
    expect(await put({})).toBe(401);
    expect(await put(bearer('eve', ['user']))).toBe(403);
    expect(await put(bearer('eve', ['Admin', 'administrator']))).toBe(403);
    expect(await put({ Cookie: 'SESS=admin' })).toBe(403);
    expect(await put({ Cookie: 'SESS=admin', Origin: 'https://evil.example' })).toBe(403);
    for (const path of ['', '/list', '/list/history'])
      expect((await admin(gateway, 'GET', path, undefined, { headers: bearer('eve') })).status).toBe(403);
    expect(await put({ Cookie: 'SESS=admin', 'X-CSRF-Token': 'proof' })).toBe(200);
  });
});

describe('an administrator’s address that the route table leaves open by mistake', () => {
  it('still asks for the role', async () => {
    const gateway = await start({ routes: stagedTable().replaceAll('authorization: admin', 'authorization: public') });
    for (const [method, body] of [
      ['GET', undefined],
      ['PUT', { stage: 'mirror', reason: 'because' }],
      ['DELETE', { reason: 'because' }],
    ] as const)
      expect((await admin(gateway, method, '/list', body)).status).toBe(401);
    expect((await admin(gateway, 'GET', '')).status).toBe(401);
  });
});

describe('overrides over the embedded database', () => {
  it('are met by the first request after a restart, without its start', async () => {
    const folder = makeFolder();
    const before = await start({ folder });
    await admin(before, 'PUT', '/list', { stage: 'replaced', reason: 'all is well' });
    await admin(before, 'PUT', '/create', { stage: 'proxy', reason: 'rolled back' });
    await stop(before);

    const startedAt = performance.now();
    const after = await start({ folder });
    expect(await whoAnswers(after, 'eve')).toBe('native');
    const post = await call(after.url, '/api/list.php', {
      method: 'POST',
      headers: { ...bearer('eve'), 'Content-Type': 'application/json' },
      body: '{}',
    });
    expect(post.json()).toMatchObject({ from: 'php' });
    expect(readFileSync(join(folder, '.data', 'stages.json'), 'utf8')).toContain('"rolled back"');
    // No bound of the gateway's start, but of the database's, which would be seconds.
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect((await admin(after, 'GET', '/create/history')).json()).toMatchObject({ data: [{ reason: 'rolled back' }] });
  });

  it.each([
    ['a change was not finished', '{"version":1,"isFinished":false}'],
    ['the snapshot is damaged', '{"version":1,"isFini'],
    ['the snapshot is gone', undefined],
  ])('are read from the database before the first request when %s', async (_name, text) => {
    const folder = makeFolder();
    const before = await start({ folder });
    await admin(before, 'PUT', '/create', { stage: 'proxy', reason: 'rolled back' });
    await stop(before);
    const snapshot = join(folder, '.data', 'stages.json');
    if (text === undefined) rmSync(snapshot);
    else writeFileSync(snapshot, text);
    const after = await start({ folder });
    expect((await admin(after, 'GET', '/create')).json()).toMatchObject({
      data: { effective: { stage: 'proxy' }, override: { reason: 'rolled back' } },
    });
    expect(readFileSync(snapshot, 'utf8')).toContain('"rolled back"');
  });

  it('outlive a new route table, and are without effect where the route lost its handler', async () => {
    const gateway = await start();
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

  it('are in effect on every instance within a second, and audited', async () => {
    const url = await fresh();
    const [one, two] = [await over(url), await over(url)];
    for (const [stage, weight, from] of [
      ['replaced', undefined, 'native'],
      ['proxy', undefined, 'php'],
      ['canary', 100, 'native'],
    ] as const) {
      const body = { stage, reason: `to ${stage}`, ...(weight === undefined ? {} : { weight }) };
      expect((await admin(one, 'PUT', '/list', body)).status).toBe(200);
      const changedAt = performance.now();
      expect(await whoAnswers(one, 'eve')).toBe(from);
      await eventually(async () => (await whoAnswers(two, 'eve')) === from);
      expect(performance.now() - changedAt).toBeLessThan(1000);
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
      two = await over(url, { routes: stagedTable('stage: replaced') });
      // The table says replaced: served natively, the route that was rolled back would do its harm again.
      expect(await whoAnswers(two, 'eve')).toBe('php');
      expect((await admin(two, 'GET', '')).json()).toMatchObject({ areOverridesKnown: false });
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
    await eventually(async () => (await whoAnswers(gateway, 'eve')) === 'native', 5000);
    expect((await call(gateway.url, '/api/native', { headers: bearer('eve') })).status).toBe(201);
  });
});
