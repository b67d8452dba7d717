import type { PGlite } from '@electric-sql/pglite';
import { Kysely } from 'kysely';
import { migrateUp } from '../migrate.js';
import type { Tables } from '../tables/tables.js';
import { waitAtMost } from '../wait-at-most.js';
import { acquireDataLock } from './data-lock.js';
import { ExclusivePGliteDialect } from './exclusive-pglite.dialect.js';
import { openPGlite } from './open-pglite.js';

const CLOSE_WITHIN_MS = 15_000;
const SQLSTATE = /^[\dA-Z]{5}$/;

/** An embedded Postgres that serves, with this version's tables. */
export interface Running {
  readonly kysely: Kysely<Tables>;
  readonly pglite: PGlite;
  /** Names of those that were run just now, and of those that only a newer version knows. */
  readonly migrations: readonly string[];
  readonly unknown: readonly string[];
  /** Ends it after the work that has begun, and gives the folder up. */
  close(): Promise<void>;
}

/**
 * Locks the folder, opens its database and migrates it. `onStrangeError` hears of errors that are not Postgres's own.
 * @throws DatabaseUnavailableError; what PGlite or the system says
 */
export async function startEmbedded(
  folder: string,
  turnWithinMs: number,
  onStrangeError: (pglite: PGlite) => void,
): Promise<Running> {
  const lock = await acquireDataLock(folder);
  let opened: Kysely<Tables> | undefined;
  try {
    const pglite = await openPGlite(folder);
    const kysely = new Kysely<Tables>({
      dialect: new ExclusivePGliteDialect({ pglite }, turnWithinMs),
      log: (event) => {
        if (event.level === 'error' && !isSaidByPostgres(event.error)) onStrangeError(pglite);
      },
    });
    opened = kysely;
    const { run, unknown } = await migrateUp(kysely);
    const close = async (): Promise<void> => {
      try {
        const closed = kysely.destroy().then(async () => (pglite.closed ? undefined : pglite.close()));
        await waitAtMost(closed, CLOSE_WITHIN_MS, () => new Error('it does not close'));
      } finally {
        lock.release();
      }
    };
    return { kysely, pglite, migrations: run, unknown, close };
  } catch (error) {
    await opened?.destroy().catch(() => undefined);
    lock.release();
    throw error;
  }
}

function isSaidByPostgres(error: unknown): boolean {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && SQLSTATE.test(code);
}
