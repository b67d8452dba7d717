/** When a candidate is good enough, and when it is too bad. */
export interface DecisionPolicy {
  /** Comparable observations before anything is promoted from mirror. */
  readonly minSamples: number;
  /** Requests that the candidate served before it is promoted from canary. */
  readonly minServed: number;
  /** Share of comparisons that may end in a mismatch or a candidate's error: 0.001 for one in a thousand. */
  readonly maxMismatchRate: number;
  /** Share of observations that may be not comparable. */
  readonly maxNotComparable: number;
  /** By how much the candidate's share of errors may exceed the control's: 0.005 for half a percent. */
  readonly maxErrorIncrease: number;
  /** Times of the candidate at each quantile: at most the control's times `ratio` plus `slackMs`. */
  readonly latency: { readonly quantiles: readonly number[]; readonly ratio: number; readonly slackMs: number };
  /** Of every bound, over all looks together: 0.95 for one wrong in twenty. */
  readonly confidence: number;
}

export const DEFAULT_POLICY: DecisionPolicy = {
  minSamples: 3000,
  minServed: 1000,
  maxMismatchRate: 0.001,
  maxNotComparable: 0.1,
  maxErrorIncrease: 0.005,
  latency: { quantiles: [0.5, 0.95], ratio: 1.5, slackMs: 20 },
  confidence: 0.95,
};

/** What must have been met before a promotion, as the contract and the route name it. */
export interface ExpectedCoverage {
  /** `2xx` stands for any of that class. */
  readonly statuses: readonly (number | StatusClass)[];
  readonly actions: readonly string[];
}

export type StatusClass = `${1 | 2 | 3 | 4 | 5}xx`;
