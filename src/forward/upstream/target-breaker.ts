import type { UpstreamSettings } from '../../routing/index.js';
import { countsAgainstTarget, type ForwardError } from '../forward-error.js';
import { FailureWindow } from './failure-window.js';

export const BREAKER_OPEN: ForwardError = { stage: 'connect', cause: 'breaker-open' };
/** Of a call that threw: it says nothing of its target. */
const NO_VERDICT: ForwardError = { stage: 'connect', cause: 'client-left' };
/** Calls in the window below which no share of failures opens the breaker. */
const MIN_CALLS = 5;
/** "All of them" is 99.9 %: one call that was answered long ago is not to keep it closed. */
const MAX_THRESHOLD = 0.999;
/** Calls that come while one tests whether the target is back wait this long for its outcome. */
const TRIAL_WAIT_MS = 500;

/**
 * Keeps calls from a target that fails most of them, and lets one through now and then to see whether it is back: a circuit breaker with
 * the states closed, open and half-open. While it is closed a call costs two additions (docs/decisions/0037-the-hot-path.md).
 */
export class TargetBreaker {
  private current: 'closed' | 'open' | 'half-open' = 'closed';
  private readonly window: FailureWindow;
  private readonly threshold: number;
  /** Milliseconds of `performance.now()` until which an open breaker lets nobody through. */
  private openUntil = 0;
  /** Times that it has opened. */
  opened = 0;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly settings: UpstreamSettings['breaker']) {
    this.window = new FailureWindow(settings.windowMs);
    this.threshold = Math.min(settings.threshold, MAX_THRESHOLD);
  }

  /** Open, or a single call is testing whether it may close. */
  get isOpen(): boolean {
    return this.current !== 'closed';
  }

  get state(): 'closed' | 'open' | 'half-open' {
    return this.current;
  }

  /** Asks whether a call may go; at once, unless another call is testing the target. Whoever may go tells how it went with {@link leave}. */
  enter(): boolean | Promise<boolean> {
    if (this.current === 'closed') return true;
    // The call that tests is another's: after it all is known, or nobody may.
    if (this.current === 'half-open')
      return this.trialEnds().then(() => this.current !== 'half-open' && this.enterNow());
    return this.enterNow();
  }

  /** How a call went: undefined where it was answered. */
  leave(failure: ForwardError | undefined): void {
    const isFailure = failure !== undefined && countsAgainstTarget(failure);
    if (this.current === 'half-open') {
      if (isFailure) this.open();
      else if (failure === undefined) this.close();
      else this.wait();
      return;
    }
    // A call from before it opened says nothing that is not known.
    if (this.current === 'open') return;
    this.window.add(isFailure);
    if (isFailure && this.window.exceeds(this.threshold, MIN_CALLS)) this.open();
  }

  /** Makes a call, if it may go. Resolves with the failure, if any; an open breaker is one. */
  guard(call: () => Promise<ForwardError | undefined>): Promise<ForwardError | undefined> {
    return guardCall(this, call);
  }

  /** Forgets all failures: the target was seen to be well. */
  reset(): void {
    this.close();
  }

  private enterNow(): boolean {
    if (this.current === 'open' && performance.now() >= this.openUntil) {
      this.current = 'half-open';
      return true;
    }
    return this.current === 'closed';
  }

  private open(): void {
    this.current = 'open';
    this.openUntil = performance.now() + this.settings.openMs;
    this.opened += 1;
    this.release();
  }

  /** The test ended without a verdict (its client left): the next call is the test. */
  private wait(): void {
    this.current = 'open';
    this.openUntil = 0;
    this.release();
  }

  private close(): void {
    this.current = 'closed';
    this.window.clear();
    this.release();
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

/** Who decides whether a call may go, and is told how it went. */
interface Gate {
  enter(): boolean | Promise<boolean>;
  leave(failure: ForwardError | undefined): void;
}

/** Makes a call through a gate. Resolves with the failure, if any; that the gate is closed is one. */
export async function guardCall(
  gate: Gate,
  call: () => Promise<ForwardError | undefined>,
): Promise<ForwardError | undefined> {
  if (!(await gate.enter())) return BREAKER_OPEN;
  let failure: ForwardError | undefined = NO_VERDICT;
  try {
    return (failure = await call());
  } finally {
    gate.leave(failure);
  }
}
