import type { Counter } from 'prom-client';
import type { Metrics } from '../metrics/index.js';

/** What became of a request that came to a route's cache. */
export type CacheResult = 'hit' | 'stale' | 'error' | 'miss' | 'coalesced' | 'bypass';

/** What the memory holds now. */
export interface HeldAnswers {
  readonly bytes: number;
  readonly count: number;
}

/** What the cache counts, for Prometheus. */
export class CacheMetrics {
  private readonly requests: Counter<'route' | 'result'>;
  private readonly evictions: Counter;
  private readonly redisFaults: Counter;
  private readonly voided: Counter<'by'>;

  constructor(metrics: Metrics, held: () => HeldAnswers) {
    this.requests = metrics.counter(
      'donna_cache_requests_total',
      'Requests at routes with a cache, by route and result: hit, stale (and fetched anew besides), error (stale in the stead of a failure), miss, coalesced (with another’s miss), bypass.',
      ['route', 'result'],
    );
    this.evictions = metrics.counter('donna_cache_evictions_total', 'Stored answers that gave way to others.');
    this.redisFaults = metrics.counter('donna_cache_redis_errors_total', 'Calls to Redis that failed or were late.');
    this.voided = metrics.counter(
      'donna_cache_invalidations_total',
      'Times that tags were voided, by whom: write, admin.',
      ['by'],
    );
    metrics.gauge('donna_cache_bytes', 'Bytes of stored answers in this process.', [], (gauge) =>
      gauge.set(held().bytes),
    );
    metrics.gauge('donna_cache_entries', 'Stored answers in this process.', [], (gauge) => gauge.set(held().count));
  }

  /** Counters of one route, to be kept by whoever counts. */
  ofRoute(route: string): Readonly<Record<CacheResult, { inc(): void }>> {
    const of = (result: CacheResult): { inc(): void } => this.requests.labels(route, result);
    return {
      hit: of('hit'),
      stale: of('stale'),
      error: of('error'),
      miss: of('miss'),
      coalesced: of('coalesced'),
      bypass: of('bypass'),
    };
  }

  noteEviction(): void {
    this.evictions.inc();
  }

  noteRedisFault(): void {
    this.redisFaults.inc();
  }

  noteVoided(by: 'write' | 'admin'): void {
    this.voided.inc({ by });
  }
}
