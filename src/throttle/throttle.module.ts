import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerStorage } from '@nestjs/throttler';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { Metrics } from '../metrics/index.js';
import { REDIS, type RedisConnection } from '../state/index.js';
import { ConcurrencyLimiter } from './concurrency-limiter.js';
import type { CountingStorage } from './counting-storage.js';
import { HandlerThrottleGuard } from './handler-throttle.guard.js';
import { measureLimits } from './limit-metrics.js';
import { MemoryThrottlerStorage } from './memory-throttler-storage.js';
import { RateLimits } from './rate-limits.js';
import { RedisThrottlerStorage } from './redis-throttler-storage.js';

@Module({
  providers: [
    {
      provide: ThrottlerStorage,
      inject: [{ token: REDIS, optional: true }],
      useFactory: (redis: RedisConnection | undefined): CountingStorage =>
        redis === undefined ? new MemoryThrottlerStorage() : new RedisThrottlerStorage(redis),
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
    ConcurrencyLimiter,
  ],
  exports: [ThrottlerStorage, RateLimits, ConcurrencyLimiter],
})
export class ThrottleModule {}
