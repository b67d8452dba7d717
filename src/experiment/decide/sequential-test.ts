import { upperBound } from './binomial-bounds.js';

const { exp, log, log1p, max, min, sqrt } = Math;

/** What the test promises. Rates are shares: 0.02 for two in a hundred. */
export interface SequentialSettings {
  /** Chance that a candidate no worse than the control is ever rolled back, however long it serves. */
  readonly alpha: number;
  /** Chance that a round clears a candidate whose errors exceed the control's by `minEffect`. */
  readonly beta: number;
  /** Increase of the share of errors that is to be found. */
  readonly minEffect: number;
  /** Share of errors that the control has, roughly: a start for the estimate. It changes the speed, not `alpha`. */
  readonly expectedErrorRate: number;
  /** What is known of the control before it begins, from mirror: it counts where the canary has all of the traffic. */
  readonly baseline: ArmTally;
}

export interface ArmTally {
  readonly requests: number;
  readonly errors: number;
}

type Side = 'control' | 'candidate';
type Counts = { requests: number; errors: number };

/** All that the test remembers. Data alone: it can be stored as JSON and taken up by another process. */
export interface SequentialState {
  readonly decision: 'continue' | 'roll-back';
  /** Rounds that ended well, and the one under way, from 1. */
  readonly round: number;
  /** Logarithms of the evidence of this round for each effect that is looked for. */
  readonly evidence: readonly number[];
  /** Logarithm of the evidence of this round that the candidate is worse by the smallest effect, against that it is like the control. */
  readonly clearance: number;
  readonly control: ArmTally;
  readonly candidate: ArmTally;
  /** Outcomes of the block that is not complete. */
  readonly pending: { readonly control: ArmTally; readonly candidate: ArmTally };
}

const NONE: ArmTally = { requests: 0, errors: 0 };
const DEFAULTS: SequentialSettings = {
  alpha: 0.01,
  beta: 0.05,
  minEffect: 0.02,
  expectedErrorRate: 0.005,
  baseline: NONE,
};
/** Requests that the expected rate weighs as much as. */
const PRIOR_REQUESTS = 50;
/** Requests of the candidate without one of the control after which it is held against what is known of the control. */
const ALONE = 25;
const BASELINE_CONFIDENCE = 0.999;
const LOWEST_RATE = 1e-4;
const HIGHEST_RATE = 0.98;

/**
 * Tells a canary that fails more often than the control, request by request, as often as one likes to look. The control's rate is
 * not known beforehand: it is learned from the requests that PHP serves at the same time.
 *
 * For blocks of outcomes of both arms it multiplies up an e-value for two proportions (Turner, Ly and Grünwald 2021,
 * arXiv:2106.02693), a mixture over several effects, of which each is guessed from earlier blocks only. Where the candidate is no
 * worse, it reaches 1/a with a chance of at most `a` (Ville's inequality). Where a test of Wald's finds the smallest effect unlikely (`beta`), the
 * round has cleared the candidate and another begins from 1, so that one that goes bad late is found as quickly; round r may use
 * the share 6/(π r)² of alpha. Outcomes are taken to be independent: count a caller that repeats one failing request once.
 */
export class SequentialTest {
  private readonly settings: SequentialSettings;
  private readonly effects: readonly number[];
  private decision: SequentialState['decision'];
  private round: number;
  private evidence: number[];
  private clearance: number;
  private peers: readonly SequentialState[] = [];
  private readonly known: Record<Side, Counts>;
  private readonly pending: Record<Side, Counts>;

  /** @throws RangeError for settings that promise nothing */
  constructor(settings: Partial<SequentialSettings> = {}, state?: SequentialState) {
    this.settings = { ...DEFAULTS, ...settings };
    const { alpha, beta, minEffect, expectedErrorRate, baseline } = this.settings;
    for (const share of [alpha, beta, minEffect]) {
      if (!(share > 0 && share < 1)) throw new RangeError('alpha, beta and minEffect lie between 0 and 1');
    }
    if (!(expectedErrorRate >= 0 && expectedErrorRate < 1))
      throw new RangeError('expectedErrorRate is a share below 1');
    // The smallest of interest up to a candidate that always fails.
    this.effects = [minEffect, min(1, minEffect * 4), min(1, minEffect * 16), 1];
    this.decision = state?.decision ?? 'continue';
    this.round = state?.round ?? 1;
    this.evidence = this.effects.map((_effect, at) => state?.evidence[at] ?? 0);
    this.clearance = state?.clearance ?? 0;
    this.known = { control: { ...(state?.control ?? baseline) }, candidate: { ...(state?.candidate ?? NONE) } };
    this.pending = {
      control: { ...(state?.pending.control ?? NONE) },
      candidate: { ...(state?.pending.candidate ?? NONE) },
    };
  }

  /** Takes one outcome. A decision to roll back is final. */
  observe(arm: Side, isError: boolean): SequentialState['decision'] {
    if (this.decision === 'roll-back') return this.decision;
    const { control, candidate } = this.pending;
    const counts = this.pending[arm];
    counts.requests += 1;
    if (isError) counts.errors += 1;
    // When a block ends depends on who is asked, never on what is answered: the evidence stays fair.
    if (candidate.requests > 0 && (control.requests > 0 || candidate.requests >= ALONE)) this.closeBlock();
    return this.decision;
  }

  /**
   * Holds what other instances found of the same canary together with what is found here. Their outcomes are others, so that
   * their evidence multiplies up; a combination of rounds may use the product of their shares of alpha, and all combinations
   * together use no more than alpha.
   */
  usePeers(peers: readonly SequentialState[]): void {
    this.peers = peers;
    this.decide();
  }

