import { circuitBreaker, CircuitState, handleWhenResult, isBrokenCircuitError, SamplingBreaker } from 'cockatiel';
import type { UpstreamSettings } from '../../routing/index.js';
import { countsAgainstTarget, type ForwardError } from '../forward-error.js';

const BROKEN: ForwardError = { stage: 'connect', cause: 'breaker-open' };
/** Calls in the window below which no share of failures opens the breaker. */
const MIN_CALLS = 5;
/** The library wants less than one: "all of them" is 99.9 %. */
const MAX_THRESHOLD = 0.999;
/** Calls that come while one tests whether the target is back wait this long for its outcome. */
const TRIAL_WAIT_MS = 500;

/** Keeps calls from a target that fails most of them, and lets one through now and then to see whether it is back. */
export class TargetBreaker {
  private policy;
  /** Times that it has opened. */
  opened = 0;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly settings: UpstreamSettings['breaker']) {
    this.policy = this.create();
  }

  /** Open, or a single call is testing whether it may close. */
  get isOpen(): boolean {
    return this.policy.state !== CircuitState.Closed;
  }

  get state(): 'closed' | 'open' | 'half-open' {
    if (!this.isOpen) return 'closed';
    return this.policy.state === CircuitState.HalfOpen ? 'half-open' : 'open';
  }

  /** Runs a call unless the breaker is open. Resolves with the failure, if any; an open breaker is one. */
  async guard(call: () => Promise<ForwardError | undefined>): Promise<ForwardError | undefined> {
    if (this.policy.state === CircuitState.HalfOpen) await this.trialEnds();
    // The library would let the call wait for ever.
    if (this.policy.state === CircuitState.HalfOpen) return BROKEN;
    try {
      return await this.policy.execute(call);
    } catch (error) {
      if (isBrokenCircuitError(error)) return BROKEN;
      throw error;
    }
  }

  /** Forgets all failures: the target was seen to be well. */
  reset(): void {
    // A new one: closing the old one would keep its count of failures, so that the next single one opened it again.
    this.policy = this.create();
    this.release();
  }

  private create() {
    const { threshold, windowMs, openMs } = this.settings;
    const made = circuitBreaker(
      handleWhenResult((result) => result !== undefined && countsAgainstTarget(result as ForwardError)),
      {
        halfOpenAfter: openMs,
        breaker: new SamplingBreaker({
          threshold: Math.min(threshold, MAX_THRESHOLD),
          duration: windowMs,
          minimumRps: MIN_CALLS / (windowMs / 1000),
        }),
      },
    );
    made.onStateChange((state) => {
      if (made !== this.policy) return;
      if (state === CircuitState.Open) this.opened += 1;
      if (state !== CircuitState.HalfOpen) this.release();
    });
    return made;
  }

  private trialEnds(): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.waiting.delete(finish);
        resolve();
      };
      const timer = setTimeout(finish, TRIAL_WAIT_MS);
      this.waiting.add(finish);
    });
  }

  private release(): void {
    for (const finish of this.waiting) finish();
  }
}
