/** Each bucket is that much wider than the one before: a quantile is off by 5 % at most. */
const GROWTH = 1.1;
const LOG_GROWTH = Math.log(GROWTH);
const SHORTEST_MS = 0.05;
/** The last one begins at some twenty minutes. */
const BUCKETS = 180;

/** Times in fixed memory (720 bytes); taking one allocates nothing. */
export class LatencyHistogram {
  private readonly counts = new Uint32Array(BUCKETS);
  private total = 0;

  /** The place of a time in ms, for any number of histograms. */
  static bucketOf(ms: number): number {
    return ms <= SHORTEST_MS ? 0 : Math.min(Math.ceil(Math.log(ms / SHORTEST_MS) / LOG_GROWTH), BUCKETS - 1);
  }

  get size(): number {
    return this.total;
  }

  /** Takes a time by its place. */
  add(bucket: number): void {
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.total += 1;
  }

  merge({ counts, total }: LatencyHistogram): void {
    for (let i = 0; i < BUCKETS; i++) this.counts[i] = (this.counts[i] ?? 0) + (counts[i] ?? 0);
    this.total += total;
  }

  clear(): void {
    if (this.total === 0) return;
    this.counts.fill(0);
    this.total = 0;
  }

  /** The time in ms below which the share `q` of all lies, rounded to a hundredth; undefined where there is none. */
  quantile(q: number): number | undefined {
    if (this.total === 0) return undefined;
    const rank = q * (this.total - 1);
    let below = 0;
    let bucket = 0;
    for (; bucket < BUCKETS - 1; bucket++) {
      below += this.counts[bucket] ?? 0;
      if (below > rank) break;
    }
    // The middle of the bucket, by ratio.
    const ms = bucket === 0 ? SHORTEST_MS : SHORTEST_MS * GROWTH ** (bucket - 0.5);
    return Math.round(ms * 100) / 100;
  }
}
