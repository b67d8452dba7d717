import type { Selectable, Transaction } from 'kysely';
import type { Database, Tables } from '../../database/index.js';
import { freshProgress, type MigrationKind, type MigrationProgress, type MigrationRun } from './migration-run.js';
import type { MigrationState } from './migration-run.js';

/** Runs of a collection that are kept. */
const KEPT_RUNS = 20;

type Row = Selectable<Tables['migration_run']> & { readonly is_orphaned: boolean };
type Trx = Transaction<Tables>;

/** What became of the wish to run. */
export type Begun =
  /** It is this process's to run. `isResumed`: it goes on where another run of its kind was. */
  | { readonly kind: 'begun'; readonly run: MigrationRun; readonly isResumed: boolean }
  /** One of the same kind is under way already. */
  | { readonly kind: 'joined'; readonly run: MigrationRun }
  /** One of another kind is. */
  | { readonly kind: 'refused'; readonly run: MigrationRun };

/** Runs that are known to all instances; one of a collection is under way, by the process that holds its lease. */
export class MigrationRunStore {
  constructor(
    private readonly database: Database,
    /** Of this process. */
    private readonly instance: string,
    private readonly leaseMs: number,
  ) {}

  async begin(collection: string, kind: MigrationKind, startedBy: string): Promise<Begun> {
    const { sql } = await import('kysely');
    return this.database.transaction(async (trx): Promise<Begun> => {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`donna_migration ${collection}`}, 0))`.execute(trx);
      const last = await this.findRow(trx, collection);
      const isSame =
        last !== undefined && last.direction === kind.direction && last.is_verify_only === kind.isVerifyOnly;
      if (last?.state === 'running' && !last.is_orphaned)
        return { kind: isSame ? 'joined' : 'refused', run: viewOf(last) };
      // A comparison tells of one time: it begins anew.
      if (isSame && !kind.isVerifyOnly && ['running', 'stopped', 'failed'].includes(last.state))
        return { kind: 'begun', run: await this.take(trx, last), isResumed: true };
      if (last?.state === 'running')
        await trx.updateTable('migration_run').set({ state: 'stopped' }).where('id', '=', last.id).execute();
      return { kind: 'begun', run: await this.insert(trx, collection, kind, startedBy), isResumed: false };
    });
  }

  /** A run by its number, or the last one of a collection. */
  async find(collection: string, id?: string): Promise<MigrationRun | undefined> {
    if (!this.database.hasData) return undefined;
    const row = await this.findRow(await this.database.db(), collection, id);
    return row && viewOf(row);
  }

  /**
   * Saves how far this process's run is, and goes on holding it.
   * @returns `lost` when another process has it
   */
  async renew(id: string, progress: MigrationProgress): Promise<'go-on' | 'stop' | 'lost'> {
    const row = await this.update(id, { progress: JSON.stringify(progress) });
    if (row === undefined) return 'lost';
    return row.is_stop_wanted ? 'stop' : 'go-on';
  }

  /** @returns false when another process has it */
  async finish(id: string, state: MigrationState, progress: MigrationProgress): Promise<boolean> {
    return (await this.update(id, { state, progress: JSON.stringify(progress) })) !== undefined;
  }

  /** Asks whoever runs it to stop; one that nobody runs is stopped at once. */
  async stop(collection: string, id: string): Promise<void> {
    const { sql } = await import('kysely');
    const db = await this.database.db();
    await db
      .updateTable('migration_run')
      .set({
        is_stop_wanted: true,
        state: sql`case when lease_until < clock_timestamp() then 'stopped' else state end`,
      })
      .where('collection', '=', collection)
      .where('id', '=', id)
      .where('state', '=', 'running')
      .execute();
  }

  private async update(
    id: string,
    change: { readonly progress: string; readonly state?: MigrationState },
  ): Promise<{ is_stop_wanted: boolean } | undefined> {
    const { sql } = await import('kysely');
    const db = await this.database.db();
    return db
      .updateTable('migration_run')
      .set({ ...change, lease_until: sql<Date>`clock_timestamp() + ${this.leaseMs} * interval '1 millisecond'` })
      .set({ updated_at: sql<Date>`clock_timestamp()` })
      .where('id', '=', id)
      .where('instance', '=', this.instance)
      .where('state', '=', 'running')
      .returning('is_stop_wanted')
      .executeTakeFirst();
  }

  private async findRow(db: Pick<Trx, 'selectFrom'>, collection: string, id?: string): Promise<Row | undefined> {
    const { sql } = await import('kysely');
    return db
      .selectFrom('migration_run')
      .selectAll()
      .select(sql<boolean>`state = 'running' and lease_until < clock_timestamp()`.as('is_orphaned'))
      .where('collection', '=', collection)
      .$if(id !== undefined, (query) => query.where('id', '=', id ?? ''))
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
  }

  private async take(trx: Trx, row: Row): Promise<MigrationRun> {
    const known = row.progress as MigrationProgress;
    const { fault: _, ...progress } = { ...known, resumed: known.resumed + 1 };
    await trx
      .updateTable('migration_run')
      .set({ ...(await this.held()), is_stop_wanted: false, progress: JSON.stringify(progress) })
      .where('id', '=', row.id)
      .execute();
    return viewOf({ ...row, state: 'running', is_orphaned: false, progress });
  }

  private async insert(
    trx: Trx,
    collection: string,
    { direction, isVerifyOnly }: MigrationKind,
    startedBy: string,
  ): Promise<MigrationRun> {
    const progress = freshProgress(isVerifyOnly ? 'verify' : 'move');
    const row = await trx
      .insertInto('migration_run')
      .values({
        collection,
        direction,
        is_verify_only: isVerifyOnly,
        progress: JSON.stringify(progress),
        started_by: startedBy,
        ...(await this.held()),
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    const kept = trx
      .selectFrom('migration_run')
      .select('id')
      .where('collection', '=', collection)
      .orderBy('id', 'desc')
      .limit(KEPT_RUNS);
    await trx.deleteFrom('migration_run').where('collection', '=', collection).where('id', 'not in', kept).execute();
    return viewOf({ ...row, is_orphaned: false });
  }

  private async held() {
    const { sql } = await import('kysely');
    return {
      state: 'running',
      instance: this.instance,
      lease_until: sql<Date>`clock_timestamp() + ${this.leaseMs} * interval '1 millisecond'`,
    } as const;
  }
}

function viewOf(row: Row): MigrationRun {
  return {
    id: row.id,
    collection: row.collection,
    direction: row.direction,
    isDryRun: false,
    isVerifyOnly: row.is_verify_only,
    state: row.state,
    progress: row.progress as MigrationProgress,
    startedBy: row.started_by,
    startedAt: row.started_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    isOrphaned: row.is_orphaned,
  };
}
