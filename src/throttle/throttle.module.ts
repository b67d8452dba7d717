import { Module } from '@nestjs/common';
import { ThrottlerStorage } from '@nestjs/throttler';
import { MemoryThrottlerStorage } from './memory-throttler-storage.js';

@Module({
  providers: [{ provide: ThrottlerStorage, useClass: MemoryThrottlerStorage }],
  exports: [ThrottlerStorage],
})
export class ThrottleModule {}
