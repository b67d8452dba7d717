import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Runs that carry PHP's documents into rows, or back (ADR 0022). */
export const migrationRuns: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('migration_run')
      .addColumn('id', 'bigserial', (column) => column.primaryKey())
      .addColumn('collection', 'text', (column) => column.notNull())
      .addColumn('direction', 'text', (column) => column.notNull())
      .addColumn('is_verify_only', 'boolean', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('progress', 'jsonb', (column) => column.notNull())
      .addColumn('instance', 'text', (column) => column.notNull())
      .addColumn('lease_until', 'timestamptz', (column) => column.notNull())
      .addColumn('is_stop_wanted', 'boolean', (column) => column.notNull().defaultTo(false))
      .addColumn('started_by', 'text', (column) => column.notNull())
      .addColumn('started_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addColumn('updated_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addCheckConstraint('migration_run_direction', sql`direction in ('forward', 'back')`)
      .addCheckConstraint(
        'migration_run_state',
        sql`state in ('running', 'stopped', 'failed', 'complete', 'incomplete', 'different')`,
      )
      .execute();
    await db.schema.createIndex('migration_run_collection').on('migration_run').columns(['collection', 'id']).execute();
    // One at a time, over all instances.
    await db.schema
      .createIndex('migration_run_running')
      .unique()
      .on('migration_run')
      .column('collection')
      .where(sql.ref('state'), '=', sql.lit('running'))
      .execute();
  },

  async down(db: Kysely<unknown>): Promise<void> {
    await db.schema.dropTable('migration_run').execute();
  },
};
