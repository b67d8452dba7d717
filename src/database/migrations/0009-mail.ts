import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Mail that waits, was sent lately or could not be sent, and what administrators did about it (ADR 0028). */
export const mail: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('mail')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('caller', 'text', (column) => column.notNull())
      .addColumn('idempotency_key', 'text', (column) => column.notNull())
      .addColumn('content_hash', 'text', (column) => column.notNull())
      .addColumn('message_id', 'text', (column) => column.notNull())
      .addColumn('owner_hash', 'text')
      .addColumn('recipient_hashes', 'jsonb', (column) => column.notNull())
      .addColumn('recipients', 'jsonb')
      .addColumn('refused', 'jsonb')
      .addColumn('content', 'text')
      .addColumn('bytes', 'integer', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull().check(sql`state in ('queued', 'sent', 'dead')`))
      .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('due_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addColumn('claim', 'text')
      .addColumn('accepted_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addColumn('settled_at', 'timestamptz')
      .addColumn('fault', 'text')
      .addColumn('trace_id', 'text')
      .addUniqueConstraint('mail_idempotency', ['caller', 'idempotency_key'])
      .execute();
    // Only what waits is looked for by its time.
    await sql`create index mail_due on mail (due_at) where state = 'queued'`.execute(db);
    await sql`create index mail_settled on mail (state, settled_at) where state <> 'queued'`.execute(db);
    await sql`create index mail_recipients on mail using gin (recipient_hashes jsonb_path_ops)`.execute(db);
    await db.schema
      .createTable('mail_audit')
      .addColumn('id', 'bigserial', (column) => column.primaryKey())
      .addColumn('mail', 'text', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('by', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .execute();
  },

  async down(db: Kysely<unknown>): Promise<void> {
    await db.schema.dropTable('mail_audit').execute();
    await db.schema.dropTable('mail').execute();
  },
};
