import type { Transaction } from 'kysely';
import type { Database, Tables } from '../../database/index.js';
import type { Staging } from '../../routing/index.js';
import type { StageChange, StageOverride, StageRequest, StageStore } from './stage-store.js';

/** Told with the route's name after each change. */
const CHANNEL = 'donna_stages';
/** Milliseconds; with the time to read, below the second within which a change is in effect everywhere. */
const POLL_MS = 500;
const PATIENCE_MS = 5000;
/** More routes than any table has. */
const MAX_OVERRIDES = 10_000;
const CLEARED = JSON.stringify({ cleared: true });

/** Overrides and audit in a Postgres that several instances may share: tables `stage_override` and `stage_audit`. */
export class DatabaseStageStore implements StageStore {
  readonly pollMs: number | undefined = POLL_MS;
  readonly patienceMs: number = PATIENCE_MS;
  private stopListening: () => void = () => undefined;

  constructor(protected readonly database: Database) {}

  remembered(): readonly StageOverride[] | undefined {
    return undefined;
  }

  async read(): Promise<readonly StageOverride[]> {
    const db = await this.database.db();
    const rows = await db.selectFrom('stage_override').selectAll().orderBy('route').limit(MAX_OVERRIDES).execute();
    return rows.map(({ route, stage, weight, changed_at: at, changed_by: by, reason }) => ({
      route,
      stage,
      weight,
      by,
      reason,
      at: at.toISOString(),
    }));
  }

  async save(request: StageRequest): Promise<boolean> {
    // Not at the start of every gateway: loading it takes a quarter of a second.
    const { sql } = await import('kysely');
    return this.database.transaction(async (trx) => {
      // Who changes the same route at the same time comes after: each line of the audit begins where the one before ended.
      await sql`select pg_advisory_xact_lock(hashtextextended(${`${CHANNEL} ${request.route}`}, 0))`.execute(trx);
      const isDone = await change(trx, request);
      if (isDone) await this.database.notify(CHANNEL, request.route, trx);
      return isDone;
    });
  }

  async history(route: string, limit: number): Promise<readonly StageChange[]> {
    if (!this.database.hasData) return [];
    const db = await this.database.db();
    const rows = await db
      .selectFrom('stage_audit')
      .selectAll()
      .where('route', '=', route)
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      route: row.route,
      from: { stage: row.from_stage, weight: row.from_weight },
      to: { stage: row.to_stage, weight: row.to_weight },
      isCleared: isCleared(row.evidence),
      by: row.by,
      reason: row.reason,
      at: row.at.toISOString(),
      evidence: isCleared(row.evidence) ? undefined : (row.evidence ?? undefined),
    }));
  }

  async watch(onChange: () => void): Promise<void> {
    this.stopListening = this.database.listen(CHANNEL, { onMessage: onChange, onListening: onChange });
  }

  async close(): Promise<void> {
    this.stopListening();
  }
}

async function change(trx: Transaction<Tables>, request: StageRequest): Promise<boolean> {
  const { route, to, inTable, by, reason, evidence, expected } = request;
  const found = await trx
    .selectFrom('stage_override')
    .select(['stage', 'weight', 'changed_at'])
    .where('route', '=', route)
    .executeTakeFirst();
  if (expected !== undefined && found?.changed_at.toISOString() !== expected.at) return false;
  if (to === undefined) {
    if (found === undefined) return false;
    // The table's stage begins anew, not with what was seen in it before.
    await trx.deleteFrom('experiment_evidence').where('route', '=', route).execute();
    await trx.deleteFrom('stage_override').where('route', '=', route).execute();
  } else {
    const row = { stage: to.stage, weight: to.weight, changed_by: by, reason, changed_at: new Date() };
    await trx
      .insertInto('stage_override')
      .values({ route, ...row })
      .onConflict((conflict) => conflict.column('route').doUpdateSet(row))
      .execute();
  }
  const from: Staging = found ?? inTable;
  const next = to ?? inTable;
  await trx
    .insertInto('stage_audit')
    .values({
      route,
      from_stage: from.stage,
      from_weight: from.weight,
      to_stage: next.stage,
      to_weight: next.weight,
      by,
      reason,
      evidence: to === undefined ? CLEARED : evidence === undefined ? null : JSON.stringify(evidence),
    })
    .execute();
  return true;
}

function isCleared(evidence: unknown): boolean {
  return typeof evidence === 'object' && evidence !== null && 'cleared' in evidence && evidence.cleared === true;
}
