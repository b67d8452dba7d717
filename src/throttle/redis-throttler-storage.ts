import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { LRUCache } from 'lru-cache';
import type { RedisConnection } from '../state/index.js';
import { CountingStorage, type Hit } from './counting-storage.js';
import { MemoryThrottlerStorage } from './memory-throttler-storage.js';
import type { HitCount } from './window-counters.js';

const PREFIX = 'donna:limit:';
/** Limiters kept: one per policy and its numbers; a reloaded table brings others. */
const MAX_LIMITERS = 1000;

/**
 * Counts in Redis, for all gateways together and atomically (rate-limiter-flexible). What Redis says is noted in memory:
 * who is over the limit is refused without asking again, and when Redis is gone each gateway counts on from there by itself.
 */
export class RedisThrottlerStorage extends CountingStorage {
  /** Hits that were counted here alone, because Redis was away (`down`) or did not answer (`error`). */
  readonly countedAlone = { down: 0, error: 0 };
  private readonly limiters = new LRUCache<string, RateLimiterRedis>({ max: MAX_LIMITERS });

  /** `insurance` counts while Redis is away, over the same memory; each process by itself when left out. */
  constructor(
    private readonly redis: RedisConnection,
    private readonly memory = new MemoryThrottlerStorage(),
    private readonly insurance: CountingStorage = memory,
  ) {
    super();
  }

  hit(hit: Hit): HitCount | Promise<HitCount> {
    const counters = this.memory.countersOf(hit.name);
    const refused = counters.hitIfOver(hit.key, hit.limit);
    if (refused !== undefined) return refused;
    if (!this.redis.isUp) return this.countAlone(hit, 'down');
    return this.limiterOf(hit)
      .consume(hit.key)
      .then(
        (answer) => this.note(hit, answer),
        (failure: unknown) =>
          failure instanceof RateLimiterRes ? this.note(hit, failure) : this.countAlone(hit, 'error'),
      );
  }

  private countAlone(hit: Hit, why: 'down' | 'error'): HitCount | Promise<HitCount> {
    this.countedAlone[why] += 1;
    return this.insurance.hit(hit);
  }

  private note(hit: Hit, { consumedPoints: hits, msBeforeNext }: RateLimiterRes): HitCount {
    const resetMs = Math.max(1, msBeforeNext);
    this.memory.countersOf(hit.name).adopt(hit.key, hits, resetMs, hit.limit);
    return { hits, isOver: hits > hit.limit, resetMs };
  }

  private limiterOf({ name, windowMs, limit, blockMs }: Hit): RateLimiterRedis {
    const id = `${name} ${windowMs} ${limit} ${blockMs}`;
    const known = this.limiters.get(id);
    if (known !== undefined) return known;
    const made = new RateLimiterRedis({
      storeClient: this.evaluator,
      useRedisPackage: true,
      keyPrefix: PREFIX + name,
      points: limit,
      // Redis counts lives in whole seconds, and takes 0 for ever.
      duration: Math.max(1, Math.ceil(windowMs / 1000)),
      ...(blockMs > 0 ? { customIncrTtlLuaScript: countAndBlock(blockMs) } : {}),
    });
    this.limiters.set(id, made);
    return made;
  }

  /** What the library needs of a client of `redis`, within the connection's bounds of time. */
  private readonly evaluator = {
    eval: (script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown> =>
      this.redis.run((client) => client.eval(script, options)),
  };
}

/** The library's script (hits, life in s, limit are its arguments), which besides lengthens the window of who has just got over the limit. */
function countAndBlock(blockMs: number): string {
  return `
redis.call('SET', KEYS[1], 0, 'EX', ARGV[2], 'NX')
local hits = redis.call('INCRBY', KEYS[1], ARGV[1])
if hits == tonumber(ARGV[3]) + 1 then redis.call('PEXPIRE', KEYS[1], ${Math.ceil(blockMs)}) end
return { hits, redis.call('PTTL', KEYS[1]) }`;
}
