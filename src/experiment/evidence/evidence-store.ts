import type { Transaction } from 'kysely';
import type { Database, Tables } from '../../database/index.js';
import { mergeNoise, NO_NOISE } from '../compare/merge-noise.js';
import type { NoiseModel } from '../compare/noise-model.js';
import type { EvidenceSnapshot } from '../decide/evidence-log.js';
import type { RouteEvidence, Sample } from './route-evidence.js';

/** Samples kept of one route. */
const MAX_SAMPLES = 50;
/** Fields kept of one row, those that differ first. */
const MAX_FIELDS = 300;
/** Seconds without a sign of life after which an instance's row is another's to go on with. */
const ABANDONED_S = 60;
/** Days after which the evidence of an epoch that has ended is dropped. */
const KEPT_DAYS = 7;
const HEARTBEAT_S = 20;

/** A row as it was last read. */
export interface StoredEvidence {
  readonly route: string;
  readonly epoch: string;
  readonly instance: string;
  readonly evidence: EvidenceSnapshot;
}

/** Keeps what instances saw: tables `experiment_evidence`, `experiment_sample` and `experiment_noise`. */
export class EvidenceStore {
  constructor(
    private readonly database: Database,
    private readonly instance: string,
  ) {}

  /**
   * Saves what this instance saw, and takes over what instances that have ended saw in the same epoch, both or neither.
   * @returns what was taken over; undefined when this instance's own row was taken over by another, which counts it from now on
   */
  async save(
    evidence: RouteEvidence,
    { isFirst, isLast }: { readonly isFirst: boolean; readonly isLast: boolean },
  ): Promise<readonly EvidenceSnapshot[] | undefined> {
    const { sql } = await import('kysely');
    const { name: route, epoch } = evidence;
    const { instance } = this;
    return this.database
      .transaction(async (trx) => {
        // An embedded database is this process's alone: whoever left a row has ended.
        const abandoned =
          this.database.kind === 'embedded'
            ? sql<boolean>`true`
            : sql<boolean>`(is_closed or updated_at < now() - make_interval(secs => ${ABANDONED_S}))`;
        const earlier = await trx
          .deleteFrom('experiment_evidence')
          .where('route', '=', route)
          .where('epoch', '=', epoch)
          .where(
            // This process's own, where the same epoch ended and began again.
            sql<boolean>`case when instance = ${instance} then is_closed and ${isFirst} else ${abandoned} end`,
          )
          .returning('evidence')
          .execute();
        const taken = earlier.map((row) => row.evidence as EvidenceSnapshot);
        // The database's clock, by which a row is found abandoned: this machine's may be wrong, or jump.
        const values = {
          evidence: asStored(evidence.snapshotAfter(taken)),
          updated_at: sql<Date>`now()`,
          is_closed: isLast,
        };
        if (isFirst) {
          await trx
            .insertInto('experiment_evidence')
            .values({ route, epoch, instance, ...values })
            .onConflict((conflict) => conflict.columns(['route', 'epoch', 'instance']).doUpdateSet(values))
            .execute();
          await trx
            .deleteFrom('experiment_evidence')
            .where('route', '=', route)
            .where('epoch', '<>', epoch)
            .where(sql<boolean>`updated_at < now() - make_interval(days => ${KEPT_DAYS})`)
            .execute();
          return taken;
        }
        const { numUpdatedRows } = await trx
          .updateTable('experiment_evidence')
          .set(values)
          .where('route', '=', route)
          .where('epoch', '=', epoch)
          .where('instance', '=', instance)
          .executeTakeFirst();
        if (numUpdatedRows === 0n) throw new TakenOverError();
        return taken;
      })
      .catch((error: unknown) => {
        if (error instanceof TakenOverError) return undefined;
        throw error;
      });
  }

  async saveSamples(route: string, epoch: string, samples: readonly Sample[]): Promise<void> {
    if (samples.length === 0) return;
    await this.database.transaction(async (trx) => {
      await trx
        .insertInto('experiment_sample')
        .values(
          samples.map(({ at, traceId, observation, request }) => ({
            route,
            epoch,
            at: new Date(at),
            trace_id: traceId,
            observation: JSON.stringify(withoutFields(observation)),
            request: request === undefined ? null : JSON.stringify(request),
          })),
        )
        .execute();
      await keepLast(trx, 'experiment_sample', route, MAX_SAMPLES);
    });
  }

