import { GatewayError } from '../contract/index.js';
import { networkOf } from '../edge/index.js';
import { Tally } from '../metrics/index.js';
import type { Exchange } from '../trace/index.js';

/** Which bound a request meets: that of its route, or that of its caller on the route. */
export interface ConcurrencyBound {
  readonly bound: 'route' | 'caller';
  readonly max: number;
  readonly route: string;
}

const RETRY_SOON = { headers: { 'Retry-After': '1' } };
const ROUTE_IS_FULL = new GatewayError('UPSTREAM_UNAVAILABLE', {
  ...RETRY_SOON,
  error: 'Too many requests are under way here. Try again in a moment.',
});
const CALLER_IS_FULL = new GatewayError('RATE_LIMITED', {
  ...RETRY_SOON,
  error: 'Too many of your requests are under way at once. Wait for some to end.',
});

/** Counts the requests that are under way, and refuses those beyond a bound. */
export class ConcurrencyLimiter {
  private readonly underWay = new Map<string, number>();
  /** Refusals by route and bound. */
  readonly refused = new Tally();

  /** Requests and joined sockets that hold a place now, each once per bound. */
  get held(): number {
    let held = 0;
    for (const count of this.underWay.values()) held += count;
    return held;
  }

  /**
   * Holds a place until the answer is out or the client is gone; a joined socket holds it until it closes. Refuses with
   * 503 past the route's bound, with 429 past that of the caller (trusted address, IPv6 by /64), each with `Retry-After`.
   */
  enter({ res, client }: Exchange, { bound, max, route }: ConcurrencyBound): GatewayError | undefined {
    // Who has left already gets no answer, and nothing would tell when its place is free.
    if (res.closed || res.destroyed) return undefined;
    const key = bound === 'route' ? route : `${route} ${networkOf(client.address)}`;
    const count = this.underWay.get(key) ?? 0;
    if (count >= max) {
      this.refused.add(route, bound);
      return bound === 'route' ? ROUTE_IS_FULL : CALLER_IS_FULL;
    }
    this.underWay.set(key, count + 1);
    res.once('close', () => this.leave(key));
    return undefined;
  }

  private leave(key: string): void {
    const count = this.underWay.get(key) ?? 0;
    if (count > 1) this.underWay.set(key, count - 1);
    else this.underWay.delete(key);
  }
}
