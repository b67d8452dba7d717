import type { GatewayError } from '../contract/index.js';
import type { Exchange } from '../trace/index.js';

/** Which bound a request meets: that of its route, or that of its caller on the route. */
export interface ConcurrencyBound {
  readonly bound: 'route' | 'caller';
  readonly max: number;
  readonly route: string;
}

/** Counts the requests that are under way, and refuses those beyond a bound. */
export class ConcurrencyLimiter {
  /** Holds a place until the answer is out. */
  enter(_exchange: Exchange, _bound: ConcurrencyBound): GatewayError | undefined {
    return undefined;
  }
}
