import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTemplate } from '../../src/database/embedded/database-folder.js';
import { EmbeddedDatabase } from '../../src/database/embedded/embedded-database.js';
import { PGliteThread } from '../../src/database/embedded/pglite-thread.js';
import { DatabaseUnavailableError } from '../../src/database/index.js';
import { AUDIT_ROW, makeLog } from '../support/database-parts.js';
import { eventually } from '../support/eventually.js';

/** Takes the engine the better part of a second, and has one row. */
const HEAVY = sql`select count(*) as n from generate_series(1, 1000000)`;
/** Takes it for ever. */
const ENDLESS = sql`select count(*) as n from generate_series(1, 1000000000000)`;

/** The thread that a database runs in. */
function threadOf(database: EmbeddedDatabase): { terminate(): Promise<number> } {
  const running = Reflect.get(database, 'running') as { readonly thread: PGliteThread };
  return Reflect.get(running.thread, 'worker') as { terminate(): Promise<number> };
}

describe('embedded databases and the thread that they run in', () => {
  let home = '';
  let data = '';
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'donna-engine-'));
    data = join(home, '.data/postgres');
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it('are not waited for by who stops while they are made', async () => {
    const { told, logger } = makeLog();
    const database = new EmbeddedDatabase(data, logger);
    const wanted = expect(database.db()).rejects.toThrow(/has been closed/);
    await database.close();
    await wanted;
    // The next test makes it.
    expect([told, existsSync(data)]).toEqual([[], false]);
  }, 60_000);

  it('leave the gateway’s own thread free while they are made, opened and asked for much', async () => {
    // Kysely and the rest: what is measured is the engine.
    await import('../../src/database/embedded/start-embedded.js');
    const database = new EmbeddedDatabase(data, makeLog().logger);
    let turns = 0;
    const timer = setInterval(() => turns++, 10);
    try {
      await database.db();
      expect(turns).toBeGreaterThan(5);
      turns = 0;
      await HEAVY.execute(await database.db());
      // In the same thread it would be 0, or 1.
      expect(turns).toBeGreaterThan(5);
      turns = 0;
      const { rows } = await sql`select g, now() as at from generate_series(1, 80000) as g`.execute(
        await database.db(),
      );
      expect(rows).toHaveLength(80_000);
      expect(turns).toBeGreaterThan(5);
    } finally {
      clearInterval(timer);
      await database.close();
    }
  }, 60_000);

  it('are opened again when their thread has ended in the midst of work, which is told so', async () => {
    const { told, logger } = makeLog();
    const database = new EmbeddedDatabase(data, logger);
    const heard: string[] = [];
    let listening = 0;
    database.listen('stages', { onMessage: (text) => heard.push(text), onListening: () => listening++ });
    const db = await database.db();
    await db.deleteFrom('stage_audit').execute();
    await db.insertInto('stage_audit').values(AUDIT_ROW).execute();
    const underWay = database.transaction(async (trx) => {
      await trx.deleteFrom('stage_audit').execute();
      await ENDLESS.execute(trx);
    });
    const waiting = db.selectFrom('stage_audit').selectAll().execute();
    const cut = [underWay, waiting].map((work) => expect(work).rejects.toBeInstanceOf(DatabaseUnavailableError));
    await threadOf(database).terminate();
    await Promise.all(cut);
    expect(database.state).toBe('down');
    expect(told.filter((line) => line.includes('broke down'))).toHaveLength(1);
    // For a second it is not even tried.
    await expect(database.db()).rejects.toBeInstanceOf(DatabaseUnavailableError);
    // Whoever kept the old one is told as well.
    await expect(sql`select 1`.execute(db)).rejects.toBeInstanceOf(DatabaseUnavailableError);
    await eventually(async () => (await database.db().catch(() => undefined)) !== undefined, 30_000);
    const kept = await (await database.db()).selectFrom('stage_audit').select('route').execute();
    expect(kept).toEqual([{ route: 'a' }]);
    await database.notify('stages', 'again');
    await eventually(() => heard.length === 1);
    expect(listening).toBe(2);
    await database.close();
  }, 60_000);

  it('end a statement that does not end, and are opened again', async () => {
    const { told, logger } = makeLog();
    const database = new EmbeddedDatabase(data, logger, { turnWithinMs: 10_000, statementWithinMs: 1500 });
    await expect(ENDLESS.execute(await database.db())).rejects.toThrow(/a statement took longer than 1500 ms/);
    expect(told.some((line) => line.includes('broke down'))).toBe(true);
    await eventually(async () => (await database.db().catch(() => undefined)) !== undefined, 30_000);
    await database.close();
  }, 60_000);

  it('refuse what would fill the memory, and go on', async () => {
    const database = new EmbeddedDatabase(data, makeLog().logger);
    const db = await database.db();
    const wide = sql`select repeat('x', 1000) as x from generate_series(1, 100000)`;
    await expect(wide.execute(db)).rejects.toMatchObject({ code: '54000' });
    const held = sql`select length(string_agg(repeat('x', 1000000), '')) from generate_series(1, 1000)`;
    await expect(held.execute(db)).rejects.toMatchObject({ code: '53200' });
    expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }]);
    expect(database.state).toBe('up');
    await database.close();
  }, 60_000);

  // PGlite swallows the trap: it answers with nothing at all, or never.
  it('are opened again when a statement has filled the engine’s stack, which is no answer', async () => {
    const database = new EmbeddedDatabase(data, makeLog().logger);
    const deep = sql`select (repeat('[', 300000) || repeat(']', 300000))::jsonb`;
    await expect(deep.execute(await database.db())).rejects.toThrow();
    await eventually(async () => {
      const db = await database.db().catch(() => undefined);
      return db !== undefined && (await sql`select 1`.execute(db)).rows.length === 1;
    }, 30_000);
    await database.close();
  }, 60_000);

  // 100,000 levels ended the engine, for a second and for everybody.
  it('refuse JSON that is nested deeper than the engine bears, as a real Postgres does, and go on', async () => {
    const database = new EmbeddedDatabase(data, makeLog().logger);
    const db = await database.db();
    const nested = (depth: number): string => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`;
    const save = (evidence: string): Promise<unknown> =>
      db
        .insertInto('stage_audit')
        .values({ ...AUDIT_ROW, evidence })
        .execute();
    for (const depth of [5002, 100_000, 1_000_000])
      await expect(save(nested(depth))).rejects.toMatchObject({ code: '54001' });
    await save(nested(5000));
    // What is no JSON, and brackets within its texts, are none of this.
    await save(JSON.stringify('['.repeat(100_000)));
    await save(JSON.stringify([`"${'[{'.repeat(50_000)}`]));
    const text = sql<{ n: number }>`select length(${`a${'['.repeat(100_000)}`}) as n`;
    expect((await text.execute(db)).rows).toEqual([{ n: 100_001 }]);
    expect(database.state).toBe('up');
    await database.close();
  }, 60_000);

  it('do not hang on a transaction that waits for itself', async () => {
    const database = new EmbeddedDatabase(data, makeLog().logger, { turnWithinMs: 300, statementWithinMs: 30_000 });
    const selfish = database.transaction(async (trx) => {
      await trx
        .insertInto('stage_audit')
        .values({ ...AUDIT_ROW, route: 'selfish' })
        .execute();
      await (await database.db()).selectFrom('stage_audit').selectAll().execute();
    });
    await expect(selfish).rejects.toThrow(/busy for 300 ms: .*would wait for itself/);
    const db = await database.db();
    const rows = await db.selectFrom('stage_audit').select('route').where('route', '=', 'selfish').execute();
    expect(rows).toEqual([]);
    await database.close();
  }, 60_000);

  it('are made, readable for their user alone, from a template that is used only as it was kept', async () => {
    const kept = findTemplate() ?? '';
    expect(existsSync(join(kept, 'data/PG_VERSION'))).toBe(true);
    const template = join(home, 'cache/template');
    cpSync(kept, template, { recursive: true });
    // As a machine that lost its power would leave it.
    writeFileSync(join(template, 'data/global/pg_control'), '');
    const events = { onNotification: () => undefined, onLost: () => undefined };
    const { signal } = new AbortController();
    // Two at once find it damaged, and both want to keep another.
    const threads = await Promise.all(
      ['one', 'two'].map((name) => PGliteThread.start({ folder: join(home, name), template }, events, signal)),
    );
    await Promise.all(threads.map((thread) => thread.close()));
    const again = await PGliteThread.start({ folder: join(home, 'three'), template }, events, signal);
    expect(await again.run({ sql: 'select 1', parameters: [] }, 30_000, () => undefined)).toBe('SELECT 1');
    await again.close();
    expect(readFileSync(join(template, 'data/global/pg_control'))).not.toHaveLength(0);
    for (const name of ['one', 'two', 'three']) expect(statSync(join(home, name)).mode & 0o077).toBe(0);
  }, 90_000);
});
