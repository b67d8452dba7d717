import type { Transaction } from 'kysely';
import type { Tables } from '../../src/database/index.js';
import { PostgresDatabase } from '../../src/database/postgres/postgres-database.js';
import type { Logger } from '../../src/trace/index.js';
import { startPostgresServer } from './postgres-server.js';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;

/** A real Postgres with every table, for tests of what works on rows. */
export interface DatabaseBesideTests {
  readonly database: PostgresDatabase;
  /** Runs `work` in a transaction whose changes are taken back. */
  discarded<Result>(work: (trx: Transaction<Tables>) => Promise<Result>): Promise<Result>;
  stop(): Promise<void>;
}

/** Starts `program` (a `postgres`); use it within `describeWith('postgres', …)`. */
export async function startDatabase(program: string): Promise<DatabaseBesideTests> {
  const server = await startPostgresServer(program);
  const database = new PostgresDatabase(await server.createDatabase('suite'), SILENT);
  await database.onModuleInit();
  await database.db();
  const takenBack = new Error('taken back');
  return {
    database,
    discarded: async (work) => {
      const results: Awaited<ReturnType<typeof work>>[] = [];
      await database
        .transaction(async (trx) => {
          results.push(await work(trx));
          throw takenBack;
        })
        .catch((error: unknown) => {
          if (error !== takenBack) throw error;
        });
      const [result] = results;
      return result as Awaited<ReturnType<typeof work>>;
    },
    stop: async () => {
      await database.close();
      await server.stop();
    },
  };
}
