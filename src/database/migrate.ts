import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { DatabaseUnavailableError } from './database-unavailable.error.js';
import { faultOf } from './fault-of.js';
import { MIGRATIONS } from './migrations/migrations.js';
import type { Tables } from './tables/tables.js';

const TABLE = 'gateway_migration';
const LOCK_TABLE = 'gateway_migration_lock';

export interface MigrationReport {
  /** Names of what was run, in order. */
  readonly run: readonly string[];
  /** Names that the database knows and this version does not: a newer version has been here. */
  readonly unknown: readonly string[];
}

/** What a database lacks, and what it has beyond this version's migrations; it is only read. */
export interface MigrationState {
  readonly pending: readonly string[];
  readonly unknown: readonly string[];
}

export async function findMigrations(db: Kysely<Tables>, migrations = MIGRATIONS): Promise<MigrationState> {
  const known = Object.keys(migrations);
  const applied = await findApplied(db);
  return {
    pending: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
  };
}

/**
 * Runs what is pending, each migration in a transaction of its own, under an advisory lock: of several instances that
 * start together one runs it, and the others find it done. A database that a newer version has migrated is left as it is.
 * @throws DatabaseUnavailableError with the migration's name; what it did is rolled back, those before it stay
 */
export async function migrateUp(db: Kysely<Tables>, migrations = MIGRATIONS): Promise<MigrationReport> {
  const { pending, unknown } = await findMigrations(db, migrations);
  if (pending.length === 0) return { run: [], unknown };
  if (unknown.length > 0) {
    throw new DatabaseUnavailableError(
      `The database has migrations of another version (${unknown.join(', ')}) and lacks ${pending.join(', ')}: run the version that made it, or give this one a database of its own`,
    );
  }
  const migrator = await makeMigrator(db, migrations);
  const run: string[] = [];
  for (;;) {
    const name = await runOne(() => migrator.migrateUp());
    if (name === undefined) return { run, unknown };
    run.push(name);
  }
}

/**
 * Takes the last migration back, and with it what its tables hold.
 * @returns its name; undefined when there is none
 * @throws DatabaseUnavailableError with the migration's name
 */
export async function migrateDown(db: Kysely<Tables>, migrations = MIGRATIONS): Promise<string | undefined> {
  const migrator = await makeMigrator(db, migrations);
  return runOne(() => migrator.migrateDown());
}

type Step = () => ReturnType<Migrator['migrateUp']>;

async function runOne(step: Step): Promise<string | undefined> {
  const { error, results = [] } = await step();
  const [result] = results;
  if (error === undefined) return result?.migrationName;
  const which = result === undefined ? 'Migrating' : `Migration ${result.migrationName}`;
  throw new DatabaseUnavailableError(`${which} failed and was rolled back: ${faultOf(error)}`, { cause: error });
}

async function makeMigrator(db: Kysely<Tables>, migrations: Readonly<Record<string, Migration>>): Promise<Migrator> {
  return new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableName: TABLE,
    migrationLockTableName: LOCK_TABLE,
    // Without it a table of that name in any schema would do.
    migrationTableSchema: await findSchema(db),
  });
}

/** Asked first, so that a user who may not make tables can serve once another has made them. */
async function findApplied(db: Kysely<Tables>): Promise<readonly string[]> {
  const schema = await findSchema(db);
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from pg_tables where schemaname = ${schema} and tablename = ${TABLE}) as found`.execute(db);
  if (rows[0]?.found !== true) return [];
  const applied = await sql<{ name: string }>`select name from ${sql.table(`${schema}.${TABLE}`)}`.execute(db);
  return applied.rows.map(({ name }) => name).sort();
}

async function findSchema(db: Kysely<Tables>): Promise<string> {
  const { rows } = await sql<{ schema: string | null }>`select current_schema() as schema`.execute(db);
  const schema = rows[0]?.schema;
  if (schema == null)
    throw new DatabaseUnavailableError(
      'The database user has no schema in its search_path: make one, or grant it usage',
    );
  return schema;
}
