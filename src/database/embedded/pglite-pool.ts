import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { DatabaseError, types } from 'pg';
import { prepareValue } from 'pg/lib/utils.js';
import { DatabaseUnavailableError } from '../database-unavailable.error.js';
import { isDeeperThan } from './json-depth.js';
import { Mutex } from './mutex.js';
import type { WrittenRows } from './pglite-messages.js';
import type { PGliteThread } from './pglite-thread.js';

/** A migration may have much to carry. */
const MIGRATION_WITHIN_MS = 600_000;
/**
 * Arrays and objects within each other, in a value that is JSON: the engine reads them by recursion without looking at its stack, and
 * breaks down between 10,000 and 30,000 of them. A real Postgres looks, and refuses about 7000.
 */
const MAX_JSON_DEPTH = 5000;
const STATEMENT_TOO_COMPLEX = '54001';

/** In milliseconds: how long work waits for the work before it, and how long a statement may take. */
export interface TurnBounds {
  readonly turnWithinMs: number;
  readonly statementWithinMs: number;
}

/**
 * The embedded Postgres as a pool of one connection, for Kysely's own Postgres dialect: SQL, transactions, savepoints and the
 * reading of values are those of a real Postgres. Who needs the connection waits for it a bounded time: a transaction that
 * uses `db()` within would wait for itself, and everybody behind it.
 */
export class PGlitePool implements PostgresPool {
  readonly options = {};
  private readonly turns = new Mutex();
  private statementWithinMs = MIGRATION_WITHIN_MS;

  constructor(
    private readonly thread: PGliteThread,
    private readonly bounds: TurnBounds,
  ) {}

  /** From now on statements are those of requests. */
  endMigration(): void {
    this.statementWithinMs = this.bounds.statementWithinMs;
  }

  async connect(): Promise<PostgresPoolClient> {
    const { turnWithinMs } = this.bounds;
    const endTurn = await this.turns.acquire(turnWithinMs, () => {
      const why = 'other work holds it (a transaction that uses db() within would wait for itself)';
      return new DatabaseUnavailableError(`The embedded database is busy for ${turnWithinMs} ms: ${why}`);
    });
    return new TurnClient(this.thread, this.statementWithinMs, endTurn);
  }

  /** Waits for the work that has asked before, and takes no more. */
  async drain(): Promise<void> {
    if (this.thread.isLost) return;
    await this.turns.acquire(this.bounds.turnWithinMs, () => new Error('busy')).catch(() => undefined);
  }

  /** Closes the database. */
  end(): Promise<void> {
    return this.thread.close();
  }
}

type Row = Readonly<Record<string, unknown>>;

/** The connection in the hands of one who has the turn. */
class TurnClient implements PostgresPoolClient {
  constructor(
    private readonly thread: PGliteThread,
    private readonly withinMs: number,
    private readonly endTurn: () => void,
  ) {}

  query: PostgresPoolClient['query'] = (async (sql: string, values: readonly unknown[]) => {
    const rows: Row[] = [];
    const parameters = values.map((value) => prepareValue(value));
    if (parameters.some((value) => typeof value === 'string' && isDeeperThan(MAX_JSON_DEPTH, value))) throw tooDeep();
    const tag = await this.thread.run({ sql, parameters }, this.withinMs, (part) => rows.push(...readRows(part)));
    const words = tag.split(' ');
    return { command: words[0], rowCount: Number(words.at(-1)), rows };
  }) as PostgresPoolClient['query'];

  /** `isBroken`: a transaction could not be ended; nobody may use the connection in that state. */
  release(isBroken?: boolean): void {
    if (isBroken === true && !this.thread.isLost) this.thread.end('a transaction could not be rolled back');
    this.endTurn();
  }
}

/** As a real Postgres says it. */
function tooDeep(): DatabaseError {
  const message = `stack depth limit exceeded: a value is JSON with more than ${MAX_JSON_DEPTH} levels`;
  return Object.assign(new DatabaseError(message, message.length, 'error'), {
    severity: 'ERROR',
    code: STATEMENT_TOO_COMPLEX,
  });
}

function readRows({ columns, rows }: WrittenRows): Row[] {
  const readers = columns.map(({ name, type }) => {
    const parse: (text: string) => unknown = types.getTypeParser(type, 'text');
    return { name, parse };
  });
  return rows.map((row) =>
    Object.fromEntries(
      readers.map(({ name, parse }, i) => {
        const text = row[i] ?? null;
        return [name, text === null ? null : parse(text)];
      }),
    ),
  );
}
