import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseError } from 'pg';
import { describeWith } from '../../test/setup/parts.js';
import { AUDIT_ROW, makeLog } from '../../test/support/database-parts.js';
import { eventually } from '../../test/support/eventually.js';
import { type PostgresServer, startPostgresServer } from '../../test/support/postgres-server.js';
import { Metrics } from '../metrics/index.js';
import { measureDatabase } from './database-metrics.js';
import { EmbeddedDatabase } from './embedded/embedded-database.js';
import { type Database, DatabaseUnavailableError } from './index.js';
import { migrateDown, migrateUp } from './migrate.js';
import { MIGRATIONS } from './migrations/migrations.js';
import { PostgresDatabase } from './postgres/postgres-database.js';

/** What must hold on both. `make` opens the same data again. */
function behavesAsDatabase(make: () => Database): void {
  let database: Database;
  beforeAll(async () => {
    database = make();
    await database.onModuleInit();
    await database.db();
  }, 60_000);
  afterAll(async () => database.close());
  afterEach(async () => {
    const db = await database.db();
    await db.deleteFrom('stage_override').execute();
    await db.deleteFrom('stage_audit').execute();
  });

  it('is up once it has been used, with the tables of every migration', async () => {
    expect([database.state, database.hasData]).toEqual(['up', true]);
    const { rows } = await sql<{ name: string }>`select name from gateway_migration`.execute(await database.db());
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(MIGRATIONS));
  });

  it('gives bigint as text, timestamps as Date and jsonb parsed', async () => {
    const db = await database.db();
    const evidence = { samples: 3000, list: [1, 'two', null] };
    const row = await db
      .insertInto('stage_audit')
      .values({ ...AUDIT_ROW, evidence: JSON.stringify(evidence) })
      .returningAll()
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ ...AUDIT_ROW, evidence });
    expect(row.id).toMatch(/^\d+$/);
    expect(row.at).toBeInstanceOf(Date);
    const { rows } = await sql`select 9007199254740993::bigint as big, count(*) as n from stage_audit`.execute(db);
    expect(rows).toEqual([{ big: '9007199254740993', n: '1' }]);
  });

  it('tells how each statement went, by its first word alone', async () => {
    const db = await database.db();
    const metrics = new Metrics();
    measureDatabase(metrics, database);
    await db.selectFrom('stage_audit').selectAll().where('route', '=', 'eve@example.com').execute();
    await sql`  SELECT 1 as secret_note`.execute(db);
    await database.transaction(async (trx) => {
      await trx.deleteFrom('stage_audit').execute();
    });
    await expect(sql`select 1 / 0`.execute(db)).rejects.toThrow();
    await expect(sql`frobnicate the_table`.execute(db)).rejects.toThrow();
    const { text } = await metrics.render();
    const lines = text.split('\n');
    expect(lines).toContain('donna_database_query_seconds_count{operation="select"} 3');
    expect(lines).toContain('donna_database_query_seconds_count{operation="delete"} 1');
    expect(lines).toContain('donna_database_errors_total{operation="select",fault="refused"} 1');
    expect(lines).toContain('donna_database_errors_total{operation="other",fault="refused"} 1');
    expect(lines).toContain(`donna_database_up{kind="${database.kind}"} 1`);
    expect(lines.some((line) => line.startsWith('donna_database_connections{state="idle"} '))).toBe(
      database.kind === 'postgres',
    );
    expect(text).not.toMatch(/eve@|secret_note|the_table|stage_audit/);
  });

  it('tells how many rows a change met', async () => {
    const db = await database.db();
    const row = { route: 'a', stage: 'proxy', weight: 0, changed_by: 'x', reason: 'y' } as const;
    await db.insertInto('stage_override').values(row).execute();
    const updated = await db
      .updateTable('stage_override')
      .set({ weight: 7 })
      .where('route', '=', 'a')
      .executeTakeFirst();
    expect(updated.numUpdatedRows).toBe(1n);
    const deleted = await db.deleteFrom('stage_override').where('route', '=', 'b').executeTakeFirst();
    expect(deleted.numDeletedRows).toBe(0n);
  });

  it.each([
    ['a stage that there is not', { stage: 'gone' as 'proxy', weight: 0 }],
    ['a weight below 0', { stage: 'canary' as const, weight: -1 }],
    ['a weight above 100', { stage: 'canary' as const, weight: 101 }],
  ])('refuses %s, by the constraint’s code', async (_title, wrong) => {
    const db = await database.db();
    const row = { route: 'a', changed_by: 'x', reason: 'y', ...wrong };
    await expect(db.insertInto('stage_override').values(row).execute()).rejects.toMatchObject({ code: '23514' });
  });

  it('takes what is given as a value, never as SQL', async () => {
    const hostile = `'); drop table stage_audit; -- \u0001"\\`;
    const db = await database.db();
    await db
      .insertInto('stage_audit')
      .values({ ...AUDIT_ROW, reason: hostile, evidence: JSON.stringify(hostile) })
      .execute();
    const row = await db.selectFrom('stage_audit').selectAll().where('reason', '=', hostile).executeTakeFirst();
    expect([row?.reason, row?.evidence]).toEqual([hostile, hostile]);
  });

  it('rolls back a transaction that throws, and keeps one that does not', async () => {
    const fail = database.transaction(async (trx) => {
      await trx.insertInto('stage_audit').values(AUDIT_ROW).execute();
      throw new Error('changed my mind');
    });
    await expect(fail).rejects.toThrow('changed my mind');
    const done = await database.transaction(async (trx) => {
      await trx
        .insertInto('stage_audit')
        .values({ ...AUDIT_ROW, route: 'kept' })
        .execute();
      return 'done';
    });
    expect(done).toBe('done');
    const rows = await (await database.db()).selectFrom('stage_audit').select('route').execute();
    expect(rows).toEqual([{ route: 'kept' }]);
  });

  it('keeps a stranger’s query out of an open transaction', async () => {
    const db = await database.db();
    let stranger: Promise<unknown> = Promise.resolve();
    const failed = database.transaction(async (trx) => {
      await trx
        .insertInto('stage_audit')
        .values({ ...AUDIT_ROW, route: 'inside' })
        .execute();
      stranger = db
        .insertInto('stage_audit')
        .values({ ...AUDIT_ROW, route: 'stranger' })
        .execute();
      await trx.selectFrom('stage_audit').selectAll().execute();
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    await stranger;
    expect(await db.selectFrom('stage_audit').select('route').execute()).toEqual([{ route: 'stranger' }]);
  });

  it('runs many transactions at once, each whole', async () => {
    await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        database
          .transaction(async (trx) => {
            await trx
              .insertInto('stage_audit')
              .values({ ...AUDIT_ROW, route: `r${i}` })
              .execute();
            await trx
              .insertInto('stage_audit')
              .values({ ...AUDIT_ROW, route: `r${i}` })
              .execute();
            if (i % 3 === 0) throw new Error('no');
          })
          .catch(() => undefined),
      ),
    );
    const db = await database.db();
    const rows = await db
      .selectFrom('stage_audit')
      .select((of) => ['route', of.fn.countAll().as('n')])
      .groupBy('route')
      .execute();
    expect(rows).toHaveLength(20);
    expect(new Set(rows.map(({ n }) => n))).toEqual(new Set(['2']));
  });

  it('does not let a statement’s error spoil what follows', async () => {
    const db = await database.db();
    await expect(sql`select 1 / 0`.execute(db)).rejects.toMatchObject({ code: '22012' });
    await expect(database.transaction((trx) => sql`select nonsense`.execute(trx))).rejects.toMatchObject({
      code: '42703',
    });
    expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }]);
  });

  it('gives and takes each kind of value as the other database does', async () => {
    const db = await database.db();
    const at = new Date('2026-11-23T10:20:30.456Z');
    const bytes = Buffer.from([0, 1, 0x5c, 0x27, 0xff]);
    const { rows } =
      await sql`select ${at}::timestamptz as at, ${bytes}::bytea as bytes, ${['a,"b"', null, '{}']}::text[] as list,
      ${[1, 2]}::int[] as numbers, ${{ a: [1, { b: null }] }}::jsonb as tree, ${JSON.stringify([1])}::jsonb as array,
      ${true}::boolean as yes, ${null}::text as nothing, ${1.5}::float8 as float, ${'12.30'}::numeric as exact,
      ${10n ** 17n}::bigint as big, ${7}::int as small, 'x'::text as unicode, ${'ü😀'}::text as emoji, '2026-02-01'::date as day,
      '3 days 02:00'::interval as span`.execute(db);
    expect(rows).toEqual([
      {
        at,
        bytes,
        list: ['a,"b"', null, '{}'],
        numbers: [1, 2],
        tree: { a: [1, { b: null }] },
        array: [1],
        yes: true,
        nothing: null,
        float: 1.5,
        exact: '12.30',
        big: '100000000000000000',
        small: 7,
        unicode: 'x',
        emoji: 'ü😀',
        day: new Date(2026, 1, 1),
        span: expect.objectContaining({ days: 3, hours: 2 }),
      },
    ]);
    expect(rows[0]).toHaveProperty('at', expect.any(Date));
  });

  it('gives a large result whole and in order', async () => {
    const db = await database.db();
    const { rows } = await sql<{ g: number; x: string }>`
      select g, repeat('x', g % 100) as x from generate_series(1, 20000) as g`.execute(db);
    expect(rows).toHaveLength(20_000);
    expect(rows.every(({ g, x }, i) => g === i + 1 && x.length === g % 100)).toBe(true);
  });

  it('tells an error with all that Postgres says of it', async () => {
    const db = await database.db();
    const row = { route: 'a', stage: 'proxy', weight: 0, changed_by: 'x', reason: 'y' } as const;
    await db.insertInto('stage_override').values(row).execute();
    const error = await db
      .insertInto('stage_override')
      .values(row)
      .execute()
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error).toMatchObject({
      message: 'duplicate key value violates unique constraint "stage_override_pkey"',
      code: '23505',
      severity: 'ERROR',
      detail: 'Key (route)=(a) already exists.',
      schema: 'public',
      table: 'stage_override',
      constraint: 'stage_override_pkey',
    });
    await expect(sql`select nonsense`.execute(db)).rejects.toMatchObject({ code: '42703', position: '8' });
  });

  it('goes back to a savepoint, and keeps what was done before it', async () => {
    const db = await database.db();
    const trx = await db.startTransaction().execute();
    await trx
      .insertInto('stage_audit')
      .values({ ...AUDIT_ROW, route: 'before' })
      .execute();
    const saved = await trx.savepoint('here').execute();
    await saved
      .insertInto('stage_audit')
      .values({ ...AUDIT_ROW, route: 'after' })
      .execute();
    await expect(sql`select 1 / 0`.execute(saved)).rejects.toMatchObject({ code: '22012' });
    await saved.rollbackToSavepoint('here').execute();
    await trx.commit().execute();
    expect(await db.selectFrom('stage_audit').select('route').execute()).toEqual([{ route: 'before' }]);
  });

  it('tells that a transaction was not kept when its error was swallowed', async () => {
    const swallowed = database.transaction(async (trx) => {
      await trx.insertInto('stage_audit').values(AUDIT_ROW).execute();
      await sql`select 1 / 0`.execute(trx).catch(() => undefined);
    });
    await expect(swallowed).rejects.toThrow();
    expect(await (await database.db()).selectFrom('stage_audit').select('route').execute()).toEqual([]);
  });

  it('holds a transaction to its isolation level and access mode', async () => {
    const db = await database.db();
    const work = db.transaction().setIsolationLevel('serializable').setAccessMode('read only');
    const level = await work.execute(async (trx) => (await sql`show transaction_isolation`.execute(trx)).rows);
    expect(level).toEqual([{ transaction_isolation: 'serializable' }]);
    await expect(work.execute((trx) => trx.deleteFrom('stage_audit').execute())).rejects.toMatchObject({
      code: '25006',
    });
  });

  it('hears what is told, in order, once a transaction commits and never when it does not', async () => {
    const heard: string[] = [];
    const other: string[] = [];
    let listening = 0;
    const listener = { onMessage: (text: string) => heard.push(text), onListening: () => listening++ };
    const ends = [
      database.listen('told', listener),
      database.listen('other', { onMessage: (text) => other.push(text) }),
    ];
    await eventually(() => listening === 1);
    await database.notify('told', 'a');
    await database.transaction(async (trx) => {
      await database.notify('told', 'b: "quoted" ü', trx);
      await trx.selectFrom('stage_audit').selectAll().execute();
    });
    await database
      .transaction(async (trx) => {
        await database.notify('told', 'never', trx);
        throw new Error('no');
      })
      .catch(() => undefined);
    await database.notify('told', '');
    await eventually(() => heard.length === 3);
    expect([heard, other]).toEqual([['a', 'b: "quoted" ü', ''], []]);
    // A second listener of a channel is told that it listens, too; the first one's end does not end it.
    const second: string[] = [];
    let secondListens = 0;
    ends.push(database.listen('told', { onMessage: (text) => second.push(text), onListening: () => secondListens++ }));
    await eventually(() => secondListens === 1);
    ends[0]?.();
    await database.notify('told', 'c');
    await eventually(() => second.length === 1);
    expect([heard.length, listening]).toEqual([3, 1]);
    for (const end of ends) end();
  });

  it('refuses a channel’s name that is SQL, and a payload that Postgres would not take', async () => {
    const listener = { onMessage: () => undefined };
    for (const name of ['', 'a;drop table stage_audit', 'A', `x${'y'.repeat(63)}`, 'a"b'])
      expect(() => database.listen(name, listener)).toThrow(RangeError);
    await expect(database.notify('told', 'ü'.repeat(4000))).rejects.toBeInstanceOf(RangeError);
    await database.notify('told', 'x'.repeat(7999));
  });

  it('migrates down and up again', async () => {
    const db = await database.db();
    const names = Object.keys(MIGRATIONS);
    for (const name of names.toReversed()) expect(await migrateDown(db)).toBe(name);
    await expect(db.selectFrom('stage_audit').selectAll().execute()).rejects.toMatchObject({ code: '42P01' });
    expect(await migrateDown(db)).toBeUndefined();
    expect(await migrateUp(db)).toEqual({ run: names, unknown: [] });
    expect(await migrateUp(db)).toEqual({ run: [], unknown: [] });
  }, 60_000);

  it('tells a migration that fails by its name, and keeps what went before', async () => {
    const db = await database.db();
    const step = (statement: string) => ({
      up: async (on: typeof db) => void (await sql.raw(statement).execute(on)),
      down: async (on: typeof db) => void (await sql.raw('drop table made').execute(on)),
    });
    const migrations = {
      ...MIGRATIONS,
      '9998-good': step('create table made (id integer)'),
      '9999-bad': {
        ...step(''),
        up: async (on: typeof db) => {
          await sql`create table half (id integer)`.execute(on);
          await sql`select nonsense`.execute(on);
        },
      },
    };
    const failed = migrateUp(db, migrations);
    await expect(failed).rejects.toBeInstanceOf(DatabaseUnavailableError);
    await expect(failed).rejects.toThrow(/^Migration 9999-bad failed and was rolled back: 42703$/);
    await expect(sql`select * from half`.execute(db)).rejects.toMatchObject({ code: '42P01' });
    expect((await sql`select * from made`.execute(db)).rows).toEqual([]);
    // The version that does not know it still runs on it; one that lacks it and has another does not.
    expect(await migrateUp(db)).toEqual({ run: [], unknown: ['9998-good'] });
    await expect(migrateUp(db, { ...MIGRATIONS, '9998-other': step('') })).rejects.toThrow(
      /9998-good.*lacks 9998-other/,
    );
    expect(await migrateDown(db, { ...MIGRATIONS, '9998-good': step('') })).toBe('9998-good');
  });

  it('keeps what was acknowledged when it is closed and opened again, and is of no use when closed', async () => {
    const db = await database.db();
    await db
      .insertInto('stage_audit')
      .values({ ...AUDIT_ROW, route: 'kept' })
      .execute();
    await database.close();
    await expect(database.db()).rejects.toBeInstanceOf(DatabaseUnavailableError);
    database = make();
    const rows = await (await database.db()).selectFrom('stage_audit').select('route').execute();
    expect(rows).toEqual([{ route: 'kept' }]);
  }, 60_000);
}

describe('an embedded database', () => {
  const folder = mkdtempSync(join(tmpdir(), 'donna-embedded-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  behavesAsDatabase(() => new EmbeddedDatabase(join(folder, 'postgres'), makeLog().logger));
});

describeWith('postgres', 'a real database', (program) => {
  let server: PostgresServer;
  let url = '';
  beforeAll(async () => {
    server = await startPostgresServer(program);
    url = await server.createDatabase('suite');
  }, 60_000);
  afterAll(async () => server.stop());
  behavesAsDatabase(() => new PostgresDatabase(url, makeLog().logger));
});

it('migrations stand in the order of their names', () => {
  expect(Object.keys(MIGRATIONS)).toEqual(Object.keys(MIGRATIONS).toSorted());
});
