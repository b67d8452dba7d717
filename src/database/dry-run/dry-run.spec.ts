import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWith } from '../../../test/setup/parts.js';
import { eventually } from '../../../test/support/eventually.js';
import { type PostgresServer, startPostgresServer } from '../../../test/support/postgres-server.js';
import type { Logger } from '../../trace/index.js';
import { EmbeddedDatabase } from '../embedded/embedded-database.js';
import { type Database, DryRunError } from '../index.js';
import { PostgresDatabase } from '../postgres/postgres-database.js';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;
const AUDIT = { from_stage: 'proxy', from_weight: 0, to_stage: 'mirror', to_weight: 0, by: 'x', reason: 'y' } as const;

/** What must hold on both databases. */
function rollsDryRunsBack(make: () => Database): void {
  let database: Database;
  beforeAll(async () => {
    database = make();
    await database.onModuleInit();
    await database.db();
  }, 60_000);
  afterAll(async () => database.close());
  afterEach(async () => {
    await (await database.db()).deleteFrom('stage_audit').execute();
  });

  const note = async (route: string): Promise<void> => {
    const db = await database.db();
    await db
      .insertInto('stage_audit')
      .values({ ...AUDIT, route })
      .execute();
  };
  const routes = async (): Promise<readonly string[]> => {
    const db = await database.db();
    const rows = await db.selectFrom('stage_audit').select('route').orderBy('route').execute();
    return rows.map(({ route }) => route);
  };

  it('shows the work what it wrote, however it wrote it, and nobody else, and leaves nothing of it', async () => {
    await note('before');
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let wrote: () => void = () => undefined;
    const written = new Promise<void>((resolve) => (wrote = resolve));
    const run = database.dryRun(async () => {
      expect(database.isDryRun).toBe(true);
      await note('a');
      await database.transaction((trx) =>
        trx
          .insertInto('stage_audit')
          .values({ ...AUDIT, route: 'b' })
          .execute(),
      );
      wrote();
      await held;
      return routes();
    }, 15_000);
    await written;
    // Read while it is open where there is another connection; on the one of the embedded database afterwards.
    const seen = routes();
    if (database.kind === 'postgres') expect(await seen).toEqual(['before']);
    release();
    expect(await run).toEqual(['a', 'b', 'before']);
    expect(await seen).toEqual(['before']);
    expect(database.isDryRun).toBe(false);
    expect(await routes()).toEqual(['before']);
  });

  it('keeps transactions of the work apart, whole or not at all, and errors from spoiling what follows', async () => {
    const seen = await database.dryRun(async () => {
      const bad = database.transaction(async (trx) => {
        await trx
          .insertInto('stage_audit')
          .values({ ...AUDIT, route: 'bad' })
          .execute();
        throw new Error('no');
      });
      const all = await Promise.allSettled([
        bad,
        ...['a', 'b', 'c'].map((route) =>
          database.transaction((trx) =>
            trx
              .insertInto('stage_audit')
              .values({ ...AUDIT, route })
              .execute(),
          ),
        ),
        database.db().then((db) => sql`select 1 / 0`.execute(db)),
        database.transaction((trx) => sql`select nonsense`.execute(trx)),
      ]);
      expect(all.map(({ status }) => status)).toEqual([
        'rejected',
        'fulfilled',
        'fulfilled',
        'fulfilled',
        'rejected',
        'rejected',
      ]);
      return routes();
    });
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(await routes()).toEqual([]);
  });

  it('leaves nothing of work that throws, and passes its error on', async () => {
    const run = database.dryRun(async () => {
      await note('a');
      throw new Error('changed my mind');
    });
    await expect(run).rejects.toThrow('changed my mind');
    expect(await routes()).toEqual([]);
  });

  it('rolls back work that never ends, and frees the place', async () => {
    const never = database.dryRun(async () => {
      await note('a');
      await new Promise(() => undefined);
    }, 100);
    await expect(never).rejects.toMatchObject({ name: 'DryRunError', code: 'late' });
    expect(await routes()).toEqual([]);
    for (let i = 0; i < 5; i++) expect(await database.dryRun(routes)).toEqual([]);
  });

  it('lets nothing be written for real by work that goes on after the roll-back', async () => {
    const faults: unknown[] = [];
    let goOn: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (goOn = resolve));
    await database.dryRun(async () => {
      const kept = await database.db();
      const late = [
        () => note('late'),
        () => database.transaction((trx) => trx.deleteFrom('stage_audit').execute()),
        () => kept.deleteFrom('stage_audit').execute(),
        () => database.notify('told', 'late'),
      ];
      for (const work of late)
        void ended.then(async () => void (await work())).catch((error: unknown) => faults.push(error));
    });
    await note('real');
    goOn();
    await eventually(() => faults.length === 4);
    expect(faults.every((fault) => fault instanceof DryRunError && fault.code === 'ended')).toBe(true);
    expect(await routes()).toEqual(['real']);
  });

  it('keeps a statement that is under way at the end within the transaction', async () => {
    let slow: Promise<unknown> = Promise.resolve();
    await database.dryRun(async () => {
      slow = note('under way');
      slow.catch(() => undefined);
      await Promise.resolve();
    });
    await Promise.allSettled([slow]);
    expect(await routes()).toEqual([]);
  });

  it('refuses a Kysely that was taken before it, which would write for real', async () => {
    const before = await database.db();
    const run = database.dryRun(() =>
      before
        .insertInto('stage_audit')
        .values({ ...AUDIT, route: 'real' })
        .execute(),
    );
    await expect(run).rejects.toMatchObject({ code: 'refused' });
    expect(await routes()).toEqual([]);
  });

  it.each([
    ['commit'],
    ['  -- a remark\n COMMIT'],
    ['/* x */ ; end'],
    ['/* a /* b */ c */ commit'],
    ["prepare /* x */ transaction 'x'"],
    ['rollback'],
    ['rollback work'],
    ['begin'],
    ['start transaction'],
    ['abort'],
    ["prepare transaction 'x'"],
    ['select 1; commit'],
    ['select pg_advisory_lock(1)'],
    ['select pg_try_advisory_lock (1)'],
    ['select "pg_advisory_lock"(1)'],
  ])('refuses %j of the work’s own, and what it wrote is rolled back', async (statement) => {
    const run = database.dryRun(async () => {
      await note('a');
      await sql.raw(statement).execute(await database.db());
    });
    await expect(run).rejects.toMatchObject({ code: 'refused' });
    expect(await routes()).toEqual([]);
  });

  it('takes no longer over remarks than there are of them', async () => {
    const remarks = '/* x */ '.repeat(5000);
    await database.dryRun(async () => sql.raw(`${remarks} select 1`).execute(await database.db()));
  });

  it('tells no listener what is told within it', async () => {
    const heard: string[] = [];
    let isListening = false;
    const end = database.listen('told', {
      onMessage: (text) => heard.push(text),
      onListening: () => (isListening = true),
    });
    await eventually(() => isListening);
    await database.dryRun(() => database.notify('told', 'never'));
    await database.notify('told', 'once');
    await eventually(() => heard.length > 0);
    expect(heard).toEqual(['once']);
    end();
  });

  it('takes savepoints of the work’s own', async () => {
    const seen = await database.dryRun(async () => {
      const trx = await (await database.db()).startTransaction().execute();
      const add = (route: string) =>
        trx
          .insertInto('stage_audit')
          .values({ ...AUDIT, route })
          .execute();
      await add('a');
      const back = await trx.savepoint('here').execute();
      await add('b');
      await back.rollbackToSavepoint('here').execute();
      await trx.commit().execute();
      return routes();
    });
    expect(seen).toEqual(['a']);
    expect(await routes()).toEqual([]);
  });

  it('runs as many as may be, and refuses one more and one within another', async () => {
    const max = database.kind === 'embedded' ? 1 : 2;
    const all = await Promise.allSettled(
      Array.from({ length: max + 3 }, () => database.dryRun(async () => sleep(50)).then(() => 'done')),
    );
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(max);
    const refused = all.filter((one) => one.status === 'rejected').map(({ reason }) => (reason as DryRunError).code);
    expect(new Set(refused)).toEqual(new Set(['busy']));
    await expect(database.dryRun(() => database.dryRun(routes))).rejects.toMatchObject({ code: 'refused' });
  });

  it('advances sequences, which no roll-back takes back', async () => {
    const next = async (): Promise<number> => {
      const db = await database.db();
      const { rows } = await sql<{ id: string }>`select nextval('stage_audit_id_seq') as id`.execute(db);
      return Number(rows[0]?.id);
    };
    const before = await next();
    await database.dryRun(next);
    expect(await next()).toBe(before + 2);
  });
}

