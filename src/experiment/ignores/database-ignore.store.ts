import type { Transaction } from 'kysely';
import type { Database, Tables } from '../../database/index.js';
import type { OverrideSnapshot } from '../stages/override-snapshot.js';
import {
  type IgnoreChange,
  type IgnoreRequest,
  type IgnoreResult,
  type IgnoreStore,
  MAX_IGNORES,
  type RuntimeIgnore,
} from './ignore-store.js';

/** Told with the route's name after each change. */
const CHANNEL = 'donna_ignores';
/** Milliseconds; with the time to read, below the second within which a change is in effect everywhere. */
const POLL_MS = 500;
const PATIENCE_MS = { postgres: 5000, embedded: 60_000 } as const;
/** More than any table has. */
const MAX_ROWS = 10_000;

/**
 * Rules and audit in Postgres: tables `experiment_ignore` and `experiment_ignore_audit`. What an embedded database holds, which is this
 * process's alone and takes seconds to start, is known from a snapshot beside it; it is not started to read what that has not.
 */
export class DatabaseIgnoreStore implements IgnoreStore {
  readonly pollMs: number | undefined;
  readonly patienceMs: number;
  private stopListening: () => void = () => undefined;

  /** `snapshot`: with an embedded database. */
  constructor(
    private readonly database: Database,
    private readonly snapshot: OverrideSnapshot<RuntimeIgnore> | undefined,
  ) {
    this.pollMs = database.kind === 'embedded' ? undefined : POLL_MS;
    this.patienceMs = PATIENCE_MS[database.kind];
  }

  remembered(): readonly RuntimeIgnore[] | undefined {
    return this.database.hasData ? this.snapshot?.read() : [];
  }

  async read(): Promise<readonly RuntimeIgnore[] | undefined> {
    const { kind, state, hasData } = this.database;
    if (!hasData) return [];
    if (kind === 'embedded' && state !== 'up') return undefined;
    const db = await this.database.db();
    const rows = await db
      .selectFrom('experiment_ignore')
      .selectAll()
      .orderBy('route')
      .orderBy('pointer')
      .limit(MAX_ROWS)
      .execute();
    const rules = rows.map(({ route, pointer, reason, until, added_by: by, added_at: at }) => ({
      route,
      pointer,
      reason,
      until,
      by,
      at: at.toISOString(),
    }));
    this.snapshot?.write(rules);
    return rules;
  }

  async save(request: IgnoreRequest): Promise<IgnoreResult> {
    const { sql } = await import('kysely');
    // Whoever owns the database is settled before the snapshot is touched: it is another process's otherwise.
    await this.database.db();
    this.snapshot?.markUnfinished();
    const result = await this.database.transaction(async (trx) => {
      // Who changes the same route at the same time comes after, so that none exceeds what a route may have.
      await sql`select pg_advisory_xact_lock(hashtextextended(${`${CHANNEL} ${request.route}`}, 0))`.execute(trx);
      const changed = await change(trx, request);
      if (changed === 'done') await this.database.notify(CHANNEL, request.route, trx);
      return changed;
    });
    if (result !== 'done') await this.read();
    return result;
  }

  async history(route: string, limit: number): Promise<readonly IgnoreChange[]> {
    if (!this.database.hasData) return [];
    const db = await this.database.db();
    const rows = await db
      .selectFrom('experiment_ignore_audit')
      .select(['route', 'pointer', 'until', 'by', 'reason', 'at'])
      .where('route', '=', route)
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
  }

  watch(onChange: () => void): void {
    this.stopListening = this.database.listen(CHANNEL, { onMessage: onChange, onListening: onChange });
  }

  close(): void {
    this.stopListening();
  }
}

async function change(trx: Transaction<Tables>, request: IgnoreRequest): Promise<IgnoreResult> {
  const { route, pointer, until, reason, by } = request;
  if (until === undefined) {
    const { numDeletedRows } = await trx
      .deleteFrom('experiment_ignore')
      .where('route', '=', route)
      .where('pointer', '=', pointer)
      .executeTakeFirst();
    if (numDeletedRows === 0n) return 'no-such-rule';
  } else {
    const known = await trx.selectFrom('experiment_ignore').select('pointer').where('route', '=', route).execute();
    if (known.length >= MAX_IGNORES && !known.some((row) => row.pointer === pointer)) return 'full';
    const row = { until, reason, added_by: by, added_at: new Date() };
    await trx
      .insertInto('experiment_ignore')
      .values({ route, pointer, ...row })
      .onConflict((conflict) => conflict.columns(['route', 'pointer']).doUpdateSet(row))
      .execute();
  }
  await trx
    .insertInto('experiment_ignore_audit')
    .values({ route, pointer, until: until ?? null, by, reason })
    .execute();
  return 'done';
}
