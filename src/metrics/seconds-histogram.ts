import { labelText } from './labels.js';

/** Seconds: from what a person does not notice to the longest timeout of a route. */
export const LATENCY_BUCKETS_S: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** What one route table makes is far below; tables that change their names all the time must not fill the memory. */
const MAX_SERIES = 5000;

/** One series of a histogram, to be kept by whoever measures. */
export interface SecondsSeries {
  readonly labels: string;
  readonly counts: number[];
  sum: number;
  count: number;
}

/**
 * A histogram of durations for places that every request passes. prom-client's own validates and hashes the labels of each observation
 * for a microsecond or two; here whoever measures keeps the series. Bounded.
 */
export class SecondsHistogram {
  private readonly all: SecondsSeries[] = [];

  constructor(
    readonly name: string,
    readonly help: string,
    readonly labels: readonly string[],
    private readonly bounds: readonly number[] = LATENCY_BUCKETS_S,
  ) {}

  /** A new series; undefined when there are too many. Values must come from a fixed list or the route table. */
  create(values: readonly string[]): SecondsSeries | undefined {
    if (this.all.length >= MAX_SERIES) return undefined;
    const counts = Array.from({ length: this.bounds.length + 1 }, () => 0);
    const made = { labels: labelText(this.labels, values), counts, sum: 0, count: 0 };
    this.all.push(made);
    return made;
  }

  observe(series: SecondsSeries, seconds: number): void {
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && seconds > (bounds[bucket] ?? 0)) bucket++;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sum += seconds;
    series.count += 1;
  }

  /** The samples in Prometheus' text format, version 0.0.4: the buckets are cumulative. */
  lines(): string[] {
    const { name, bounds } = this;
    const lines: string[] = [];
    for (const { labels, counts, sum, count } of this.all) {
      const before = labels === '' ? '' : `${labels},`;
      const of = labels === '' ? '' : `{${labels}}`;
      let below = 0;
      for (const [at, bound] of [...bounds, '+Inf'].entries()) {
        below += counts[at] ?? 0;
        lines.push(`${name}_bucket{${before}le="${bound}"} ${below}`);
      }
      lines.push(`${name}_sum${of} ${sum}`, `${name}_count${of} ${count}`);
    }
    return lines;
  }
}
