import { Module } from '@nestjs/common';
import { ThrottlerStorage } from '@nestjs/throttler';
import { ConcurrencyLimiter } from './concurrency-limiter.js';
import { MemoryThrottlerStorage } from './memory-throttler-storage.js';

@Module({
  providers: [{ provide: ThrottlerStorage, useClass: MemoryThrottlerStorage }, ConcurrencyLimiter],
  exports: [ThrottlerStorage, ConcurrencyLimiter],
})
export class ThrottleModule {}
