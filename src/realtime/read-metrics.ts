import type { Counter, Histogram } from 'prom-client';

/** What a histogram tells of times; milliseconds, by its buckets. */
export interface Latency {
  readonly count: number;
  /** Undefined where nothing was measured. */
  readonly p50?: number;
  readonly p95?: number;
}

interface Bucket {
  /** Seconds; Infinity for the last one. */
  readonly bound: number;
  /** Of all times up to the bound. */
  count: number;
}

/** Reads a histogram of seconds, of one value of a label or of all. */
export async function readLatency<Label extends string>(
  histogram: Histogram<Label>,
  only: Readonly<Record<string, string>> = {},
): Promise<Latency> {
  const { values } = await histogram.get();
  const buckets = new Map<number, number>();
  for (const { metricName, labels, value } of values) {
    const told: Readonly<Record<string, string | number | undefined>> = labels;
    const isWanted = Object.entries(only).every(([name, wanted]) => told[name] === wanted);
    if (metricName?.endsWith('_bucket') !== true || !isWanted) continue;
    const bound = told['le'] === '+Inf' ? Infinity : Number(told['le']);
    buckets.set(bound, (buckets.get(bound) ?? 0) + value);
  }
  const sorted = [...buckets].map(([bound, count]) => ({ bound, count })).toSorted((a, b) => a.bound - b.bound);
  const count = sorted.at(-1)?.count ?? 0;
  if (count === 0) return { count };
  return { count, p50: quantile(sorted, 0.5 * count), p95: quantile(sorted, 0.95 * count) };
}

/** Reads a counter by the values of one of its labels, in their order. */
export async function readCounts<Label extends string>(
  counter: Counter<Label>,
  label: Label,
): Promise<readonly { readonly value: string; readonly count: number }[]> {
  const { values } = await counter.get();
  return values
    .map(({ labels, value }) => ({ value: String(labels[label] ?? ''), count: value }))
    .toSorted((a, b) => a.value.localeCompare(b.value));
}

/** Evenly between the bounds of the bucket in which it lies, as Prometheus' `histogram_quantile`; beyond the last bound, that one. */
function quantile(buckets: readonly Bucket[], rank: number): number {
  let lower = { bound: 0, count: 0 };
  for (const bucket of buckets) {
    if (bucket.count >= rank && bucket.count > lower.count) {
      if (bucket.bound === Infinity) break;
      const share = (rank - lower.count) / (bucket.count - lower.count);
      return Math.round((lower.bound + (bucket.bound - lower.bound) * share) * 10_000) / 10;
    }
    lower = bucket.bound === Infinity ? lower : bucket;
  }
  return lower.bound * 1000;
}
