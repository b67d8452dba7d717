import { normalQuantile } from './normal-quantile.js';

/** Each bucket is that much wider than the one before: quantiles are off by 1 % at most (as DDSketch, Masson et al. 2019). */
const GROWTH = 1.02;
const LOG_GROWTH = Math.log(GROWTH);
const SHORTEST_MS = 0.01;
const LONGEST_MS = 3_600_000;

/** A sketch as data: pairs of bucket and count. */
export type SketchBuckets = readonly (readonly [bucket: number, count: number])[];

/** Times in bounded memory (some 1,350 buckets at most), whatever comes in whatever order. */
export class LatencySketch {
  private readonly buckets = new Map<number, number>();
  private total = 0;

  constructor(buckets: SketchBuckets = []) {
    this.merge(buckets);
  }

  get size(): number {
    return this.total;
  }

  /** Takes a time in ms; what is no time is dropped. */
  add(ms: number): void {
    if (!(ms >= 0)) return;
    const held = Math.min(Math.max(ms, SHORTEST_MS), LONGEST_MS);
    this.count(Math.ceil(Math.log(held / SHORTEST_MS) / LOG_GROWTH), 1);
  }

  /** The time in ms below which the share `q` of all lies; undefined where there is none. */
  quantile(q: number): number | undefined {
    return this.atRank(q * (this.total - 1));
  }

  /** Bounds of a quantile by ranks, without an assumption on how times are spread; each holds with `confidence`. */
  quantileBounds(q: number, confidence: number): { readonly lower: number; readonly upper: number } | undefined {
    const spread = normalQuantile(confidence) * Math.sqrt(this.total * q * (1 - q));
    const lower = this.atRank(q * this.total - spread - 1);
    const upper = this.atRank(q * this.total + spread + 1);
    return lower === undefined || upper === undefined ? undefined : { lower, upper };
  }

  /** Takes the times of another sketch besides. */
  merge(buckets: SketchBuckets): void {
    for (const [bucket, count] of buckets) this.count(bucket, count);
  }

  toJSON(): SketchBuckets {
    return [...this.buckets].sort(([a], [b]) => a - b);
  }

  private count(bucket: number, count: number): void {
    this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + count);
    this.total += count;
  }

  private atRank(rank: number): number | undefined {
    if (this.total === 0) return undefined;
    const wanted = Math.min(Math.max(rank, 0), this.total - 1);
    let below = 0;
    let found = 0;
    for (const [bucket, count] of this.toJSON()) {
      found = bucket;
      below += count;
      if (below > wanted) break;
    }
    // The middle of the bucket, by ratio.
    return SHORTEST_MS * Math.exp(LOG_GROWTH * (found - 0.5));
  }
}
