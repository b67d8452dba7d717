import { GatewayError } from '../contract/index.js';
import { networkOf } from '../edge/index.js';
import { Tally } from '../metrics/index.js';
import type { Exchange } from '../trace/index.js';
import { LocalPlaces, type Places } from './places.js';

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
  /** Refusals by route and bound. */
  readonly refused = new Tally();
  private heldCount = 0;

  constructor(private readonly places: Places = new LocalPlaces()) {}

  /** Requests and joined sockets that hold a place now, each once per bound. */
  get held(): number {
    return this.heldCount;
  }

  /**
   * Holds a place until the answer is out or the client is gone; a joined socket holds it until it closes. Refuses with
   * 503 past the route's bound, with 429 past that of the caller (trusted address, IPv6 by /64), each with `Retry-After`.
   */
  enter(exchange: Exchange, wanted: ConcurrencyBound): GatewayError | undefined | Promise<GatewayError | undefined> {
    const { bound, max, route } = wanted;
    // Who has left already gets no answer, and nothing would tell when its place is free.
    if (hasLeft(exchange)) return undefined;
    const key = bound === 'route' ? route : `${route} ${networkOf(exchange.client.address)}`;
    const isIn = this.places.enter(key, max);
    return typeof isIn === 'boolean'
      ? this.settle(exchange, wanted, key, isIn)
      : isIn.then((settled) => this.settle(exchange, wanted, key, settled));
  }

  private settle(
    exchange: Exchange,
    { bound, route }: ConcurrencyBound,
    key: string,
    isIn: boolean,
  ): GatewayError | undefined {
    if (!isIn) {
      this.refused.add(route, bound);
      return bound === 'route' ? ROUTE_IS_FULL : CALLER_IS_FULL;
    }
    if (hasLeft(exchange)) {
      this.places.leave(key);
      return undefined;
    }
    this.heldCount += 1;
    exchange.res.once('close', () => {
      this.heldCount -= 1;
      this.places.leave(key);
    });
    return undefined;
  }
}

function hasLeft({ res }: Exchange): boolean {
  return res.closed || res.destroyed;
}
