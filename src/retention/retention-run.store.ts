import type { Database } from '../database/index.js';

/** A run as it is told. */
export interface RetentionRun {
  readonly id: string;
  readonly state: 'running' | 'complete' | 'unfinished' | 'incomplete' | 'abandoned';
  readonly isDryRun: boolean;
  readonly by: string;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly found: RetentionFound;
}

/** What a run has found, by kind of data. */
export interface RetentionFound {
  readonly counts: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

/** Milliseconds after which a run whose process is gone is another's. Renewed at each step. */
const LEASE_MS = 60_000;
const SHOWN = 20;

/** Runs of the clean-up as rows; one at a time over all instances. Every method throws DatabaseUnavailableError. */
export class RetentionRunStore {
  constructor(private readonly database: Database) {}

  /** Begins a run, unless another is under way, or (with `apartMs`) one of the same `by` began so short a time ago: that one is told then. */
  async begin(
    by: string,
    instance: string,
    isDryRun: boolean,
    apartMs = 0,
  ): Promise<{ readonly id: string } | { readonly busy: RetentionRun }> {
    const { sql } = await import('kysely');
    return this.database.transaction(async (trx) => {
      await sql`select pg_advisory_xact_lock(hashtextextended('donna_retention', 0))`.execute(trx);
      await sql`update retention_run set state = 'abandoned', ended_at = now() where state = 'running' and lease_until < now()`.execute(
        trx,
      );
      const running = await trx
        .selectFrom('retention_run')
        .selectAll()
        .where('state', '=', 'running')
        .executeTakeFirst();
      if (running !== undefined) return { busy: toRun(running) };
      const recent = await trx
        .selectFrom('retention_run')
        .selectAll()
        .where('by', '=', by)
        .where('is_dry_run', '=', false)
        .where('state', '<>', 'abandoned')
        .where('started_at', '>', sql<Date>`now() - ${apartMs} * interval '1 millisecond'`)
        .limit(1)
        .executeTakeFirst();
      if (apartMs > 0 && recent !== undefined) return { busy: toRun(recent) };
      const { rows } = await sql<{ id: string }>`
        insert into retention_run (state, is_dry_run, by, instance, lease_until, found)
        values ('running', ${isDryRun}, ${by}, ${instance}, now() + ${LEASE_MS} * interval '1 millisecond', '{"counts":{},"faults":[]}')
        returning id`.execute(trx);
      return { id: rows[0]?.id ?? '' };
    });
  }

  /** @returns false when the run is another's by now */
  async renew(id: string, instance: string): Promise<boolean> {
    const { sql } = await import('kysely');
    const { numAffectedRows } = await sql`
      update retention_run set lease_until = now() + ${LEASE_MS} * interval '1 millisecond'
      where id = ${id} and instance = ${instance} and state = 'running'`.execute(await this.database.db());
    return numAffectedRows === 1n;
  }

  async settle(
    id: string,
    state: 'complete' | 'unfinished' | 'incomplete',
    found: RetentionFound,
  ): Promise<RetentionRun> {
    const db = await this.database.db();
    const row = await db
      .updateTable('retention_run')
      .set({ state, found: JSON.stringify(found), ended_at: new Date() })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
    return toRun(row);
  }

  /** The end of the last run, by whomever, that removed all that was due. */
  async lastSuccessAt(): Promise<Date | undefined> {
    const db = await this.database.db();
    const row = await db
      .selectFrom('retention_run')
      .select('ended_at')
      .where('state', '=', 'complete')
      .where('is_dry_run', '=', false)
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.ended_at ?? undefined;
  }

  /** The last ones, the latest first. */
  async list(): Promise<readonly RetentionRun[]> {
    if (!this.database.hasData) return [];
    const db = await this.database.db();
    const rows = await db.selectFrom('retention_run').selectAll().orderBy('id', 'desc').limit(SHOWN).execute();
    return rows.map(toRun);
  }
}

function toRun(row: {
  readonly id: string;
  readonly state: RetentionRun['state'];
  readonly is_dry_run: boolean;
  readonly by: string;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly found: unknown;
}): RetentionRun {
  const { id, state, is_dry_run, by, started_at, ended_at, found } = row;
  return {
    id,
    state,
    isDryRun: is_dry_run,
    by,
    startedAt: started_at,
    endedAt: ended_at,
    found: found as RetentionFound,
  };
}
