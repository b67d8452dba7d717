import type { ColumnType, Generated } from 'kysely';

export type MailState = 'queued' | 'sent' | 'dead';

/** jsonb: written as JSON text, read parsed. */
type Names = ColumnType<readonly string[], string, string>;
type NamesOrNone = ColumnType<readonly string[] | null, string | null, string | null>;

/** A mail. What it says and to whom is there until it is sent, or its dead letter is removed; hashes are keyed. */
export interface MailTable {
  readonly id: string;
  readonly caller: string;
  readonly idempotency_key: string;
  /** By which a key that comes again with another mail is noticed. */
  readonly content_hash: string;
  readonly message_id: string;
  readonly owner_hash: string | null;
  readonly recipient_hashes: Names;
  /** Who has not got it yet; null once it is settled. */
  readonly recipients: NamesOrNone;
  /** Whom the mail server has refused for good. */
  readonly refused: NamesOrNone;
  /** JSON of the mail; null once it is sent. */
  readonly content: string | null;
  readonly bytes: number;
  readonly state: MailState;
  readonly attempts: Generated<number>;
  /** When it is to be tried; of one that is being tried, when whoever does so has lost it. */
  readonly due_at: ColumnType<Date, Date | undefined, Date>;
  /** Of the attempt under way. */
  readonly claim: string | null;
  readonly accepted_at: ColumnType<Date, Date | undefined, Date>;
  readonly settled_at: Date | null;
  /** Codes of the last failure; nothing of a person. */
  readonly fault: string | null;
  readonly trace_id: string | null;
}

/** What administrators did with dead letters. Rows are added, never changed. */
export interface MailAuditTable {
  /** bigserial: text on both databases. */
  readonly id: Generated<string>;
  readonly mail: string;
  readonly action: 'retry' | 'drop';
  readonly by: string;
  readonly reason: string;
  readonly at: ColumnType<Date, Date | undefined, never>;
}

export interface MailTables {
  readonly mail: MailTable;
  readonly mail_audit: MailAuditTable;
}
