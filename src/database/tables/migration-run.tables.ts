import type { ColumnType, Generated } from 'kysely';

type When = ColumnType<Date, Date | undefined, Date>;

/** A run that carries a collection from PHP into rows (`forward`) or back, or compares them. One of a collection is `running`. */
export interface MigrationRunTable {
  /** bigserial: text on both databases. */
  readonly id: Generated<string>;
  readonly collection: string;
  readonly direction: 'forward' | 'back';
  readonly is_verify_only: boolean;
  readonly state: 'running' | 'stopped' | 'failed' | 'complete' | 'incomplete' | 'different';
  /** jsonb: how far it has come, and what it has found; written as JSON text, read parsed. */
  readonly progress: ColumnType<unknown, string, string>;
  /** The process that runs it, as long as its lease lasts. */
  readonly instance: string;
  readonly lease_until: ColumnType<Date, Date, Date>;
  readonly is_stop_wanted: ColumnType<boolean, boolean | undefined, boolean>;
  readonly started_by: string;
  readonly started_at: When;
  readonly updated_at: When;
}

export interface MigrationRunTables {
  readonly migration_run: MigrationRunTable;
}