  /** The last samples of a route's epoch, of all instances, the last first. */
  async samples(route: string, epoch: string, limit: number): Promise<readonly Sample[]> {
    const db = await this.database.db();
    const rows = await db
      .selectFrom('experiment_sample')
      .selectAll()
      .where('route', '=', route)
      .where('epoch', '=', epoch)
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      at: row.at.toISOString(),
      traceId: row.trace_id,
      observation: row.observation as Sample['observation'],
      request: (row.request ?? undefined) as Sample['request'],
    }));
  }

  /** Every row of these epochs; this instance's own among them. Says besides that this instance lives. */
  async read(epochs: readonly string[]): Promise<readonly StoredEvidence[]> {
    if (epochs.length === 0) return [];
    const { sql } = await import('kysely');
    const db = await this.database.db();
    await db
      .updateTable('experiment_evidence')
      .set({ updated_at: sql<Date>`now()` })
      .where('instance', '=', this.instance)
      .where('epoch', 'in', epochs)
      .where(sql<boolean>`updated_at < now() - make_interval(secs => ${HEARTBEAT_S})`)
      .execute();
    const rows = await db
      .selectFrom('experiment_evidence')
      .select(['route', 'epoch', 'instance', 'evidence'])
      .where('epoch', 'in', epochs)
      .orderBy('instance')
      .execute();
    return rows.map((row) => ({ ...row, evidence: row.evidence as EvidenceSnapshot }));
  }

  /** Adds what was learned here to what all instances know, and returns that; without `learned` it is only read. */
  async noise(route: string, rules: string, learned: NoiseModel | undefined): Promise<NoiseModel> {
    if (learned === undefined) {
      const db = await this.database.db();
      const row = await db
        .selectFrom('experiment_noise')
        .select('model')
        .where('route', '=', route)
        .where('rules', '=', rules)
        .executeTakeFirst();
      return row === undefined ? NO_NOISE : (row.model as NoiseModel);
    }
    return this.database.transaction(async (trx) => {
      await trx
        .insertInto('experiment_noise')
        .values({ route, rules, model: JSON.stringify(NO_NOISE) })
        .onConflict((conflict) => conflict.columns(['route', 'rules']).doNothing())
        .execute();
      const known = await trx
        .selectFrom('experiment_noise')
        .select('model')
        .where('route', '=', route)
        .where('rules', '=', rules)
        .forUpdate()
        .executeTakeFirstOrThrow();
      const model = mergeNoise(known.model as NoiseModel, learned);
      await trx
        .updateTable('experiment_noise')
        .set({ model: JSON.stringify(model), updated_at: new Date() })
        .where('route', '=', route)
        .where('rules', '=', rules)
        .execute();
      return model;
    });
  }
}

class TakenOverError extends Error {}

/** Deletes all but the last rows of a route. */
export async function keepLast(
  trx: Transaction<Tables>,
  table: 'experiment_sample' | 'experiment_decision',
  route: string,
  count: number,
): Promise<void> {
  const last = await trx
    .selectFrom(table)
    .select('id')
    .where('route', '=', route)
    .orderBy('id', 'desc')
    .offset(count)
    .limit(1)
    .executeTakeFirst();
  if (last !== undefined) await trx.deleteFrom(table).where('route', '=', route).where('id', '<=', last.id).execute();
}

function asStored(evidence: EvidenceSnapshot): string {
  const fields = evidence.fields.toSorted((a, b) => b.observations - a.observations).slice(0, MAX_FIELDS);
  return JSON.stringify({ ...evidence, fields });
}

/** What a sample shows are its differences; the counts of every field are in the evidence. */
function withoutFields(observation: Sample['observation']): object {
  return { ...observation, fields: observation.fields.filter(({ differed }) => differed > 0).slice(0, MAX_FIELDS) };
}
