/** What to do with a candidate, and why. Data alone: it can be stored as JSON and printed. */
export interface Verdict {
  readonly action: 'promote' | 'hold' | 'roll-back';
  readonly reasons: readonly Reason[];
}

export type Check =
  'samples' | 'comparable' | 'mismatch' | 'errors' | 'latency' | 'coverage' | 'rules' | 'sequential' | 'uncaught';

/** One check. `wait`: not enough is known, or it is not good enough to promote; `fail`: bad beyond doubt. */
export interface Reason {
  readonly check: Check;
  readonly outcome: 'pass' | 'wait' | 'fail';
  /** One sentence for people, with the numbers in it. */
  readonly text: string;
  readonly evidence: Readonly<Record<string, number | string | readonly string[]>>;
}
