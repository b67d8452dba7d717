import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What keeps PHP's documents and the rows alike (ADR 0017). */
export const replication: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('replication_owner')
      .addColumn('collection', 'text', (column) => column.notNull())
      .addColumn('owner', 'text', (column) => column.notNull())
      .addColumn('origin', 'text', (column) => column.notNull())
      .addColumn('php_version', 'text')
      .addColumn('confirmed_at', 'timestamptz')
      .addColumn('ticket', 'bigint', (column) => column.notNull().defaultTo(0))
      .addColumn('delivered_seq', 'bigint', (column) => column.notNull().defaultTo(0))
      .addPrimaryKeyConstraint('replication_owner_pkey', ['collection', 'owner'])
      .execute();
    await db.schema
      .createTable('replication_outbox')
      .addColumn('seq', 'bigserial', (column) => column.primaryKey())
      .addColumn('collection', 'text', (column) => column.notNull())
      .addColumn('owner', 'text', (column) => column.notNull())
      .addColumn('change', 'jsonb', (column) => column.notNull())
      .addColumn('at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addColumn('trace_id', 'text', (column) => column.notNull())
      .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('retry_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .execute();
    await db.schema
      .createIndex('replication_outbox_owner')
      .on('replication_outbox')
      .columns(['collection', 'owner', 'seq'])
      .execute();
  },

  async down(db: Kysely<unknown>): Promise<void> {
    await db.schema.dropTable('replication_outbox').execute();
    await db.schema.dropTable('replication_owner').execute();
  },
};
