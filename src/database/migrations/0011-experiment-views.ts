import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Parity over time, and differences that are accepted at run time. */
export const experimentViews: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const isDay = sql`until ~ '^\\d{4}-\\d{2}-\\d{2}$'`;
    await db.schema
      .createTable('experiment_hour')
      .addColumn('route', 'text', (column) => column.notNull())
      .addColumn('hour', 'timestamptz', (column) => column.notNull())
      .addColumn('compared', 'bigint', (column) => column.notNull())
      .addColumn('differed', 'bigint', (column) => column.notNull())
      .addColumn('candidate_errors', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('experiment_hour_key', ['route', 'hour'])
      .execute();
    // By which the oldest are found and removed.
    await db.schema.createIndex('experiment_hour_hour').on('experiment_hour').column('hour').execute();
    await db.schema
      .createTable('experiment_ignore')
      .addColumn('route', 'text', (column) => column.notNull())
      .addColumn('pointer', 'text', (column) => column.notNull())
      .addColumn('until', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('added_by', 'text', (column) => column.notNull())
      .addColumn('added_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addPrimaryKeyConstraint('experiment_ignore_key', ['route', 'pointer'])
      .addCheckConstraint('experiment_ignore_until', isDay)
      .execute();
    await db.schema
      .createTable('experiment_ignore_audit')
      .addColumn('id', 'bigserial', (column) => column.primaryKey())
      .addColumn('route', 'text', (column) => column.notNull())
      .addColumn('pointer', 'text', (column) => column.notNull())
      // Null where the rule was taken back.
      .addColumn('until', 'text')
      .addColumn('at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addColumn('by', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('experiment_ignore_audit_route')
      .on('experiment_ignore_audit')
      .columns(['route', 'id'])
      .execute();
  },

  async down(db: Kysely<unknown>): Promise<void> {
    for (const table of ['experiment_ignore_audit', 'experiment_ignore', 'experiment_hour'])
      await db.schema.dropTable(table).execute();
  },
};
