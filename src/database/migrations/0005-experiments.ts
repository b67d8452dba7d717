import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What was seen of candidates, and what was decided by it. */
export const experiments: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('experiment_evidence')
      .addColumn('route', 'text', (column) => column.notNull())
      .addColumn('epoch', 'text', (column) => column.notNull())
      .addColumn('instance', 'text', (column) => column.notNull())
      .addColumn('evidence', 'jsonb', (column) => column.notNull())
      .addColumn('updated_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addColumn('is_closed', 'boolean', (column) => column.notNull().defaultTo(false))
      .addPrimaryKeyConstraint('experiment_evidence_key', ['route', 'epoch', 'instance'])
      .execute();
    await db.schema
      .createTable('experiment_noise')
      .addColumn('route', 'text', (column) => column.notNull())
      .addColumn('rules', 'text', (column) => column.notNull())
      .addColumn('model', 'jsonb', (column) => column.notNull())
      .addColumn('updated_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addPrimaryKeyConstraint('experiment_noise_key', ['route', 'rules'])
      .execute();
    await db.schema
      .createTable('experiment_sample')
      .addColumn('id', 'bigserial', (column) => column.primaryKey())
      .addColumn('route', 'text', (column) => column.notNull())
      .addColumn('epoch', 'text', (column) => column.notNull())
      .addColumn('at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addColumn('trace_id', 'text', (column) => column.notNull())
      .addColumn('observation', 'jsonb', (column) => column.notNull())
      .addColumn('request', 'jsonb')
      .execute();
    await db.schema.createIndex('experiment_sample_route').on('experiment_sample').columns(['route', 'id']).execute();
    await db.schema
      .createTable('experiment_decision')
      .addColumn('id', 'bigserial', (column) => column.primaryKey())
      .addColumn('route', 'text', (column) => column.notNull())
      .addColumn('epoch', 'text', (column) => column.notNull())
      .addColumn('at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addColumn('stage', 'text', (column) => column.notNull())
      .addColumn('weight', 'integer', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('to_stage', 'text')
      .addColumn('to_weight', 'integer')
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('evidence', 'jsonb', (column) => column.notNull())
      .addCheckConstraint('experiment_decision_action', sql`action in ('promote', 'hold', 'roll-back')`)
      .execute();
    await db.schema
      .createIndex('experiment_decision_route')
      .on('experiment_decision')
      .columns(['route', 'id'])
      .execute();
  },

  async down(db: Kysely<unknown>): Promise<void> {
    for (const table of ['experiment_decision', 'experiment_sample', 'experiment_noise', 'experiment_evidence'])
      await db.schema.dropTable(table).execute();
  },
};
