import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Stages changed at run time, and who changed them. */
export const stages: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const isStage = sql`stage in ('proxy', 'mirror', 'canary', 'replaced')`;
    await db.schema
      .createTable('stage_override')
      .addColumn('route', 'text', (column) => column.primaryKey())
      .addColumn('stage', 'text', (column) => column.notNull())
      .addColumn('weight', 'integer', (column) => column.notNull())
      .addColumn('changed_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addColumn('changed_by', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addCheckConstraint('stage_override_stage', isStage)
      .addCheckConstraint('stage_override_weight', sql`weight between 0 and 100`)
      .execute();
    await db.schema
      .createTable('stage_audit')
      .addColumn('id', 'bigserial', (column) => column.primaryKey())
      .addColumn('route', 'text', (column) => column.notNull())
      .addColumn('from_stage', 'text', (column) => column.notNull())
      .addColumn('from_weight', 'integer', (column) => column.notNull())
      .addColumn('to_stage', 'text', (column) => column.notNull())
      .addColumn('to_weight', 'integer', (column) => column.notNull())
      .addColumn('at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addColumn('by', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('evidence', 'jsonb')
      .execute();
    // A route's history, the latest first.
    await db.schema.createIndex('stage_audit_route').on('stage_audit').columns(['route', 'id']).execute();
  },

  async down(db: Kysely<unknown>): Promise<void> {
    await db.schema.dropTable('stage_audit').execute();
    await db.schema.dropTable('stage_override').execute();
  },
};
