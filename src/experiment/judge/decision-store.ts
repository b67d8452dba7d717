import type { Database } from '../../database/index.js';
import type { Staging } from '../../routing/index.js';
import type { Verdict } from '../decide/verdict.js';
import { keepLast } from '../evidence/evidence-store.js';

/** Decisions kept of one route. */
const MAX_DECISIONS = 200;

/** A decision about a route's candidate, as it was made. */
export interface DecisionRecord {
  readonly route: string;
  readonly epoch: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Where the route stood. */
  readonly from: Staging;
  readonly action: Verdict['action'];
  /** Where it went by it; undefined where nothing was changed. */
  readonly to: Staging | undefined;
  /** One line. */
  readonly reason: string;
  readonly evidence: object;
}

/** Keeps decisions: table `experiment_decision`. */
export class DecisionStore {
  constructor(private readonly database: Database) {}

  /** Adds a decision; one that changed nothing only where the last one of its epoch was another (`isSame` tells by their evidence). */
  async add(record: DecisionRecord, isSame: (evidence: unknown) => boolean): Promise<void> {
    const { route, epoch, at, from, action, to, reason, evidence } = record;
    const { sql } = await import('kysely');
    await this.database.transaction(async (trx) => {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`donna_decisions ${route}`}, 0))`.execute(trx);
      const last = await trx
        .selectFrom('experiment_decision')
        .select(['epoch', 'action', 'evidence'])
        .where('route', '=', route)
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst();
      if (to === undefined && last?.epoch === epoch && last.action === action && isSame(last.evidence)) return;
      await trx
        .insertInto('experiment_decision')
        .values({
          route,
          epoch,
          at: new Date(at),
          stage: from.stage,
          weight: from.weight,
          action,
          to_stage: to?.stage ?? null,
          to_weight: to?.weight ?? null,
          reason,
          evidence: JSON.stringify(evidence),
        })
        .execute();
      await keepLast(trx, 'experiment_decision', route, MAX_DECISIONS);
    });
  }

  /** The last decisions of a route, latest first. */
  async last(route: string, limit: number): Promise<readonly DecisionRecord[]> {
    const db = await this.database.db();
    const rows = await db
      .selectFrom('experiment_decision')
      .selectAll()
      .where('route', '=', route)
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      route: row.route,
      epoch: row.epoch,
      at: row.at.toISOString(),
      from: { stage: row.stage, weight: row.weight },
      action: row.action,
      to: row.to_stage === null ? undefined : { stage: row.to_stage, weight: row.to_weight ?? 0 },
      reason: row.reason,
      evidence: row.evidence as object,
    }));
  }
}
