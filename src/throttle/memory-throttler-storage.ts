import type { ThrottlerStorage } from '@nestjs/throttler';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

type ThrottlerStorageRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** `@nestjs/throttler`'s storage contract over rate-limiter-flexible, in this process's memory: fixed windows per key. */
export class MemoryThrottlerStorage implements ThrottlerStorage {
  private readonly limiters = new Map<string, RateLimiterMemory>();

  /** Counts one hit. `ttl` and `blockDuration` in ms; `throttlerName` names the policy whose limit it is. */
  async increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
  ): Promise<ThrottlerStorageRecord> {
    const limiter = this.limiterOf(throttlerName, ttl, limit, blockDuration);
    try {
      return toRecord(await limiter.consume(key), false);
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return toRecord(refusal, true);
      throw refusal;
    }
  }

  private limiterOf(name: string, ttl: number, limit: number, blockDuration: number): RateLimiterMemory {
    const id = `${name} ${ttl} ${limit} ${blockDuration}`;
    const known = this.limiters.get(id);
    if (known !== undefined) return known;
    const made = new RateLimiterMemory({
      keyPrefix: name,
      points: limit,
      duration: ttl / 1000,
      blockDuration: blockDuration / 1000,
    });
    this.limiters.set(id, made);
    return made;
  }
}

function toRecord(result: RateLimiterRes, isBlocked: boolean): ThrottlerStorageRecord {
  const seconds = Math.ceil(result.msBeforeNext / 1000);
  return {
    totalHits: result.consumedPoints,
    timeToExpire: seconds,
    isBlocked,
    timeToBlockExpire: isBlocked ? seconds : 0,
  };
}
