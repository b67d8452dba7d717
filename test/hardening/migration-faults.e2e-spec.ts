import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MigrationRun } from '../../src/replication/index.js';
import { requirePart } from '../setup/parts.js';
import {
  conversationsOf,
  type DonnaData,
  manyOwners,
  startDonnaData,
  startTwinGateway,
} from '../support/donna-data.js';
import { eventually } from '../support/eventually.js';
import { call } from '../support/http-call.js';
import { describeWithFpm } from '../support/php-fpm.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { bearer } from '../support/staged-site.js';
import type { TestGateway } from '../support/test-gateway.js';

jest.setTimeout(120_000);

const ADMIN = { ...bearer('boss', ['admin']), 'Content-Type': 'application/json' };
const LIMIT_BYTES = 12_000_000;

describeWithFpm('migrations and what happens in the midst of them', (fpm) => {
  const postgres = requirePart('postgres');
  if (!postgres.isPresent) return it.todo(`left out: ${postgres.reason}`);
  let server: PostgresServer;
  let data: DonnaData;
  let gateway: TestGateway;
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
  afterEach(async () => {
    server.thaw();
    for (const end of ends.splice(0).toReversed()) await end();
  });

  /** A gateway before data of its own; without a database of its own it has the embedded one. */
  const site = async (kind: 'postgres' | 'embedded' = 'postgres'): Promise<void> => {
    database = `faults${databases++}`;
    const env = kind === 'postgres' ? { DATABASE_URL: await server.createDatabase(database) } : {};
    data.clear();
    gateway = await startTwinGateway(data, { env });
    ends.push(() => gateway.stop());
  };
  const begin = async (collection: string, kind: object = {}): Promise<MigrationRun> => {
    const body = JSON.stringify({ direction: 'forward', ...kind });
    const answer = await call(gateway.url, `/admin/api/migrations/${collection}`, {
      method: 'POST',
      headers: ADMIN,
      body,
    });
    expect([answer.status, answer.text]).toEqual([202, expect.any(String)]);
    return (answer.json() as { data: MigrationRun }).data;
  };
  const end = async ({ collection, id }: MigrationRun): Promise<MigrationRun> => {
    let seen: MigrationRun | undefined;
    await eventually(async () => {
      await sleep(100);
      const answer = await call(gateway.url, `/admin/api/migrations/${collection}/${id}`, { headers: ADMIN });
      // Without its database a gateway does not know.
      seen = answer.status === 200 ? (answer.json() as { data: MigrationRun }).data : undefined;
      return seen !== undefined && seen.state !== 'running';
    }, 60_000);
    if (seen === undefined) throw new Error('never seen');
    return seen;
  };
  const run = async (collection: string, kind: object = {}): Promise<MigrationRun> =>
    end(await begin(collection, kind));
  const isUnderWay = (): Promise<void> =>
    eventually(async () => (await server.ask(database, 'select from replication_owner')).length > 2);
  const plantAll = (owners: ReturnType<typeof manyOwners>, count = 1): void => {
    for (const { owner, subject } of owners) data.plant('conversations', owner, conversationsOf(subject, count));
  };

  it('a Postgres that is killed and comes back is waited for, one that falls silent too', async () => {
    await site();
    plantAll(manyOwners(120));
    const begun = await begin('conversations');
    await isUnderWay();
    await server.kill();
    await server.start();
    await sleep(500);
    server.freeze();
    await sleep(4000);
    server.thaw();
    const { state, progress } = await end(begun);
    expect([state, progress.fault, progress.faults.listed, progress.unverified.listed]).toEqual([
      'complete',
      undefined,
      [],
      [],
    ]);
    expect(progress.moved + progress.unchanged).toBe(120);
    expect(progress).toMatchObject({ verified: 120, faults: { count: 0 }, php: { owners: 120, items: 120 } });
    expect(progress.rows).toEqual(progress.php);
  });

  it('documents that vanish, break or are written after they were listed are told, or carried once more', async () => {
    await site();
    const owners = manyOwners(100);
    plantAll(owners);
    const [early = '', broken = '', gone = ''] = [owners[0], owners.at(-1), owners.at(-2)].map((of) => of?.owner ?? '');
    const begun = await begin('conversations');
    await isUnderWay();
    data.remove('conversations', gone);
    data.plant('conversations', broken, '{"conversations":[');
    data.plant('conversations', early, conversationsOf('written by PHP meanwhile', 3));
    const { state, progress } = await end(begun);
    expect(state).toBe('incomplete');
    expect(progress.faults.listed).toEqual([
      { owner: gone, why: expect.stringContaining('has vanished since') },
      { owner: broken, why: expect.stringContaining('cannot be read') },
    ]);
    expect(progress.unverified.listed).toEqual([{ owner: broken, why: expect.stringContaining('not JSON') }]);
    expect(progress).toMatchObject({ mended: 1, different: { count: 0 }, php: { owners: 98, items: 100 } });
    expect(progress.rows).toEqual(progress.php);
    const rows = await server.ask(database, `select title from conversation where owner = '${early}'`);
    expect(rows.map(({ title }) => title)).toHaveLength(3);
  });

  it('a comparison finds a single byte that is another, on either side', async () => {
    await site();
    const owners = manyOwners(30);
    plantAll(owners);
    expect((await run('conversations')).state).toBe('complete');
    const [inRows = '', inPhp = ''] = [owners[7]?.owner, owners[21]?.owner];
    await server.ask(
      database,
      `update conversation_message set content = overlay(content placing 'W' from length(content) - 3 for 1)
       where owner = '${inRows}' and position = (select max(position) from conversation_message where owner = '${inRows}')`,
    );
    const file = join(data.folder, 'conversations', `${inPhp}.json`);
    const bytes = readFileSync(file);
    const at = bytes.lastIndexOf('words');
    bytes[at] = (bytes[at] ?? 0) ^ 0x20;
    data.plant('conversations', inPhp, bytes);
    const { state, progress } = await run('conversations', { verifyOnly: true });
    expect(state).toBe('different');
    expect(progress.different.listed).toEqual([
      { owner: inRows, why: 'the rows stand on this document and say something else' },
      { owner: inPhp, why: expect.stringContaining('PHP has written since') },
    ]);
    expect(progress.php.digest).not.toBe(progress.rows.digest);
    expect([progress.php.owners, progress.php.items]).toEqual([progress.rows.owners, progress.rows.items]);
  });

  it('a dry run changes no byte of PHP’s files and no row, whichever way', async () => {
    await site();
    const owners = manyOwners(12);
    plantAll(owners, 2);
    await run('conversations');
    data.remove('conversations', owners[0]?.owner ?? '');
    data.plant('conversations', owners[1]?.owner ?? '', conversationsOf('newer', 1));
    await server.ask(database, `update conversation set title = 'x' where owner = '${owners[2]?.owner ?? ''}'`);
    const before = await everything();
    for (const direction of ['forward', 'back']) {
      const dry = await run('conversations', { direction, dryRun: true });
      expect(dry.progress).toMatchObject({ moved: 3, unchanged: 9 });
    }
    expect(await everything()).toEqual(before);
  });

  /** The hash of each file of PHP's and of each table's rows, with the transactions that wrote them. */
  const everything = async (): Promise<readonly string[]> => {
    const files = readdirSync(data.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => {
        const hash = createHash('sha256').update(readFileSync(join(parentPath, name)));
        return `${parentPath}/${name} ${hash.digest('hex')}`;
      });
    const tables = await server.ask(database, `select tablename from pg_tables where schemaname = 'public'`);
    const rows = tables.map(async ({ tablename }) => {
      const [row] = await server.ask(
        database,
        `select md5(coalesce(string_agg(xmin::text || t::text, ';' order by t::text), '')) as hash from ${tablename} t`,
      );
      return `${String(tablename)} ${String(row?.['hash'])}`;
    });
    return [...files, ...(await Promise.all(rows))].toSorted();
  };

  it('the embedded database takes an owner with as much as PHP may send, and gives it back', async () => {
    await site('embedded');
    const owners = manyOwners(8);
    plantAll(owners);
    const large = owners[3]?.owner ?? '';
    const [known] = (JSON.parse(conversationsOf('large', 1)) as { conversations: Record<string, unknown>[] })
      .conversations;
    const made = (room: number): object => ({
      conversations: [{ ...known, messages: [{ role: 'user', content: 'x'.repeat(room) }] }],
    });
    const frame = Buffer.byteLength(JSON.stringify(made(0)));
    data.plant('conversations', large, JSON.stringify(made(LIMIT_BYTES - frame)));
    const forward = await run('conversations');
    expect([forward.state, forward.progress.faults.listed]).toEqual(['complete', []]);
    expect(forward.progress).toMatchObject({ moved: 8, verified: 8, php: { owners: 8, items: 8 } });
    data.remove('conversations', owners[0]?.owner ?? '');
    const back = await run('conversations', { direction: 'back' });
    expect(back).toMatchObject({ state: 'complete', progress: { moved: 1, unchanged: 7 } });
    expect(data.document('conversations', large)).toEqual(made(LIMIT_BYTES - frame));
  });

  // PHP's check of what is put back was stricter than PHP itself: what an older or newer PHP had written could not go back.
  it('brings back all that PHP has ever kept, also what this version does not know', async () => {
    await site();
    const [{ owner, subject }] = manyOwners(1) as [{ owner: string; subject: string }];
    const { conversations } = JSON.parse(conversationsOf(subject, 205)) as { conversations: Record<string, unknown>[] };
    const unlike: readonly Record<string, unknown>[] = [
      { pinned: true, labels: { a: [1, { b: null }] }, ['']: 'no name' },
      { messages: [{ role: 'tool', content: '{}', calls: [{ id: 1 }], at: 'now' }] },
      { messages: Array.from({ length: 130 }, () => ({ role: 'user', content: 'x' })) },
      { status: 'snoozed', metadata: '', title: 'ä'.repeat(5000), message_count: -1, last_message_preview: '' },
      { metadata: JSON.stringify({ note: 'x'.repeat(70_000) }) },
    ];
    const document = { conversations: conversations.map((known, index) => ({ ...known, ...unlike[index] })) };
    data.plant('conversations', owner, JSON.stringify(document));
    expect((await run('conversations')).state).toBe('complete');
    data.remove('conversations', owner);
    const back = await run('conversations', { direction: 'back' });
    expect([back.state, back.progress.faults, back.progress.unverified]).toEqual([
      'complete',
      { count: 0, listed: [] },
      { count: 0, listed: [] },
    ]);
    expect(data.document('conversations', owner)).toEqual(document);
  });
});
