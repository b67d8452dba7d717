// What older admin endpoints answer, as far as the dashboard shows it. Those of `admin-api.ts` are shared with the gateway; of these the
// browser tests see that the pages find what they read.
import type { ExperimentExtras, StageName, StageView } from '../../admin-api.js';

type ObservationClass = 'match' | 'ignored' | 'mismatch' | 'candidate-error' | 'not-comparable';

export interface Difference {
  readonly field: string;
  readonly kind: string;
  readonly control?: string;
  readonly candidate?: string;
  readonly ignored?: string;
}

export interface Sample {
  readonly at: string;
  readonly traceId: string;
  readonly observation: {
    readonly class: ObservationClass;
    readonly reason?: string;
    readonly status: { readonly control: number; readonly candidate: number };
    readonly ms: { readonly control: number; readonly candidate: number };
    readonly differences: readonly Difference[];
  };
}

interface ArmReport {
  readonly requests: number;
  readonly errors: number;
  readonly p50?: number;
  readonly p95?: number;
}

export interface Reason {
  readonly check: string;
  readonly outcome: 'pass' | 'wait' | 'fail';
  readonly text: string;
}

interface NoisyField {
  readonly seen: number;
  readonly differed: number;
  readonly formats: readonly { readonly name: string }[];
  readonly unstable?: string;
}

export interface DecisionRecord {
  readonly at: string;
  readonly from: { readonly stage: StageName; readonly weight: number };
  readonly action: 'promote' | 'hold' | 'roll-back';
  readonly to?: { readonly stage: StageName; readonly weight: number };
  readonly reason: string;
}

/** GET /admin/api/experiments/<route> */
export interface ExperimentView extends ExperimentExtras {
  readonly route: string;
  readonly sample: number;
  readonly effective: StageView;
  readonly possible: readonly StageName[];
  readonly since: string | null;
  readonly areOverridesKnown: boolean;
  readonly policy: { readonly minSamples: number; readonly promote: string; readonly rollBack: string };
  readonly mirror: {
    readonly classes: Readonly<Record<ObservationClass, number>>;
    readonly arms: Readonly<Record<'control' | 'candidate', ArmReport>>;
    readonly fields: readonly {
      readonly field: string;
      readonly seen: number;
      readonly differed: number;
      readonly observations: number;
    }[];
    readonly noise?: { readonly pairs: number; readonly fields: Readonly<Record<string, NoisyField>> };
    readonly fault?: string;
    readonly samples: readonly Sample[];
  };
  readonly verdict?: { readonly action: 'promote' | 'hold' | 'roll-back'; readonly reasons: readonly Reason[] };
  readonly decisions: readonly DecisionRecord[];
}

/** GET /admin/api/mail */
export interface MailList {
  readonly isKnown: boolean;
  readonly mails: readonly MailRow[];
}

export interface MailRow {
  readonly id: string;
  readonly state: 'queued' | 'dead';
  readonly caller: string;
  readonly recipients: number;
  readonly bytes: number;
  readonly attempts: number;
  readonly fault: string | null;
  readonly traceId: string | null;
  readonly acceptedAt: string;
  readonly dueAt: string;
}

/** GET /admin/api/replication */
export interface ReplicationView {
  readonly isKnown: boolean;
  readonly hasBridge: boolean;
  readonly pending: number;
  readonly owners: number;
  readonly oldestMs: number;
  readonly lastFailure: { readonly at: string; readonly fault: string } | null;
}

export interface RetentionRun {
  readonly id: string;
  readonly state: string;
  readonly isDryRun: boolean;
  readonly by: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly found: { readonly counts: Readonly<Record<string, number>>; readonly faults: readonly string[] };
}

/** GET /admin/api/retention */
export interface RetentionView {
  readonly isScheduled: boolean;
  readonly keepMs: Readonly<Record<string, number>>;
  readonly runs: readonly RetentionRun[];
}

/** A row of GET /admin/api/migrations */
export interface MigrationRow {
  readonly collection: string;
  readonly run: {
    readonly id: string;
    readonly direction: 'forward' | 'back';
    readonly isDryRun: boolean;
    readonly isVerifyOnly: boolean;
    readonly state: string;
    readonly startedBy: string;
    readonly startedAt: string;
    readonly progress: {
      readonly phase: string;
      readonly moved: number;
      readonly unchanged: number;
      readonly verified: number;
      readonly faults: { readonly count: number };
      readonly different: { readonly count: number };
    };
  } | null;
}