  /** Goes on where another process left off; what was found here since counts as coming after it. */
  resume(earlier: SequentialState): void {
    if (earlier.decision === 'roll-back') this.decision = 'roll-back';
    if (this.round === 1) {
      this.evidence = this.evidence.map((value, at) => value + (earlier.evidence[at] ?? 0));
      this.clearance += earlier.clearance;
    }
    this.round += earlier.round - 1;
    for (const arm of ['control', 'candidate'] as const) {
      this.known[arm].requests += earlier[arm].requests + earlier.pending[arm].requests;
      this.known[arm].errors += earlier[arm].errors + earlier.pending[arm].errors;
    }
    this.decide();
  }

  /** It is beyond doubt that the candidate fails more often. */
  get isDecided(): boolean {
    return this.decision === 'roll-back';
  }

  /** Rounds that cleared the candidate, here or on another instance, or in all that is known together. */
  get cleared(): number {
    const rounds = Math.max(this.round, ...this.peers.map(({ round }) => round)) - 1;
    const clearance = this.peers.reduce((sum, peer) => sum + peer.clearance, this.clearance);
    return rounds === 0 && clearance <= log(this.settings.beta) ? 1 : rounds;
  }

  /** How strong the evidence against the candidate is, and what rolls it back: both as odds. */
  get odds(): { readonly reached: number; readonly needed: number } {
    return { reached: exp(this.logOdds()), needed: 1 / this.alphaOfRounds() };
  }

  toJSON(): SequentialState {
    const { decision, round, evidence, clearance, known, pending } = this;
    return {
      decision,
      round,
      evidence: [...evidence],
      clearance,
      control: { ...known.control },
      candidate: { ...known.candidate },
      pending: { control: { ...pending.control }, candidate: { ...pending.candidate } },
    };
  }

  private closeBlock(): void {
    const isAlone = this.pending.control.requests === 0;
    const rate = isAlone ? this.highestRate() : this.likelyRate();
    this.evidence = this.effects.map((effect, at) => (this.evidence[at] ?? 0) + this.evidenceOf(rate, effect));
    this.clearance += this.clearanceOf();
    for (const arm of ['control', 'candidate'] as const) {
      this.known[arm].requests += this.pending[arm].requests;
      this.known[arm].errors += this.pending[arm].errors;
      Object.assign(this.pending[arm], NONE);
    }
    this.decide();
    if (this.decision === 'continue' && this.clearance <= log(this.settings.beta)) {
      this.round += 1;
      this.clearance = 0;
      this.evidence = this.effects.map(() => 0);
    }
  }

  /**
   * How much likelier the block is where the candidate's rate is `rate` and `effect` more than where it is like the control's:
   * as high as both together make it likeliest, or, without requests of the control, `rate` or less.
   */
  private evidenceOf(rate: number, effect: number): number {
    const { control: a, candidate: b } = this.pending;
    const worse = clamp(rate + effect);
    if (a.requests === 0) return likelihood(b.requests, b.errors, worse) - likelihood(b.requests, b.errors, rate);
    const requests = a.requests + b.requests;
    const both = (a.requests * rate + b.requests * worse) / requests;
    return (
      likelihood(a.requests, a.errors, rate) +
      likelihood(b.requests, b.errors, worse) -
      likelihood(requests, a.errors + b.errors, both)
    );
  }

  /**
   * Wald's test of the candidate alone. The e-value cannot clear: where nobody fails, it says that both are alike, whatever the rate.
   * The control's rate is taken from below what was seen, so that chance errors of PHP excuse none of the candidate.
   */
  private clearanceOf(): number {
    const rate = this.likelyRate();
    const doubt = 0.5 * sqrt((rate * (1 - rate)) / (this.known.control.requests + PRIOR_REQUESTS));
    const low = clamp(rate - doubt);
    const { requests, errors } = this.pending.candidate;
    return likelihood(requests, errors, clamp(low + this.settings.minEffect)) - likelihood(requests, errors, low);
  }

  /** The control's rate, guessed from earlier blocks. */
  private likelyRate(): number {
    const { requests, errors } = this.known.control;
    return clamp((errors + this.settings.expectedErrorRate * PRIOR_REQUESTS) / (requests + PRIOR_REQUESTS));
  }

  /** What the control's rate is at most, for all that is known; where nothing is, nothing can be held against the candidate. */
  private highestRate(): number {
    return clamp(upperBound(this.known.control.errors, this.known.control.requests, BASELINE_CONFIDENCE));
  }

  private decide(): void {
    const isKnown = this.peers.some(({ decision }) => decision === 'roll-back');
    if (isKnown || this.logOdds() >= -log(this.alphaOfRounds())) this.decision = 'roll-back';
  }

  private logOdds(): number {
    return logOfMean(
      this.evidence.map((own, at) => this.peers.reduce((sum, peer) => sum + (peer.evidence[at] ?? 0), own)),
    );
  }

  private alphaOfRounds(): number {
    const { alpha } = this.settings;
    return this.peers.reduce((share, { round }) => share * shareOf(round), alpha * shareOf(this.round));
  }
}

/** Of alpha: over all rounds they make one. */
function shareOf(round: number): number {
  return 6 / (Math.PI * round) ** 2;
}

function clamp(rate: number): number {
  return min(max(rate, LOWEST_RATE), HIGHEST_RATE);
}

function likelihood(requests: number, errors: number, rate: number): number {
  return errors * log(rate) + (requests - errors) * log1p(-rate);
}

/** ln of the mean of what these are the logarithms of. */
function logOfMean(logarithms: readonly number[]): number {
  const largest = max(...logarithms);
  return largest + log(logarithms.reduce((sum, value) => sum + exp(value - largest), 0) / logarithms.length);
}
