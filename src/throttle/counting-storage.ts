import type { ThrottlerStorage } from '@nestjs/throttler';
import { wholeSeconds } from './limit-fields.js';
import type { HitCount } from './window-counters.js';

type ThrottlerStorageRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** One hit to be counted: whose, and against what. Times in ms. */
export interface Hit {
  /** Whose limit it is: a policy of the route table, or what a handler's `@Throttle` names. */
  readonly name: string;
  readonly key: string;
  readonly windowMs: number;
  readonly limit: number;
  /** How long who is over stays refused; 0: until the window ends. */
  readonly blockMs: number;
}

/** `@nestjs/throttler`'s storage, which besides answers at once where it can: a promise on each request has its price. */
export abstract class CountingStorage implements ThrottlerStorage {
  abstract hit(hit: Hit): HitCount | Promise<HitCount>;

  /** The contract of `@nestjs/throttler`: `ttl` and `blockDuration` in ms, times of the answer in s. */
  async increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
  ): Promise<ThrottlerStorageRecord> {
    const { hits, isOver, resetMs } = await this.hit({
      name: throttlerName,
      key,
      windowMs: ttl,
      limit,
      blockMs: blockDuration,
    });
    const seconds = wholeSeconds(resetMs);
    return {
      totalHits: hits,
      timeToExpire: seconds,
      isBlocked: isOver,
      timeToBlockExpire: isOver ? seconds : 0,
    };
  }
}
