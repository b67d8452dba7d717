import type { Observation, ObservationClass } from '../compare/observation.js';
import { FieldStats, type FieldTally } from './field-stats.js';
import { LatencySketch, type SketchBuckets } from './latency-sketch.js';
import { SequentialTest, type SequentialSettings, type SequentialState } from './sequential-test.js';

/** One answer that reached a client. */
export interface Served {
  readonly isError: boolean;
  readonly status: number;
  readonly ms: number;
  readonly action?: string;
  /** The same caller's same failing request was counted already: the sequential test takes outcomes to be independent. */
  readonly isRepeated?: boolean;
}

/** How one side fared. */
export interface Arm {
  requests: number;
  errors: number;
  readonly latency: LatencySketch;
}

/** All that was gathered, as data: it can be stored as JSON and taken up again. */
export interface EvidenceSnapshot {
  readonly classes: Readonly<Record<ObservationClass, number>>;
  readonly arms: Readonly<
    Record<'control' | 'candidate', { requests: number; errors: number; latency: SketchBuckets }>
  >;
  readonly covered: { readonly statuses: readonly number[]; readonly actions: readonly string[] };
  readonly expiredRules: readonly string[];
  readonly fields: readonly FieldTally[];
  readonly sequential: SequentialState;
  /** Errors that the handler left uncaught; absent in what older versions stored. */
  readonly strays?: number;
}

const MAX_STATUSES = 100;
const MAX_ACTIONS = 500;
const MAX_RULES = 500;

/**
 * The evidence about one route in one stage, in bounded memory: a few hundred kB at most. A stage that begins anew (a changed
 * candidate, another weight) begins with a new one.
 */
export class EvidenceLog {
  readonly classes: Record<ObservationClass, number>;
  readonly arms: Readonly<Record<'control' | 'candidate', Arm>>;
  readonly fields: FieldStats;
  readonly sequential: SequentialTest;
  /** Errors that the handler left uncaught: without a guard the first would have ended the process. */
  strays: number;
  private readonly statuses: Set<number>;
  private readonly actions: Set<string>;
  private expired: Set<string>;

  constructor(settings: Partial<SequentialSettings> = {}, stored?: EvidenceSnapshot) {
    this.classes = stored === undefined ? noClasses() : { ...stored.classes };
    this.arms = { control: toArm(stored?.arms.control), candidate: toArm(stored?.arms.candidate) };
    this.fields = new FieldStats(stored?.fields);
    this.sequential = new SequentialTest(settings, stored?.sequential);
    this.strays = stored?.strays ?? 0;
    this.statuses = new Set(stored?.covered.statuses);
    this.actions = new Set(stored?.covered.actions);
    this.expired = new Set(stored?.expiredRules);
  }

  /** Takes a comparison; nobody was served by the candidate. What cannot be compared covers nothing. */
  observe(observation: Observation, action?: string): void {
    this.classes[observation.class] += 1;
    this.fields.add(observation);
    this.expired = new Set(observation.expiredRules.slice(0, MAX_RULES));
    if (observation.class === 'not-comparable') return;
    this.cover(observation.status.control, action);
    count(this.arms.control, observation.ms.control, observation.status.control >= 500);
    count(this.arms.candidate, observation.ms.candidate, observation.class === 'candidate-error');
  }

  /** Takes an answer that a client got in canary. */
  served(arm: 'control' | 'candidate', answer: Served): SequentialState['decision'] {
    count(this.arms[arm], answer.ms, answer.isError);
    if (arm === 'candidate') this.cover(answer.status, answer.action);
    if (answer.isRepeated !== true) return this.sequential.observe(arm, answer.isError);
    return this.sequential.isDecided ? 'roll-back' : 'continue';
  }

  /** Adds counts gathered elsewhere. Of the sequential test nothing: its evidence multiplies (`usePeers`) or goes on (`resume`). */
  merge(other: EvidenceSnapshot): void {
    for (const name of Object.keys(this.classes) as ObservationClass[]) this.classes[name] += other.classes[name];
    for (const side of ['control', 'candidate'] as const) {
      this.arms[side].requests += other.arms[side].requests;
      this.arms[side].errors += other.arms[side].errors;
      this.arms[side].latency.merge(other.arms[side].latency);
    }
    this.fields.merge(other.fields);
    this.strays += other.strays ?? 0;
    for (const status of other.covered.statuses) this.cover(status, undefined);
    for (const action of other.covered.actions) this.coverAction(action);
    for (const rule of other.expiredRules) if (this.expired.size < MAX_RULES) this.expired.add(rule);
  }

  get comparable(): number {
    const { match, ignored, mismatch } = this.classes;
    return match + ignored + mismatch + this.classes['candidate-error'];
  }

  get covered(): EvidenceSnapshot['covered'] {
    return { statuses: [...this.statuses].sort((a, b) => a - b), actions: [...this.actions].sort() };
  }

  get expiredRules(): readonly string[] {
    return [...this.expired];
  }

  toJSON(): EvidenceSnapshot {
    const { control, candidate } = this.arms;
    return {
      classes: { ...this.classes },
      arms: { control: fromArm(control), candidate: fromArm(candidate) },
      covered: this.covered,
      expiredRules: this.expiredRules,
      fields: this.fields.toJSON(),
      sequential: this.sequential.toJSON(),
      ...(this.strays === 0 ? {} : { strays: this.strays }),
    };
  }

  private cover(status: number, action: string | undefined): void {
    if (this.statuses.size < MAX_STATUSES) this.statuses.add(status);
    if (action !== undefined) this.coverAction(action);
  }

  private coverAction(action: string): void {
    if (this.actions.size < MAX_ACTIONS) this.actions.add(action);
  }
}

function noClasses(): Record<ObservationClass, number> {
  return { match: 0, ignored: 0, mismatch: 0, 'candidate-error': 0, 'not-comparable': 0 };
}

function toArm(stored: EvidenceSnapshot['arms']['control'] | undefined): Arm {
  return {
    requests: stored?.requests ?? 0,
    errors: stored?.errors ?? 0,
    latency: new LatencySketch(stored?.latency),
  };
}

function fromArm({ requests, errors, latency }: Arm): EvidenceSnapshot['arms']['control'] {
  return { requests, errors, latency: latency.toJSON() };
}

function count(arm: Arm, ms: number, isError: boolean): void {
  arm.requests += 1;
  arm.errors += isError ? 1 : 0;
  arm.latency.add(ms);
}
