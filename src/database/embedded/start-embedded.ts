import { Kysely, PostgresDialect, sql } from 'kysely';
import { migrateUp } from '../migrate.js';
import type { QueryWatch } from '../query-watch.js';
import type { Tables } from '../tables/tables.js';
import { acquireDataLock } from './data-lock.js';
import { findTemplate } from './database-folder.js';
import { PGlitePool, type TurnBounds } from './pglite-pool.js';
import { PGliteThread, type ThreadEvents } from './pglite-thread.js';

/** An embedded Postgres that serves, with this version's tables. */
export interface Running {
  readonly kysely: Kysely<Tables>;
  readonly thread: PGliteThread;
  /** Names of those that were run just now, and of those that only a newer version knows. */
  readonly migrations: readonly string[];
  readonly unknown: readonly string[];
  /** Hears what is told to a channel from now on. The name is one that `checkChannel` has passed. */
  listen(channel: string): Promise<void>;
  /** Ends it after the work that has begun, and gives the folder up. */
  close(): Promise<void>;
}

/**
 * Locks the folder, opens its database in a thread of its own and migrates it, unless `signal` says that nobody wants it.
 * @throws DatabaseUnavailableError; what PGlite or the system says
 */
export async function startEmbedded(
  folder: string,
  bounds: TurnBounds,
  events: ThreadEvents,
  signal: AbortSignal,
  log: QueryWatch['log'],
): Promise<Running> {
  const lock = await acquireDataLock(folder);
  let thread: PGliteThread | undefined;
  try {
    thread = await PGliteThread.start({ folder, template: findTemplate() }, events, signal);
    const started = thread;
    const pool = new PGlitePool(thread, bounds);
    const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }), log });
    const { run, unknown } = await migrateUp(kysely);
    pool.endMigration();
    const close = async (): Promise<void> => {
      try {
        await pool.drain();
        // Whoever still has a lost one hears from its thread what has happened.
        await (started.isLost ? started.close() : kysely.destroy());
      } finally {
        lock.release();
      }
    };
    const listen = async (channel: string): Promise<void> => {
      await sql`listen ${sql.ref(channel)}`.execute(kysely);
    };
    return { kysely, thread: started, migrations: run, unknown, listen, close };
  } catch (error) {
    await thread?.close().catch(() => undefined);
    lock.release();
    throw error;
  }
}
