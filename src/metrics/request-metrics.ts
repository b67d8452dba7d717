import type { Metrics } from './metrics.js';
import type { RequestObserver } from './request-watch.js';
import type { SecondsHistogram, SecondsSeries } from './seconds-histogram.js';

const CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx', 'left'] as const;
const STAGES = ['none', 'proxy', 'mirror', 'canary', 'replaced'] as const;
const ARMS = ['none', 'control', 'candidate'] as const;

/** One answered request. All texts but the numbers come from fixed lists or the route table. */
export interface AnsweredRequest {
  readonly route: string | undefined;
  readonly stage: Exclude<(typeof STAGES)[number], 'none'> | undefined;
  readonly arm: 'control' | 'candidate' | undefined;
  /** 499: the client left. */
  readonly status: number;
  readonly ms: number;
}

/** How many requests each route answered and how long that took: a histogram whose `_count` counts them. */
export class RequestMetrics {
  /** By route, then by the places of stage, arm and class in their lists: no text is put together for a look-up. */
  private readonly byRoute = new Map<string, (SecondsSeries | undefined)[]>();
  private readonly histogram: SecondsHistogram;

  constructor(metrics: Metrics) {
    this.histogram = metrics.seconds(
      'donna_http_request_seconds',
      'Requests by route, stage (proxy, mirror, canary, replaced), arm of a canary (control, candidate) and class of status (1xx, 2xx, 3xx, 4xx, 5xx; left: the client did not wait), from the head to the end of the answer.',
      ['route', 'stage', 'arm', 'class'],
    );
  }

  /** A joined socket (101) lives as long as it is used: that is no latency. */
  readonly observe: RequestObserver = ({ exchange: { route, notes, isStream }, status, ms }) => {
    if (status !== 101 && !isStream) this.note({ route: route?.name, stage: route?.stage, arm: notes.arm, status, ms });
  };

  note(request: AnsweredRequest): void {
    const { route = 'none', status, ms } = request;
    const stage = request.stage ?? 'none';
    const arm = request.arm ?? 'none';
    const kind = status === 499 ? CLASSES.length - 1 : Math.floor(status / 100) % CLASSES.length;
    const at = (STAGES.indexOf(stage) * ARMS.length + ARMS.indexOf(arm)) * CLASSES.length + kind;
    const series = this.byRoute.get(route)?.[at] ?? this.create(route, at, [stage, arm, CLASSES[kind] ?? 'none']);
    if (series !== undefined) this.histogram.observe(series, ms / 1000);
  }

  private create(route: string, at: number, rest: readonly string[]): SecondsSeries | undefined {
    const made = this.histogram.create([route, ...rest]);
    if (made === undefined) return undefined;
    const known = this.byRoute.get(route) ?? [];
    known[at] = made;
    this.byRoute.set(route, known);
    return made;
  }
}
