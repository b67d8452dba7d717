import type { Database } from '../../database/index.js';
import type { Route } from '../../routing/index.js';
import type { NativeTurns } from '../canary/index.js';
import type { NoiseModel } from '../compare/noise-model.js';
import type { ExpectedCoverage, DecisionPolicy } from '../decide/decision-policy.js';
import type { Arm, EvidenceLog } from '../decide/evidence-log.js';
import type { FieldTally } from '../decide/field-stats.js';
import type { Verdict } from '../decide/verdict.js';
import {
  type EvidenceBook,
  type EvidenceStore,
  type RouteEvidence,
  RouteNoise,
  type Sample,
} from '../evidence/index.js';
import type { Mirror } from '../mirror/index.js';
import { mergeHours, type ParityHour, type ParityStore } from '../parity/index.js';
import type { StagedRoute } from '../stages/index.js';
import type { DecisionRecord, DecisionStore } from './decision-store.js';
import { type ExperimentSummary, summaryOf } from './experiment-row.js';
import type { Judge } from './judge.js';
import { judge } from './judgement.js';
import { expectedOf, policyOf } from './policy-of.js';

const WORST_FIELDS = 20;
const SAMPLES = 20;
const DECISIONS = 10;

interface ArmReport {
  readonly requests: number;
  readonly errors: number;
  /** Milliseconds; undefined where nothing was timed. */
  readonly p50: number | undefined;
  readonly p95: number | undefined;
}

/** All that is known of a route's candidate, for people and machines. Values are redacted. */
export interface ExperimentReport {
  readonly route: string;
  readonly sample: number;
  readonly policy: DecisionPolicy & {
    readonly promote: 'manual' | 'auto';
    readonly rollBack: 'auto' | 'manual';
    readonly steps: readonly number[];
    readonly expects: ExpectedCoverage;
  };
  readonly rules: {
    readonly ignore: readonly {
      readonly pointer: string;
      readonly reason: string;
      readonly until: string;
      readonly isExpired: boolean;
      /** `routes.yaml`, or the administrator who said it, and when. */
      readonly by: string;
      readonly at?: string;
    }[];
    readonly keyed: Readonly<Record<string, string>>;
  };
  /** Since when its evidence counts (ISO 8601); null: since the route table says this stage. */
  readonly since: string | null;
  readonly mirror: {
    readonly classes: EvidenceLog['classes'];
    readonly arms: Readonly<Record<'control' | 'candidate', ArmReport>>;
    readonly covered: EvidenceLog['covered'];
    readonly fields: readonly FieldTally[];
    readonly noise: NoiseModel | undefined;
    /** Why its answers cannot be compared at all. */
    readonly fault?: string;
    readonly underWay: number;
    readonly skipped: number;
    readonly lost: number;
    readonly outbound: readonly object[];
    readonly samples: readonly Sample[];
  };
  /** Handlers of the canary that were given up and have not ended, in this instance. */
  readonly late: number;
  /** The last 14 days at most, the oldest first; unix seconds at an hour's begin. Hours without a comparison are left out. */
  readonly parity: readonly (Pick<ParityHour, 'compared' | 'differed' | 'candidateErrors'> & { readonly at: number })[];
  /** Undefined where nothing is being decided: in proxy and replaced. */
  readonly verdict: Verdict | undefined;
  /** Latest first. */
  readonly decisions: readonly DecisionRecord[];
}

export interface ReportParts {
  readonly book: EvidenceBook;
  readonly mirror: Mirror;
  readonly turns: NativeTurns;
  readonly judge: Judge;
  readonly evidence: EvidenceStore;
  readonly parity: ParityStore;
  readonly decisions: DecisionStore;
  readonly database: Database;
}

/** Tells what is known of candidates, and what is made of it. */
export class ExperimentReports {
  constructor(private readonly parts: ReportParts) {}

  /** In a line, of what is in this process's memory. */
  summaryOf(route: string): ExperimentSummary {
    return summaryOf(this.parts.book, route);
  }

  /** How its answers are compared. */
  rulesOf(route: Route): ExperimentReport['rules'] {
    return rulesOf(route);
  }

