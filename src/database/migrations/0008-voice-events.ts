import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What clients report of their voice sessions (contract, section 3: `POST /api/voice/events`). */
export const voiceEvents: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('voice_event')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('owner', 'text', (column) => column.notNull())
      .addColumn('session_id', 'text', (column) => column.notNull())
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('latency_name', 'text')
      .addColumn('latency_ms', 'float8')
      .addColumn('occurred_at', 'timestamptz', (column) => column.notNull())
      .addColumn('recorded_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .execute();
    // By which the oldest are found and removed.
    await db.schema.createIndex('voice_event_recorded').on('voice_event').column('recorded_at').execute();
  },

  async down(db: Kysely<unknown>): Promise<void> {
    await db.schema.dropTable('voice_event').execute();
  },
};
