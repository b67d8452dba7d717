import type { Database } from '../../database/index.js';
import { type ParityHour, sumOf } from './parity-log.js';

/** Days that are kept and shown. */
const KEPT_DAYS = 14;
const DAY_MS = 86_400_000;
/** Milliseconds between two looks of one process for what is too old. */
const SWEEP_EVERY_MS = 3_600_000;
/** Rows of one statement. */
const MAX_ROWS = 500;

/** Keeps what all instances compared, by route and hour: table `experiment_hour`. */
export class ParityStore {
  private sweptAt = -SWEEP_EVERY_MS;

  constructor(private readonly database: Database) {}

  /** Adds counts to what other instances and earlier saves counted, all or none. */
  async add(hours: readonly ParityHour[]): Promise<void> {
    const { sql } = await import('kysely');
    // In one order: two instances that add to the same hours must not wait for each other.
    const rows = hours
      .toSorted((a, b) => a.hour - b.hour || (a.route < b.route ? -1 : 1))
      .map(({ route, hour, compared, differed, candidateErrors }) => ({
        route,
        hour: new Date(hour),
        compared,
        differed,
        candidate_errors: candidateErrors,
      }));
    await this.database.transaction(async (trx) => {
      for (let at = 0; at < rows.length; at += MAX_ROWS)
        await trx
          .insertInto('experiment_hour')
          .values(rows.slice(at, at + MAX_ROWS))
          .onConflict((conflict) =>
            conflict.columns(['route', 'hour']).doUpdateSet({
              compared: sql<number>`experiment_hour.compared + excluded.compared`,
              differed: sql<number>`experiment_hour.differed + excluded.differed`,
              candidate_errors: sql<number>`experiment_hour.candidate_errors + excluded.candidate_errors`,
            }),
          )
          .execute();
      if (performance.now() - this.sweptAt < SWEEP_EVERY_MS) return;
      await trx
        .deleteFrom('experiment_hour')
        .where('hour', '<', new Date(Date.now() - KEPT_DAYS * DAY_MS))
        .execute();
    });
    if (performance.now() - this.sweptAt >= SWEEP_EVERY_MS) this.sweptAt = performance.now();
  }

  /** A route's last days, the oldest hour first. */
  async read(route: string): Promise<readonly ParityHour[]> {
    const db = await this.database.db();
    const rows = await db
      .selectFrom('experiment_hour')
      .selectAll()
      .where('route', '=', route)
      .where('hour', '>=', new Date(Date.now() - KEPT_DAYS * DAY_MS))
      .orderBy('hour')
      .execute();
    return rows.map((row) => ({
      route,
      hour: row.hour.getTime(),
      compared: Number(row.compared),
      differed: Number(row.differed),
      candidateErrors: Number(row.candidate_errors),
    }));
  }
}

/** Both, hour by hour, the oldest first. */
export function mergeHours(saved: readonly ParityHour[], waiting: readonly ParityHour[]): readonly ParityHour[] {
  const byHour = new Map(saved.map((one) => [one.hour, one]));
  for (const one of waiting) {
    const known = byHour.get(one.hour);
    byHour.set(one.hour, known === undefined ? one : { ...one, ...sumOf(known, one) });
  }
  return [...byHour.values()].toSorted((a, b) => a.hour - b.hour);
}