describe('a dry run in an embedded database', () => {
  const folder = mkdtempSync(join(tmpdir(), 'donna-dry-run-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  rollsDryRunsBack(() => new EmbeddedDatabase(join(folder, 'postgres'), SILENT));
});

describeWith('postgres', 'a dry run in a real database', (program) => {
  let server: PostgresServer;
  let url = '';
  beforeAll(async () => {
    server = await startPostgresServer(program);
    url = await server.createDatabase('dry');
  }, 60_000);
  afterAll(async () => server.stop());
  rollsDryRunsBack(() => new PostgresDatabase(url, SILENT));

  it('ends a statement that takes too long, and gives a whole connection back', async () => {
    const database = new PostgresDatabase(url, SILENT);
    await database.onModuleInit();
    const run = database.dryRun(async () => sql`select pg_sleep(60)`.execute(await database.db()), 200);
    await expect(run).rejects.toBeDefined();
    const { rows } = await sql`show statement_timeout`.execute(await database.db());
    expect(rows).toEqual([{ statement_timeout: '10s' }]);
    const open = await server.ask(
      'dry',
      "select count(*)::int as n from pg_stat_activity where state like 'idle in transaction%' or query like '%pg_sleep(60)'  and pid <> pg_backend_pid() and state = 'active'",
    );
    expect(open).toEqual([{ n: 0 }]);
    await database.close();
  });

  it('may not use another database of the process', async () => {
    const [one, other] = [new PostgresDatabase(url, SILENT), new PostgresDatabase(url, SILENT)];
    await Promise.all([one.onModuleInit(), other.onModuleInit()]);
    await expect(one.dryRun(() => other.db())).rejects.toMatchObject({ code: 'refused' });
    await Promise.all([one.close(), other.close()]);
  });
});
