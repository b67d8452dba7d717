import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Conversations and their last messages. */
export const conversations: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const moment = sql`timestamptz(3)`;
    await db.schema
      .createTable('conversation')
      .addColumn('owner', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('position', 'integer', (column) => column.notNull())
      .addColumn('title', 'text', (column) => column.notNull())
      .addColumn('created_at', moment, (column) => column.notNull())
      .addColumn('updated_at', moment, (column) => column.notNull())
      .addColumn('last_message_at', moment)
      .addColumn('message_count', 'bigint', (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('last_message_preview', 'text')
      .addColumn('metadata', 'text', (column) => column.notNull())
      .addColumn('extra', 'text')
      .addColumn('digest', 'text')
      .addPrimaryKeyConstraint('conversation_pkey', ['owner', 'id'])
      .execute();
    // An owner's list, the latest first.
    await db.schema
      .createIndex('conversation_list')
      .on('conversation')
      .columns(['owner', 'updated_at desc', 'position desc'])
      .execute();
    // How many were active since a moment, of all owners.
    await db.schema.createIndex('conversation_updated').on('conversation').column('updated_at').execute();
    await db.schema
      .createTable('conversation_message')
      .addColumn('owner', 'text', (column) => column.notNull())
      .addColumn('conversation_id', 'text', (column) => column.notNull())
      .addColumn('position', 'integer', (column) => column.notNull())
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('content', 'text', (column) => column.notNull())
      .addColumn('extra', 'text')
      .addPrimaryKeyConstraint('conversation_message_pkey', ['owner', 'conversation_id', 'position'])
      .addForeignKeyConstraint(
        'conversation_message_conversation',
        ['owner', 'conversation_id'],
        'conversation',
        ['owner', 'id'],
        (constraint) => constraint.onDelete('cascade'),
      )
      .execute();
  },

  async down(db: Kysely<unknown>): Promise<void> {
    await db.schema.dropTable('conversation_message').execute();
    await db.schema.dropTable('conversation').execute();
  },
};
