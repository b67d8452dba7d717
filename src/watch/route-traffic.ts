import { LatencyHistogram } from './latency-histogram.js';

/** Parts of the time that is looked at; the oldest is given up for a new one. */
const PARTS = 10;

/** What a route was asked of late. */
export interface RecentTraffic {
  /** Requests per second. */
  readonly rate: number;
  /** Share of the statuses 5xx, 0 to 1. */
  readonly errorShare: number;
  /** Milliseconds; undefined where nothing was answered. */
  readonly p50?: number;
  readonly p95?: number;
}

class Part {
  requests = 0;
  errors = 0;
  readonly latency = new LatencyHistogram();

  clear(): void {
    this.requests = 0;
    this.errors = 0;
    this.latency.clear();
  }
}

/** The last requests of one route, in ten parts of the time: 8 KiB, whatever comes. */
export class RouteTraffic {
  private readonly parts = Array.from({ length: PARTS }, () => new Part());
  private at = 0;
  private current = this.parts[0] ?? new Part();

  /** `bucket`: of its time; undefined for what is no latency. */
  note(isError: boolean, bucket: number | undefined): void {
    const { current } = this;
    current.requests += 1;
    if (isError) current.errors += 1;
    if (bucket !== undefined) current.latency.add(bucket);
  }

  /** Begins the next part. */
  advance(): void {
    this.at = (this.at + 1) % PARTS;
    this.current = this.parts[this.at] ?? this.current;
    this.current.clear();
  }

  get isIdle(): boolean {
    return this.parts.every(({ requests }) => requests === 0);
  }

  /** `seconds`: how long the parts have been looking. */
  recent(seconds: number): RecentTraffic {
    let requests = 0;
    let errors = 0;
    const latency = new LatencyHistogram();
    for (const part of this.parts) {
      requests += part.requests;
      errors += part.errors;
      latency.merge(part.latency);
    }
    return { ...rateOf(requests, errors, seconds), ...quantiles(latency) };
  }
}

function rateOf(requests: number, errors: number, seconds: number): { rate: number; errorShare: number } {
  return {
    rate: Math.round((requests / Math.max(seconds, 1)) * 1000) / 1000,
    errorShare: requests === 0 ? 0 : Math.round((errors / requests) * 10_000) / 10_000,
  };
}

function quantiles(latency: LatencyHistogram): { p50?: number; p95?: number } {
  const p50 = latency.quantile(0.5);
  const p95 = latency.quantile(0.95);
  return p50 === undefined || p95 === undefined ? {} : { p50, p95 };
}
