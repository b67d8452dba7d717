import { Kysely, sql } from 'kysely';
import type { Tables } from '../tables/tables.js';
import { waitAtMost } from '../wait-at-most.js';
import { DryRunDialect, DryRunDriver } from './dry-run.dialect.js';
import { DryRunError } from './dry-run.error.js';
import { DryRunScope, runInScope } from './dry-run-scope.js';

export interface DryRunOptions {
  /** Milliseconds until it is rolled back, whether the work has ended or not. */
  readonly withinMs: number;
  /** Whether the server can end a statement that takes too long. */
  readonly endsStatements: boolean;
}

/**
 * Runs `work` in a transaction on one connection of `db`, and rolls it back. What of the work goes on after that finds its
 * database closed. A statement under way is waited for: on a real Postgres no longer than `withinMs`.
 * @throws DryRunError (`late`); what the work throws; what the database says
 */
export async function runDry<Result>(
  owner: object,
  db: Kysely<Tables>,
  work: () => Promise<Result>,
  { withinMs, endsStatements }: DryRunOptions,
): Promise<Result> {
  const trx = await db.startTransaction().execute();
  try {
    if (endsStatements) {
      const limit = `${withinMs}ms`;
      await sql`select set_config('statement_timeout', ${limit}, true), set_config('lock_timeout', ${limit}, true)`.execute(
        trx,
      );
    }
    return await trx.getExecutor().provideConnection(async (connection) => {
      const scope = new DryRunScope(
        owner,
        (own) => new Kysely<Tables>({ dialect: new DryRunDialect(new DryRunDriver(connection, own, withinMs)) }),
      );
      const late = (): Error => new DryRunError('late', `The dry run was rolled back after ${withinMs} ms`);
      try {
        return await waitAtMost(runInScope(scope, work), withinMs, late);
      } finally {
        scope.close();
      }
    });
  } finally {
    await trx.rollback().execute();
  }
}
