import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { MigrationRun } from '../../src/replication/index.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { requirePart } from '../setup/parts.js';
import {
  conversationsOf,
  type DonnaData,
  manyOwners,
  startDonnaData,
  startTwinGateway,
  twinTable,
} from '../support/donna-data.js';
import { eventually, settle } from '../support/eventually.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { describeWithFpm } from '../support/php-fpm.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { bearer } from '../support/staged-site.js';
import type { TestGateway } from '../support/test-gateway.js';

jest.setTimeout(120_000);

type Answered = MigrationRun & { readonly isJoined: boolean; readonly isResumed: boolean };

type Reached = Pick<TestGateway, 'url'>;

async function ask(gateway: Reached, method: string, path: string, body?: object): Promise<CallAnswer> {
  return call(gateway.url, `/admin/api/migrations${path}`, {
    method,
    headers: { ...bearer('boss', ['admin']), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function start(gateway: Reached, collection: string, kind: object = {}): Promise<Answered> {
  const answer = await ask(gateway, 'POST', `/${collection}`, { direction: 'forward', ...kind });
  expect([answer.status, answer.text]).toEqual([202, expect.any(String)]);
  return (answer.json() as { data: Answered }).data;
}

async function look(gateway: Reached, { collection, id }: MigrationRun): Promise<MigrationRun> {
  return ((await ask(gateway, 'GET', `/${collection}/${id}`)).json() as { data: MigrationRun }).data;
}

/** Looks ten times a second: a process that is asked without a pause is busy, and a migration gives way to that. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  await eventually(async () => {
    await sleep(100);
    return condition();
  }, 60_000);
}

async function run(gateway: Reached, collection: string, kind: object = {}): Promise<MigrationRun> {
  let seen: MigrationRun = await start(gateway, collection, kind);
  await until(async () => (seen = await look(gateway, seen)).state !== 'running');
  return seen;
}

describeWithFpm('migrations of PHP data', (fpm) => {
  const postgres = requirePart('postgres');
  if (!postgres.isPresent) return it.todo(`left out: ${postgres.reason}`);
  let server: PostgresServer;
  let data: DonnaData;
  let gateway: TestGateway;
  /** Of a test, ended whatever has become of the others. */
  const ends: (() => Promise<void>)[] = [];
  let database = '';
  let databases = 0;

  beforeAll(async () => {
    [server, data] = await Promise.all([startPostgresServer(postgres.path), startDonnaData(fpm)]);
  });
  afterAll(async () => {
    await data.stop();
    await server.stop();
  });
  beforeEach(async () => {
    database = `donna${databases++}`;
    const url = await server.createDatabase(database);
    data.clear();
    gateway = await startTwinGateway(data, { env: { DATABASE_URL: url } });
    ends.push(() => gateway.stop());
  });
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  const count = async (table: string): Promise<number> =>
    Number((await server.ask(database, `select count(*) as n from ${table}`))[0]?.['n']);

  describe('forward', () => {
    it('carries every document once, and finds both sides equal by counts and hashes', async () => {
      const owners = manyOwners(40);
      for (const { owner, subject } of owners) data.plant('conversations', owner, conversationsOf(subject, 3));
      const first = await run(gateway, 'conversations');
      expect(first.state).toBe('complete');
      expect(first.progress).toMatchObject({ moved: 40, unchanged: 0, verified: 40, faults: { count: 0 } });
      expect(first.progress.php).toMatchObject({ owners: 40, items: 120 });
      expect(first.progress.rows).toEqual(first.progress.php);
      expect(await count('conversation')).toBe(120);
      expect(await count('conversation_message')).toBe(480);
      const before = await server.ask(database, 'select xmin::text, owner, id from conversation order by owner, id');
      const second = await run(gateway, 'conversations');
      expect(second.progress).toMatchObject({ moved: 0, unchanged: 40, verified: 40 });
      expect(second.progress.php.digest).toBe(first.progress.php.digest);
      // Not a row was written again.
      const after = await server.ask(database, 'select xmin::text, owner, id from conversation order by owner, id');
      expect(after).toEqual(before);
    });

    it('lists what is malformed, damaged or too large, carries the rest and ends incomplete', async () => {
      const owners = manyOwners(8).map(({ owner }) => owner);
      for (const owner of owners) data.plant('conversations', owner, conversationsOf(owner, 1));
      const [wrong = '', cut = '', latin = '', huge = ''] = owners;
      data.plant('conversations', wrong, '{"conversations":[{"id":7}]}');
      data.plant('conversations', cut, '{"conversations":[');
      data.plant('conversations', latin, Buffer.from('{"conversations":[]}\xff', 'latin1'));
      data.plant('conversations', huge, `{"conversations":[],"pad":"${'x'.repeat(12_000_001)}"}`);
      const { state, progress } = await run(gateway, 'conversations');
      expect(state).toBe('incomplete');
      expect(progress).toMatchObject({ moved: 4, verified: 4, php: { owners: 4 }, rows: { owners: 4 } });
      expect(Object.fromEntries(progress.unverified.listed.map(({ owner, why }) => [owner, why]))).toEqual({
        [wrong]: expect.stringContaining('malformed'),
        [cut]: expect.stringContaining('not JSON'),
        [latin]: expect.stringContaining('not UTF-8'),
        [huge]: expect.stringContaining('12000'),
      });
      expect(progress.faults.listed.map(({ owner }) => owner)).toEqual([wrong, cut, latin, huge].toSorted());
    });

    it('takes again what somebody has changed in the rows behind its back', async () => {
      const [{ owner, subject }] = manyOwners(1) as [{ owner: string; subject: string }];
      data.plant('conversations', owner, conversationsOf(subject, 2));
      await run(gateway, 'conversations');
      await server.ask(database, `update conversation set title = 'forged'`);
      const seen = await run(gateway, 'conversations', { verifyOnly: true });
      expect(seen.state).toBe('different');
      expect(seen.progress.different.listed).toEqual([
        { owner, why: 'the rows stand on this document and say something else' },
      ]);
      expect(await count(`conversation where title = 'forged'`)).toBe(2);
      const mended = await run(gateway, 'conversations');
      expect(mended).toMatchObject({ state: 'complete', progress: { mended: 1 } });
      expect(await count(`conversation where title = 'forged'`)).toBe(0);
    });
  });

  it('a dry run reads all, tells what it would carry and what is malformed, and writes nothing', async () => {
    const owners = manyOwners(5).map(({ owner }) => owner);
    for (const owner of owners) data.plant('settings', owner, '{"greeting":"Hi","knowledge":{"n":1.0}}');
    data.plant('settings', owners[0] ?? '', '"text"');
    const { state, progress } = await run(gateway, 'settings', { dryRun: true });
    expect(state).toBe('incomplete');
    expect(progress).toMatchObject({ moved: 4, unchanged: 0, faults: { count: 1 } });
    for (const table of ['chatbot_setting', 'replication_owner', 'migration_run']) expect(await count(table)).toBe(0);
    await run(gateway, 'settings');
    expect((await run(gateway, 'settings', { dryRun: true })).progress).toMatchObject({ moved: 0, unchanged: 4 });
  });

  it('a comparison tells what was never carried, and what PHP has written since', async () => {
    const [first, second] = manyOwners(2).map(({ owner }) => owner) as [string, string];
    data.plant('settings', first, '{"greeting":"Hi"}');
    await run(gateway, 'settings');
    data.plant('settings', first, '{"greeting":"Hi again"}');
    data.plant('settings', second, '{"greeting":"Hello"}');
    const { state, progress } = await run(gateway, 'settings', { verifyOnly: true });
    expect(state).toBe('different');
    expect(progress.php.digest).not.toBe(progress.rows.digest);
    expect(progress.different.listed).toEqual([
      { owner: first, why: expect.stringContaining('PHP has written since') },
      { owner: second, why: 'never carried into rows' },
    ]);
  });

  describe('back', () => {
    it('brings PHP what it has lost and what differs, and nothing else', async () => {
      const owners = manyOwners(6);
      for (const { owner, subject } of owners) data.plant('conversations', owner, conversationsOf(subject, 2));
      await run(gateway, 'conversations');
      const [lost = '', edited = '', written = ''] = owners.map(({ owner }) => owner);
      const original = data.document('conversations', lost);
      data.remove('conversations', lost);
      await server.ask(database, `update conversation set title = 'from rows' where owner = '${edited}'`);
      // PHP's own later write is nobody's to undo.
      data.plant('conversations', written, conversationsOf('newer', 1));
      const dry = await run(gateway, 'conversations', { direction: 'back', dryRun: true });
      expect(dry.progress).toMatchObject({ moved: 3, unchanged: 3 });
      expect(data.document('conversations', lost)).toBeUndefined();
      const back = await run(gateway, 'conversations', { direction: 'back' });
      expect(back.state).toBe('complete');
      expect(data.document('conversations', lost)).toEqual(original);
      expect(JSON.stringify(data.document('conversations', edited))).toContain('from rows');
      expect(JSON.stringify(data.document('conversations', written))).toContain('newer');
      const again = await run(gateway, 'conversations', { direction: 'back' });
      expect(again).toMatchObject({ state: 'complete', progress: { moved: 0, unchanged: 6 } });
      expect(again.progress.php).toEqual(back.progress.rows);
    });
  });

  it('two instances that are told to migrate at once make one run', async () => {
    for (const { owner, subject } of manyOwners(40)) data.plant('conversations', owner, conversationsOf(subject, 1));
    const other = await startTwinGateway(data, { env: { DATABASE_URL: server.urlOf(database) } });
    try {
      // Its first connection may be slow on a busy machine; that is another test's.
      await until(async () => (await ask(other, 'GET', '')).status === 200);
      const [here, there] = await Promise.all([start(gateway, 'conversations'), start(other, 'conversations')]);
      expect(here.id).toBe(there.id);
      expect([here.isJoined, there.isJoined].toSorted()).toEqual([false, true]);
      const refused = await ask(other, 'POST', '/conversations', { direction: 'back' });
      expect(refused.status).toBe(409);
      expect(refused.text).toContain('by boss');
      await until(async () => (await look(other, here)).state === 'complete');
      expect((await look(other, here)).progress).toMatchObject({ moved: 40, resumed: 0 });
    } finally {
      await other.stop();
    }
  });

  it('stops where it is told to, and the next one of its kind goes on there', async () => {
    for (const { owner, subject } of manyOwners(80)) data.plant('settings', owner, `{"greeting":"${subject}"}`);
    const begun = await start(gateway, 'settings');
    const stopped = await ask(gateway, 'DELETE', '/settings');
    expect(stopped.status).toBe(200);
    await until(async () => (await look(gateway, begun)).state === 'stopped');
    const { cursor, moved } = (await look(gateway, begun)).progress;
    expect(moved).toBeLessThan(80);
    const next = await start(gateway, 'settings');
    expect(next).toMatchObject({ id: begun.id, isResumed: true, progress: { cursor, moved } });
    await until(async () => (await look(gateway, begun)).state === 'complete');
    expect((await look(gateway, begun)).progress).toMatchObject({
      moved: 80,
      unchanged: 0,
      resumed: 1,
      verified: 80,
    });
  });

  it('goes on where a process was that was killed in the midst of it', async () => {
    const owners = manyOwners(120);
    for (const { owner, subject } of owners) data.plant('conversations', owner, conversationsOf(subject, 2));
    const doomed = await startGatewayProcess(twinTable(), data.origin, { DATABASE_URL: server.urlOf(database) });
    const begun = await start(doomed, 'conversations');
    await until(async () => (await look(gateway, begun)).progress.moved > 0);
    await doomed.stop();
    const left = await look(gateway, begun);
    expect(left).toMatchObject({ state: 'running', progress: { resumed: 0 } });
    // Nobody else goes on before its lease has run out.
    expect(await start(gateway, 'conversations')).toMatchObject({ id: begun.id, isJoined: true });
    await until(async () => (await look(gateway, begun)).isOrphaned);
    const next = await start(gateway, 'conversations');
    expect(next).toMatchObject({ id: begun.id, isResumed: true, progress: { cursor: left.progress.cursor } });
    await until(async () => (await look(gateway, begun)).state !== 'running');
    const { state, progress } = await look(gateway, begun);
    expect(state).toBe('complete');
    // Those that were carried but not noted are found to be as they should be.
    expect(progress.moved + progress.unchanged).toBe(120);
    expect(progress).toMatchObject({ resumed: 1, verified: 120, php: { owners: 120, items: 240 } });
    expect(progress.rows).toEqual(progress.php);
    expect(await count('conversation')).toBe(240);
  });

  it('waits for PHP that is away for a moment, and ends as if nothing had been', async () => {
    for (const { owner, subject } of manyOwners(40)) data.plant('settings', owner, `{"greeting":"${subject}"}`);
    const begun = await start(gateway, 'settings');
    data.php.freeze();
    await settle(2500);
    data.php.thaw();
    await until(async () => (await look(gateway, begun)).state !== 'running');
    expect(await look(gateway, begun)).toMatchObject({ state: 'complete', progress: { moved: 40, verified: 40 } });
  });

  it('refuses whoever is no administrator, and what it does not know', async () => {
    const asUser = await call(gateway.url, '/admin/api/migrations', { headers: bearer('eve') });
    expect(asUser.status).toBe(403);
    expect((await call(gateway.url, '/admin/api/migrations/settings', { method: 'POST' })).status).toBe(401);
    expect((await ask(gateway, 'POST', '/passwords', { direction: 'forward' })).status).toBe(404);
    expect((await ask(gateway, 'POST', '/settings', { direction: 'sideways' })).status).toBe(422);
    expect((await ask(gateway, 'POST', '/settings', { direction: 'back', force: true })).status).toBe(422);
    expect((await ask(gateway, 'GET', '/settings')).status).toBe(404);
    expect((await ask(gateway, 'GET', '/settings/1%27--')).status).toBe(404);
    expect((await ask(gateway, 'GET', '')).json()).toMatchObject({
      data: [{ collection: expect.any(String), run: null }, { run: null }],
    });
  });
});
