import type { EndedRequest, RequestObserver } from '../metrics/index.js';
import type { Exchange } from '../trace/index.js';
import { LatencyHistogram } from './latency-histogram.js';
import { type RecentTraffic, RouteTraffic } from './route-traffic.js';

/** Seconds of a step. */
export const STEP_S = 5;
/** One hour. */
const MAX_POINTS = 720;
/** Steps of a part of a route's time; ten of these are five minutes. */
const STEPS_A_PART = 6;
/** The whole parts of a route's time, besides the one under way. */
const WHOLE_PARTS_S = 9 * STEPS_A_PART * STEP_S;
/** Of the route table, which is far shorter. */
const MAX_ROUTES = 2000;

/** What happened in one step. */
export interface TrafficPoint {
  /** Unix seconds at its end. */
  readonly at: number;
  readonly requests: number;
  readonly errors: number;
  readonly refused: number;
  readonly left: number;
  readonly by: { readonly php: number; readonly native: number; readonly cache: number; readonly gateway: number };
  readonly cache: { readonly hits: number; readonly misses: number };
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
}

class Step {
  requests = 0;
  errors = 0;
  refused = 0;
  left = 0;
  php = 0;
  native = 0;
  cache = 0;
  gateway = 0;
  misses = 0;
}

/** The traffic of the last hour in steps, and of each route in the last five minutes. Fixed memory; a request allocates nothing. */
export class TrafficWatch {
  private step = new Step();
  private readonly latency = new LatencyHistogram();
  private readonly closed: TrafficPoint[] = [];
  private readonly routes = new Map<string, RouteTraffic>();
  private steps = 0;
  private requests = 0;
  private errors = 0;
  private readonly startedAt = performance.now();
  /** When the part under way began. */
  private partAt = this.startedAt;
  readonly since = new Date().toISOString();

  readonly observe: RequestObserver = ({ exchange, status, ms }: EndedRequest): void => {
    // What lasts as long as its client wants to listen is neither fast nor slow.
    if (status === 101 || exchange.isStream) return;
    const { step } = this;
    const isError = status >= 500;
    step.requests += 1;
    this.requests += 1;
    if (isError) {
      step.errors += 1;
      this.errors += 1;
    } else if (status === 499) step.left += 1;
    else if (status >= 400) step.refused += 1;
    noteSource(step, exchange);
    const bucket = status === 499 ? undefined : LatencyHistogram.bucketOf(ms);
    if (bucket !== undefined) this.latency.add(bucket);
    if (exchange.route !== undefined) this.routeOf(exchange.route.name)?.note(isError, bucket);
  };

  /** Since this process started. */
  totals(): { readonly requests: number; readonly errors: number; readonly since: string } {
    return { requests: this.requests, errors: this.errors, since: this.since };
  }

  /** The last hour at most, the oldest first. */
  points(): readonly TrafficPoint[] {
    return this.closed;
  }

  /** A route of the last five minutes. */
  recentOf(route: string): RecentTraffic {
    const now = performance.now();
    const seconds = Math.min((now - this.startedAt) / 1000, WHOLE_PARTS_S + (now - this.partAt) / 1000);
    return this.routes.get(route)?.recent(seconds) ?? { rate: 0, errorShare: 0 };
  }

  /** Ends a step. `now` in Unix milliseconds; where the clock was set back, what lies after it is given up: time goes on in one direction. */
  close(now: number): TrafficPoint {
    const { requests, errors, refused, left, php, native, cache, gateway, misses } = this.step;
    const point: TrafficPoint = {
      at: Math.round(now / 1000),
      requests,
      errors,
      refused,
      left,
      by: { php, native, cache, gateway },
      cache: { hits: cache, misses },
      ...quantiles(this.latency),
    };
    while ((this.closed.at(-1)?.at ?? 0) >= point.at) this.closed.pop();
    this.closed.push(point);
    if (this.closed.length > MAX_POINTS) this.closed.shift();
    this.step = new Step();
    this.latency.clear();
    this.steps += 1;
    if (this.steps % STEPS_A_PART === 0) this.advanceRoutes();
    return point;
  }

  private routeOf(name: string): RouteTraffic | undefined {
    const known = this.routes.get(name);
    if (known !== undefined || this.routes.size >= MAX_ROUTES) return known;
    const made = new RouteTraffic();
    this.routes.set(name, made);
    return made;
  }

  private advanceRoutes(): void {
    this.partAt = performance.now();
    for (const [name, route] of this.routes) {
      route.advance();
      if (route.isIdle) this.routes.delete(name);
    }
  }
}

function noteSource(step: Step, { notes }: Exchange): void {
  switch (notes.servedBy) {
    case 'upstream':
      step.php += 1;
      break;
    case 'native':
      step.native += 1;
      break;
    case 'cache':
      step.cache += 1;
      return;
    default:
      step.gateway += 1;
  }
  if (notes.cache === 'miss') step.misses += 1;
}

function quantiles(latency: LatencyHistogram): Pick<TrafficPoint, 'p50' | 'p95' | 'p99'> {
  const [p50, p95, p99] = [latency.quantile(0.5), latency.quantile(0.95), latency.quantile(0.99)];
  return p50 === undefined || p95 === undefined || p99 === undefined ? {} : { p50, p95, p99 };
}
