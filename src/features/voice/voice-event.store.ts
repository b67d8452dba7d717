import type { Transaction } from 'kysely';
import type { Database, Tables } from '../../database/index.js';
import { livingAmong } from '../../persons/index.js';
import type { VoiceEventRecord } from './voice-event.js';

/** How many events are kept at most, whatever their age. */
const KEEP_EVENTS = 200_000;
/** Milliseconds between two removals of the oldest. */
const PRUNE_EVERY_MS = 600_000;

/** Clients' voice events as rows. The first use starts an embedded database: for work in the background only. */
export class VoiceEventStore {
  private prunedAt = -Infinity;

  constructor(
    private readonly database: Database,
    /** Milliseconds for which an event is kept. */
    private readonly keptMs: () => number,
    private readonly keepEvents = KEEP_EVENTS,
  ) {}

  /** Stores events, but of who was erased a moment ago; resolves with the ids of those that were not there yet. @throws DatabaseUnavailableError */
  async record(events: readonly VoiceEventRecord[]): Promise<ReadonlySet<string>> {
    if (events.length === 0) return new Set();
    return this.database.transaction(async (trx) => {
      const living = await livingAmong(
        trx,
        events.map(({ owner }) => owner),
      );
      const kept = events.filter(({ owner }) => living.has(owner));
      return kept.length === 0 ? new Set<string>() : this.insert(trx, kept);
    });
  }

  private async insert(trx: Transaction<Tables>, events: readonly VoiceEventRecord[]): Promise<ReadonlySet<string>> {
    const rows = await trx
      .insertInto('voice_event')
      .values(
        events.map(({ id, owner, sessionId, type, occurredAt, latency }) => ({
          id,
          owner,
          session_id: sessionId,
          type,
          latency_name: latency?.name ?? null,
          latency_ms: latency?.ms ?? null,
          occurred_at: occurredAt,
        })),
      )
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .execute();
    return new Set(rows.map(({ id }) => id));
  }

  /** Removes what is too old or too many, if it is time to. @returns how many. @throws DatabaseUnavailableError */
  async prune(now = Date.now()): Promise<number> {
    if (now - this.prunedAt < PRUNE_EVERY_MS) return 0;
    this.prunedAt = now;
    const db = await this.database.db();
    // Compared where they are: JavaScript's milliseconds would cut a moment short.
    const { numDeletedRows } = await db
      .deleteFrom('voice_event')
      .where(({ eb, or, selectFrom }) =>
        or([
          eb('recorded_at', '<=', new Date(now - this.keptMs())),
          eb(
            'recorded_at',
            '<=',
            selectFrom('voice_event')
              .select('recorded_at')
              .orderBy('recorded_at', 'desc')
              .offset(this.keepEvents)
              .limit(1),
          ),
        ]),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  }
}
