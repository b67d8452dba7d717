import type { ColumnType } from 'kysely';

/** A conversation of an owner, who is named by his key (`ownerKey`). */
export interface ConversationTable {
  readonly owner: string;
  readonly id: string;
  /** Place among the owner's conversations in PHP's document, ascending; there may be gaps. */
  readonly position: number;
  readonly title: string;
  /** Milliseconds. */
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly last_message_at: Date | null;
  /** bigint: text on both databases. Counts more messages than are kept. */
  readonly message_count: string;
  readonly status: string;
  readonly last_message_preview: string | null;
  /** A JSON object as PHP wrote it: its spelling is kept. */
  readonly metadata: string;
  /** JSON object: members that this version does not know, and texts with a NUL, which a column cannot hold. */
  readonly extra: ColumnType<string | null, string | null | undefined, string | null>;
  /** SHA-256 of the conversation as it was last taken from PHP; null once it was changed here. */
  readonly digest: ColumnType<string | null, string | null | undefined, string | null>;
}

/** The last messages of a conversation, oldest first. */
export interface ConversationMessageTable {
  readonly owner: string;
  readonly conversation_id: string;
  readonly position: number;
  readonly role: string;
  readonly content: string;
  readonly extra: ColumnType<string | null, string | null | undefined, string | null>;
}

export interface ConversationTables {
  readonly conversation: ConversationTable;
  readonly conversation_message: ConversationMessageTable;
}
