import type { ColumnType, Generated } from 'kysely';
import type { StoredStage } from './stage.tables.js';

/** jsonb: written as JSON text, read parsed. */
type Json = ColumnType<unknown, string, string>;
type Moment = ColumnType<Date, Date | undefined, Date>;

/** What one instance saw of a route while it had one stage. One row a route, epoch and instance. */
export interface ExperimentEvidenceTable {
  readonly route: string;
  /** Hash of what makes evidence comparable: stage, weight, since when, rules, version. */
  readonly epoch: string;
  readonly instance: string;
  readonly evidence: Json;
  readonly updated_at: Moment;
  /** The instance has ended in order: the next one takes its row over at once. */
  readonly is_closed: boolean;
}

/** How PHP's answers differ from themselves. One row a route and set of rules. */
export interface ExperimentNoiseTable {
  readonly route: string;
  readonly rules: string;
  readonly model: Json;
  readonly updated_at: Moment;
}

/** Comparisons that did not match, redacted; the last ones of each route. */
export interface ExperimentSampleTable {
  /** bigserial: text on both databases. */
  readonly id: Generated<string>;
  readonly route: string;
  readonly epoch: string;
  readonly at: Moment;
  readonly trace_id: string;
  readonly observation: Json;
  /** The request, redacted, so that it can be asked again; null where it cannot. */
  readonly request: ColumnType<unknown, string | null, string | null>;
}

/** What was decided of a route's candidate, whenever that changed; the last ones of each route. */
export interface ExperimentDecisionTable {
  /** bigserial: text on both databases. */
  readonly id: Generated<string>;
  readonly route: string;
  readonly epoch: string;
  readonly at: Moment;
  readonly stage: StoredStage;
  readonly weight: number;
  readonly action: 'promote' | 'hold' | 'roll-back';
  /** The stage that it led to; null where nothing was changed. */
  readonly to_stage: StoredStage | null;
  readonly to_weight: number | null;
  readonly reason: string;
  readonly evidence: Json;
}

/** What a route's comparisons came to in one hour, of all instances. */
export interface ExperimentHourTable {
  readonly route: string;
  readonly hour: ColumnType<Date, Date, never>;
  /** bigint: text on both databases. */
  readonly compared: ColumnType<string, number, number>;
  readonly differed: ColumnType<string, number, number>;
  readonly candidate_errors: ColumnType<string, number, number>;
}

/** A difference that is accepted at run time. One row a route and pointer. */
export interface ExperimentIgnoreTable {
  readonly route: string;
  readonly pointer: string;
  /** `2026-12-31`: the first day on which it counts again. */
  readonly until: string;
  readonly reason: string;
  readonly added_by: string;
  readonly added_at: Moment;
}

/** Who accepted a difference, and who took that back. Rows are added, never changed. */
export interface ExperimentIgnoreAuditTable {
  /** bigserial: text on both databases. */
  readonly id: Generated<string>;
  readonly route: string;
  readonly pointer: string;
  /** Null where it was taken back. */
  readonly until: string | null;
  readonly at: ColumnType<Date, Date | undefined, never>;
  readonly by: string;
  readonly reason: string;
}

export interface ExperimentTables {
  readonly experiment_evidence: ExperimentEvidenceTable;
  readonly experiment_noise: ExperimentNoiseTable;
  readonly experiment_sample: ExperimentSampleTable;
  readonly experiment_decision: ExperimentDecisionTable;
  readonly experiment_hour: ExperimentHourTable;
  readonly experiment_ignore: ExperimentIgnoreTable;
  readonly experiment_ignore_audit: ExperimentIgnoreAuditTable;
}
