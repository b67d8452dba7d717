import type { ColumnType, Generated } from 'kysely';

type When = ColumnType<Date, Date | undefined, Date>;
type WhenOrNone = ColumnType<Date | null, Date | null | undefined, Date | null>;

/** A run of the native clean-up. One is `running`, as long as its lease lasts. */
export interface RetentionRunTable {
  /** bigserial: text on both databases. */
  readonly id: Generated<string>;
  /** `unfinished`: its time was up, the next one goes on; `incomplete`: something could not be removed. */
  readonly state: 'running' | 'complete' | 'unfinished' | 'incomplete' | 'abandoned';
  readonly is_dry_run: boolean;
  readonly by: string;
  readonly instance: string;
  readonly lease_until: ColumnType<Date, Date, Date>;
  readonly started_at: When;
  readonly ended_at: WhenOrNone;
  /** jsonb: counts by kind of data, and faults; written as JSON text, read parsed. */
  readonly found: ColumnType<unknown, string, string>;
}

/** That a person's data were exported or erased: who did it, when, why, and how much there was. Nothing of what there was. */
export interface PersonRecordTable {
  /** bigserial: text on both databases. */
  readonly id: Generated<string>;
  /** Keyed: who has not the key cannot try names. */
  readonly subject_hash: string;
  readonly action: 'export' | 'erase';
  readonly state: 'begun' | 'complete' | 'incomplete';
  readonly by: string;
  readonly reason: string;
  readonly at: When;
  readonly settled_at: WhenOrNone;
  /** jsonb: written as JSON text, read parsed. */
  readonly manifest: ColumnType<unknown, string | null | undefined, string | null>;
}

/** An owner, by its key, of whom nothing is written until then. */
export interface PersonTombstoneTable {
  readonly owner: string;
  readonly until: ColumnType<Date, Date, Date>;
}

export interface RetentionTables {
  readonly retention_run: RetentionRunTable;
  readonly person_record: PersonRecordTable;
  readonly person_tombstone: PersonTombstoneTable;
}
