import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What owners have set of their chatbots. */
export const chatbotSettings: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('chatbot_setting')
      .addColumn('owner', 'text', (column) => column.primaryKey())
      // Text, not jsonb: jsonb loses the order of names, 1.0 and \u0000.
      .addColumn('settings', 'text', (column) => column.notNull())
      .execute();
  },

  async down(db: Kysely<unknown>): Promise<void> {
    await db.schema.dropTable('chatbot_setting').execute();
  },
};