  async of({ route }: StagedRoute): Promise<ExperimentReport> {
    const { book, mirror, turns } = this.parts;
    const evidence = book.of(route.name);
    const noise = book.noiseOf(route.name);
    const { underWay, skipped, lost, outbound } = mirror.logOf(route.name);
    const log = evidence?.merged();
    return {
      route: route.name,
      sample: route.experiment.sample,
      policy: { ...policyOf(route), ...whoDecides(route), expects: expectedOf(route) },
      rules: rulesOf(route),
      since: evidence?.route.stagedAt ?? null,
      mirror: {
        classes: log?.classes ?? { match: 0, ignored: 0, mismatch: 0, 'candidate-error': 0, 'not-comparable': 0 },
        arms: { control: toReport(log?.arms.control), candidate: toReport(log?.arms.candidate) },
        covered: log?.covered ?? { statuses: [], actions: [] },
        fields: log?.fields.worst(WORST_FIELDS) ?? [],
        noise: noise instanceof RouteNoise ? noise.model : undefined,
        ...(typeof noise === 'string' ? { fault: noise } : {}),
        underWay,
        skipped,
        lost,
        outbound,
        samples: evidence === undefined ? [] : await this.samplesOf(evidence),
      },
      late: turns.lateOf(route.name),
      parity: await this.parityOf(route.name),
      verdict: evidence === undefined ? undefined : judge(evidence).verdict,
      decisions: await this.decisionsOf(route.name),
    };
  }

  /** Those of all instances, where the database is at hand; what this one has not saved yet comes first. */
  private async samplesOf(evidence: RouteEvidence): Promise<readonly Sample[]> {
    const here = evidence.lastSamples();
    const stored = await this.asking(() => this.parts.evidence.samples(evidence.name, evidence.epoch, SAMPLES));
    const known = new Set(stored?.map(({ traceId, at }) => `${traceId} ${at}`));
    const unsaved = here.filter(({ traceId, at }) => !known.has(`${traceId} ${at}`));
    return [...unsaved, ...(stored ?? [])].toSorted((a, b) => b.at.localeCompare(a.at)).slice(0, SAMPLES);
  }

  /** Of all instances, with what this one has not saved; without a database that is at hand, with that alone. */
  private async parityOf(route: string): Promise<ExperimentReport['parity']> {
    const saved = await this.asking(() => this.parts.parity.read(route));
    return mergeHours(saved ?? [], this.parts.book.parity.of(route)).map(
      ({ hour, compared, differed, candidateErrors }) => ({ at: hour / 1000, compared, differed, candidateErrors }),
    );
  }

  private async decisionsOf(route: string): Promise<readonly DecisionRecord[]> {
    const stored = await this.asking(() => this.parts.decisions.last(route, DECISIONS));
    return stored ?? this.parts.judge.lastOf(route).slice(0, DECISIONS);
  }

  /** Starts no database to look, and makes do without one that fails. */
  private async asking<T>(question: () => Promise<T>): Promise<T | undefined> {
    return this.parts.database.state === 'up' ? question().catch(() => undefined) : undefined;
  }
}

function whoDecides({
  experiment: { promote, rollBack, steps },
}: Route): Pick<ExperimentReport['policy'], 'promote' | 'rollBack' | 'steps'> {
  return { promote, rollBack, steps };
}

function rulesOf({ experiment: { ignore, keyed } }: Route): ExperimentReport['rules'] {
  const now = Date.now();
  return {
    ignore: ignore.map(({ pointer, reason, expiresAt, by = 'routes.yaml', at }) => ({
      pointer,
      reason,
      until: new Date(expiresAt).toISOString().slice(0, 10),
      isExpired: expiresAt <= now,
      by,
      ...(at === undefined ? {} : { at }),
    })),
    keyed,
  };
}

function toReport(arm: Arm | undefined): ArmReport {
  const { requests = 0, errors = 0 } = arm ?? {};
  return { requests, errors, p50: arm?.latency.quantile(0.5), p95: arm?.latency.quantile(0.95) };
}
