import type { Metrics } from '../metrics/index.js';
import type { ConcurrencyLimiter } from './concurrency-limiter.js';
import type { CountingStorage } from './counting-storage.js';
import type { RateLimits } from './rate-limits.js';
import { LinkedThrottlerStorage } from './linked-throttler-storage.js';
import { RedisThrottlerStorage } from './redis-throttler-storage.js';

/** What limits have refused, and whether they are counted together with the other instances. */
export function measureLimits(
  metrics: Metrics,
  parts: { readonly limits: RateLimits; readonly concurrency: ConcurrencyLimiter; readonly storage: CountingStorage },
): void {
  const { limits, concurrency, storage } = parts;
  metrics.sampled(
    'counter',
    'donna_rate_limit_refusals_total',
    'Requests beyond a limit, by its name and whom it counts: ip, identity, field, or handler (a limit of a native handler’s own).',
    ['policy', 'per'],
    () => limits.refused.samples(),
  );
  metrics.sampled(
    'counter',
    'donna_rate_limit_counted_alone_total',
    'Hits that this instance counted by itself, because Redis was away (down) or did not answer (error); with workers and no REDIS_URL: because their primary did.',
    ['why'],
    () => {
      if (!(storage instanceof RedisThrottlerStorage || storage instanceof LinkedThrottlerStorage)) return [];
      const { down, error } = storage.countedAlone;
      return [
        [['down'], down],
        [['error'], error],
      ];
    },
  );
  metrics.sampled(
    'counter',
    'donna_concurrency_refusals_total',
    'Requests beyond what may be under way at once, by route and bound: route (503), caller (429).',
    ['route', 'bound'],
    () => concurrency.refused.samples(),
  );
  metrics.sampled(
    'gauge',
    'donna_concurrency_places_held',
    'Places that requests and joined sockets hold now; one that meets two bounds holds two.',
    [],
    () => [[[], concurrency.held]],
  );
}
