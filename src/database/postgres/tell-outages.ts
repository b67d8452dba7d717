import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { DatabaseError } from 'pg';
import { DatabaseUnavailableError } from '../database-unavailable.error.js';
import { faultOf } from '../fault-of.js';

/**
 * Of SQLSTATE: the connection, resources, the server's end, a login, a server that only reads since another took its place, a
 * transaction left idle, a statement or a lock that took too long. All of them may be better in a while, whatever was asked.
 */
const OUTAGE = /^(?:08|28|53|57P|25006|25P03|3D000|55P03|57014)/;

/**
 * The pool, its outages told as DatabaseUnavailableError: what `pg` says of a connection that breaks in the midst of work has no
 * code, and would be taken for a fault of that work. The code of the server, if there is one, stays on the error.
 */
export function tellOutages(pool: PostgresPool): PostgresPool {
  const { Client, options } = pool;
  return {
    ...(Client === undefined ? {} : { Client }),
    options,
    connect: async () => clientOf(await telling(() => pool.connect())),
    end: () => pool.end(),
  };
}

function clientOf(client: PostgresPoolClient): PostgresPoolClient {
  const { processID } = client;
  return {
    ...(processID === undefined ? {} : { processID }),
    query: ((sql: string, parameters: readonly unknown[]) =>
      telling(() => client.query(sql, parameters))) as PostgresPoolClient['query'],
    release: (isBroken) => client.release(isBroken),
  };
}

async function telling<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isOutage(error)) throw error;
    const told = new DatabaseUnavailableError(`The database does not go on (${faultOf(error)}): try again`, {
      cause: error,
    });
    const { code } = error as { readonly code?: unknown };
    throw typeof code === 'string' ? Object.assign(told, { code }) : told;
  }
}

/** A value that cannot be written is the caller's fault. */
function isOutage(error: unknown): boolean {
  if (error instanceof DatabaseError) return OUTAGE.test(error.code ?? '');
  return !(error instanceof TypeError || error instanceof RangeError);
}
