import { GatewayError } from '../contract/index.js';
import { Tally } from '../metrics/index.js';
import type { RateLimitPolicy } from '../routing/index.js';
import type { Exchange } from '../trace/index.js';
import { CallerKeys } from './caller-key.js';
import type { CountingStorage, Hit } from './counting-storage.js';
import { tellLimit } from './limit-fields.js';
import type { HitCount } from './window-counters.js';

/** Counts requests against the limits of the route table, and tells the client where it stands. */
export class RateLimits {
  readonly callers: CallerKeys;
  /** Refusals by limit and whom it counts; a handler's own limits are `handler`. */
  readonly refused = new Tally();

  constructor(
    private readonly storage: CountingStorage,
    secret: string,
  ) {
    this.callers = new CallerKeys(secret);
  }

  /**
   * Counts the request against one policy; refuses with 429 and `Retry-After` (s, at least 1) past it. At once where the
   * counters are in memory.
   */
  count(policy: RateLimitPolicy, exchange: Exchange): GatewayError | undefined | Promise<GatewayError | undefined> {
    const key = this.callers.of(policy, exchange);
    if (key instanceof GatewayError) return key;
    const { name, limit, windowS, per } = policy;
    const hitOf = (one: string): Hit => ({ name, key: one, limit, windowMs: windowS * 1000, blockMs: 0 });
    if (typeof key === 'string') return this.judge(hitOf(key), exchange, per);
    if (key.length === 0) return undefined;
    if (key.length === 1) return this.judge(hitOf(key[0] ?? ''), exchange, per);
    // Each of the values that the places of a field hold is counted; the one nearest to refusal tells.
    return Promise.all(key.map((one) => this.storage.hit(hitOf(one)))).then((counts) =>
      this.tell(
        exchange,
        hitOf(''),
        counts.reduce((worst, count) => (count.hits > worst.hits ? count : worst)),
        per,
      ),
    );
  }

  /** Counts one hit, adds its limit to the answer's fields, and refuses with 429 past it. */
  judge(
    hit: Hit,
    exchange: Exchange,
    per: RateLimitPolicy['per'] | 'handler' = 'handler',
  ): GatewayError | undefined | Promise<GatewayError | undefined> {
    const count = this.storage.hit(hit);
    return count instanceof Promise
      ? count.then((settled) => this.tell(exchange, hit, settled, per))
      : this.tell(exchange, hit, count, per);
  }

  private tell(
    exchange: Exchange,
    { name, limit, windowMs }: Hit,
    count: HitCount,
    per: string,
  ): GatewayError | undefined {
    const resetS = tellLimit(exchange, { name, limit, windowS: Math.ceil(windowMs / 1000) }, count);
    if (!count.isOver) return undefined;
    this.refused.add(name, per);
    return new GatewayError('RATE_LIMITED', { headers: { 'Retry-After': String(resetS) } });
  }
}
