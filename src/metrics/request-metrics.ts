import type { Metrics } from './metrics.js';

const NAME = 'donna_http_request_seconds';
const HELP = 'Requests by route, stage, arm and class of status, from the head to the end of the answer.';
/** Seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;
/** What one route table makes is far below; tables that change their names all the time must not fill the memory. */
const MAX_SERIES = 5000;
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

interface Series {
  readonly labels: string;
  readonly counts: number[];
  sum: number;
  count: number;
}

/**
 * How many requests each route answered and how long that took: a histogram whose `_count` counts them. Not prom-client's own, which
 * validates and hashes the labels of each observation for a microsecond or two; every request passes here.
 */
export class RequestMetrics {
  /** By route, then by the places of stage, arm and class in their lists: no text is put together for a look-up. */
  private readonly byRoute = new Map<string, (Series | undefined)[]>();
  private count = 0;

  constructor(metrics: Metrics) {
    metrics.addText(() => this.render());
  }

  note(request: AnsweredRequest): void {
    const { route = 'none', status, ms } = request;
    const stage = request.stage ?? 'none';
    const arm = request.arm ?? 'none';
    const kind = status === 499 ? CLASSES.length - 1 : Math.floor(status / 100) % CLASSES.length;
    const at = (STAGES.indexOf(stage) * ARMS.length + ARMS.indexOf(arm)) * CLASSES.length + kind;
    const series =
      this.byRoute.get(route)?.[at] ?? this.create(route, at, { route, stage, arm, class: CLASSES[kind] ?? 'none' });
    if (series === undefined) return;
    const seconds = ms / 1000;
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > (BOUNDS[bucket] ?? 0)) bucket++;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sum += seconds;
    series.count += 1;
  }

  private create(route: string, at: number, labels: Readonly<Record<string, string>>): Series | undefined {
    if (this.count >= MAX_SERIES) return undefined;
    this.count += 1;
    const text = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
    const counts = Array.from({ length: BOUNDS.length + 1 }, () => 0);
    const made = { labels: text.join(','), counts, sum: 0, count: 0 };
    const known = this.byRoute.get(route) ?? [];
    known[at] = made;
    this.byRoute.set(route, known);
    return made;
  }

  /** Prometheus' text format, version 0.0.4: the buckets are cumulative. */
  private render(): string {
    const lines = [`# HELP ${NAME} ${HELP}`, `# TYPE ${NAME} histogram`];
    for (const { labels, counts, sum, count } of [...this.byRoute.values()].flat().filter(isSeries)) {
      let below = 0;
      for (const [at, bound] of [...BOUNDS, '+Inf'].entries()) {
        below += counts[at] ?? 0;
        lines.push(`${NAME}_bucket{${labels},le="${bound}"} ${below}`);
      }
      lines.push(`${NAME}_sum{${labels}} ${sum}`, `${NAME}_count{${labels}} ${count}`);
    }
    return `${lines.join('\n')}\n`;
  }
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** A sparse list flattened has no holes; a reader of the types does not know that. */
function isSeries(series: Series | undefined): series is Series {
  return series !== undefined;
}
