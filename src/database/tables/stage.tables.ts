import type { ColumnType, Generated } from 'kysely';

/** The stages of a route, in their order. */
export type StoredStage = 'proxy' | 'mirror' | 'canary' | 'replaced';

/** What stands for a route at run time instead of what the route table says. One row a route. */
export interface StageOverrideTable {
  readonly route: string;
  readonly stage: StoredStage;
  /** Percent of callers that the candidate answers; 0 to 100. */
  readonly weight: number;
  readonly changed_at: ColumnType<Date, Date | undefined, Date>;
  readonly changed_by: string;
  readonly reason: string;
}

/** Every change of a stage, in order. Rows are added, never changed. */
export interface StageAuditTable {
  /** bigserial: text on both databases. */
  readonly id: Generated<string>;
  readonly route: string;
  readonly from_stage: StoredStage;
  readonly from_weight: number;
  readonly to_stage: StoredStage;
  readonly to_weight: number;
  readonly at: ColumnType<Date, Date | undefined, never>;
  readonly by: string;
  readonly reason: string;
  /** jsonb: written as JSON text, read parsed. */
  readonly evidence: ColumnType<unknown, string | null | undefined, never>;
}

export interface StageTables {
  readonly stage_override: StageOverrideTable;
  readonly stage_audit: StageAuditTable;
}
