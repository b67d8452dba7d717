import type { ColumnType, Generated } from 'kysely';

/** bigint: text on both databases. */
type Big = ColumnType<string, number, number>;
type When = ColumnType<Date, Date | undefined, Date>;

/** How an owner's rows stand to PHP's document. */
export interface ReplicationOwnerTable {
  readonly collection: string;
  readonly owner: string;
  /** Whose numbers the changes have: 32 hex digits. Another one when this database was put back to an earlier state. */
  readonly origin: string;
  /** Version of PHP's document that the rows stand on, together with the outbox; null when that must be asked. */
  readonly php_version: string | null;
  /** When PHP was last asked so that the answer is in the rows; null: never. */
  readonly confirmed_at: ColumnType<Date | null, Date | null, Date | null>;
  /** Number of that question: questions and changes are counted together. */
  readonly ticket: Big;
  /** The last change that PHP is known to have. */
  readonly delivered_seq: Big;
}

/** Changes that PHP may not have yet, in order. */
export interface ReplicationOutboxTable {
  readonly seq: Generated<string>;
  readonly collection: string;
  readonly owner: string;
  /** jsonb: written as JSON text, read parsed. */
  readonly change: ColumnType<unknown, string, never>;
  readonly at: When;
  readonly trace_id: string;
  readonly attempts: ColumnType<number, number | undefined, number>;
  /** Until then whoever wrote it, or whoever has taken it, delivers it. */
  readonly retry_at: When;
}

export interface ReplicationTables {
  readonly replication_owner: ReplicationOwnerTable;
  readonly replication_outbox: ReplicationOutboxTable;
}
