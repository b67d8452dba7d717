import { mismatchBounds } from './binomial-bounds.js';
import type { ArmTally } from './sequential-test.js';

const BUCKETS = 30;
const BUCKET_MS = 10_000;
/** Milliseconds that are looked at. */
export const RECENT_MS = BUCKETS * BUCKET_MS;
/** Share of errors, above what PHP's was, that a replaced route may have. */
const GRANTED = 0.05;
/** It is beyond this that the share is too high, before anybody is called. */
const CONFIDENCE = 0.999;

/** How a replaced route fares now: nobody answers beside it, so that its errors are held against a fixed share. */
export interface RecentState {
  readonly requests: number;
  readonly errors: number;
  /** Share of errors above which it is bad. */
  readonly limit: number;
  readonly isBad: boolean;
}

/** The errors of the last five minutes of this process, by its own clock that never jumps. Bounded memory. */
export class RecentErrors {
  private readonly buckets: { at: number; requests: number; errors: number }[] = [];
  private isBad = false;
  private readonly limit: number;

  /** `baseline`: what is known of PHP, where anything is. */
  constructor(baseline: ArmTally | undefined) {
    this.limit =
      GRANTED + (baseline === undefined || baseline.requests === 0 ? 0 : baseline.errors / baseline.requests);
  }

  add(isError: boolean, now = performance.now()): void {
    const at = Math.floor(now / BUCKET_MS);
    let bucket = this.buckets.at(-1);
    if (bucket?.at !== at) {
      bucket = { at, requests: 0, errors: 0 };
      this.buckets.push(bucket);
      if (this.buckets.length > BUCKETS) this.buckets.shift();
    }
    bucket.requests += 1;
    bucket.errors += isError ? 1 : 0;
  }

  /** Bad once the share is above the limit beyond doubt, and until it is below half of it: an alarm that flutters is not heard. */
  state(now = performance.now()): RecentState {
    const oldest = Math.floor(now / BUCKET_MS) - BUCKETS;
    while ((this.buckets[0]?.at ?? Infinity) <= oldest) this.buckets.shift();
    let [requests, errors] = [0, 0];
    for (const bucket of this.buckets) {
      requests += bucket.requests;
      errors += bucket.errors;
    }
    const { limit } = this;
    this.isBad = this.isBad
      ? errors > (requests * limit) / 2
      : mismatchBounds(errors, requests, CONFIDENCE).lower > limit;
    return { requests, errors, limit, isBad: this.isBad };
  }
}
