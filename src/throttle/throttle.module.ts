import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerStorage } from '@nestjs/throttler';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { Metrics } from '../metrics/index.js';
import { REDIS, type RedisConnection } from '../state/index.js';
import { WORKER_PLACE, type WorkerPlace } from '../workers/index.js';
import { ConcurrencyLimiter } from './concurrency-limiter.js';
import type { CountingStorage } from './counting-storage.js';
import { HandlerThrottleGuard } from './handler-throttle.guard.js';
import { LeasedPlaces } from './leased-places.js';
import { measureLimits } from './limit-metrics.js';
import { LinkedThrottlerStorage } from './linked-throttler-storage.js';
import { MemoryThrottlerStorage } from './memory-throttler-storage.js';
import { LocalPlaces, PLACES, type Places } from './places.js';
import { RateLimits } from './rate-limits.js';
import { RedisThrottlerStorage } from './redis-throttler-storage.js';

@Module({
  providers: [
    {
      provide: ThrottlerStorage,
      inject: [
        { token: REDIS, optional: true },
        { token: WORKER_PLACE, optional: true },
      ],
      useFactory: (redis: RedisConnection | undefined, place: WorkerPlace | undefined): CountingStorage => {
        const memory = new MemoryThrottlerStorage();
        const alone =
          place === undefined ? memory : new LinkedThrottlerStorage(place.link, memory, redis !== undefined);
        return redis === undefined ? alone : new RedisThrottlerStorage(redis, memory, alone);
      },
    },
    {
      provide: PLACES,
      inject: [{ token: WORKER_PLACE, optional: true }],
      useFactory: (place: WorkerPlace | undefined): Places =>
        place === undefined ? new LocalPlaces() : new LeasedPlaces(place.link, place.count),
    },
    {
      provide: ConcurrencyLimiter,
      inject: [PLACES],
      useFactory: (places: Places) => new ConcurrencyLimiter(places),
    },
    {
      provide: RateLimits,
      inject: [ThrottlerStorage, CONFIG, ConcurrencyLimiter, Metrics],
      useFactory: (
        storage: CountingStorage,
        { identity }: GatewayConfig,
        concurrency: ConcurrencyLimiter,
        metrics: Metrics,
      ) => {
        const limits = new RateLimits(storage, identity.secret);
        measureLimits(metrics, { limits, concurrency, storage });
        return limits;
      },
    },
    { provide: APP_GUARD, useClass: HandlerThrottleGuard },
  ],
  exports: [ThrottlerStorage, RateLimits, ConcurrencyLimiter, PLACES],
})
export class ThrottleModule {}
