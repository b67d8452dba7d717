import type { OverviewPoint, OverviewView } from '../../../admin-api.js';
import { formatNumber, formatRate, formatShare } from '../../format.js';

/** Seconds that the figures at the top tell of. */
const NOW_S = 60;

export interface Now {
  /** Requests per second. */
  readonly rate: number;
  readonly errorShare: number;
  readonly hitShare: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
}

/** The points of the last `seconds`, before whatever the last one is. */
export function lastPoints(points: readonly OverviewPoint[], seconds: number): readonly OverviewPoint[] {
  const end = points.at(-1)?.at ?? 0;
  return points.filter(({ at }) => at > end - seconds);
}

/** The last minute in a few numbers. */
export function summarizeNow({ points, stepS }: Pick<OverviewView, 'points' | 'stepS'>): Now {
  const last = lastPoints(points, NOW_S);
  const sum = (pick: (point: OverviewPoint) => number): number => last.reduce((all, point) => all + pick(point), 0);
  const requests = sum((point) => point.requests);
  const hits = sum(({ cache }) => cache.hits);
  const asked = hits + sum(({ cache }) => cache.misses);
  const timed = last.filter(({ p95 }) => p95 !== undefined);
  return {
    rate: last.length === 0 ? 0 : requests / (last.length * stepS),
    errorShare: requests === 0 ? 0 : sum(({ errors }) => errors) / requests,
    hitShare: asked === 0 ? undefined : hits / asked,
    p95: timed.at(-1)?.p95,
    p99: timed.at(-1)?.p99,
  };
}

/** Adds a point of the live stream; an hour is kept. What is not before it goes: the same point, and those of a clock that was set back. */
export function addPoint(view: OverviewView, point: OverviewPoint): OverviewView {
  const before = view.points.filter(({ at }) => at < point.at);
  return { ...view, points: lastPoints([...before, point], 3600) };
}

export function describeTraffic(points: readonly OverviewPoint[], stepS: number): string {
  if (points.length === 0) return 'Nothing was asked yet.';
  const rates = points.map(({ requests }) => requests / stepS);
  return `Now ${formatRate(rates.at(-1) ?? 0)}, at most ${formatRate(Math.max(...rates))}.`;
}

export function describeLatency(points: readonly OverviewPoint[]): string {
  const known = points.map(({ p95 }) => p95).filter((value) => value !== undefined);
  if (known.length === 0) return 'Nothing was answered yet.';
  return `The 95th percentile is ${formatNumber(known.at(-1) ?? 0)} ms, and was at most ${formatNumber(Math.max(...known))} ms.`;
}

export function describeErrors(points: readonly OverviewPoint[]): string {
  const sum = (pick: (point: OverviewPoint) => number): number => points.reduce((all, point) => all + pick(point), 0);
  const requests = sum((point) => point.requests);
  const errors = sum((point) => point.errors);
  return `${errors} of ${requests} requests failed${requests === 0 ? '' : ` (${formatShare(errors / requests)})`}, ${sum(({ refused }) => refused)} were refused.`;
}
