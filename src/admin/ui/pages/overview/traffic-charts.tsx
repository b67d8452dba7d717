import type { JSX } from 'preact';
import type { OverviewPoint } from '../../../admin-api.js';
import { TimeChart } from '../../chart/time-chart.js';
import { formatMs, formatRate, formatShare } from '../../format.js';
import { describeErrors, describeLatency, describeTraffic } from './traffic.js';

interface Props {
  readonly points: readonly OverviewPoint[];
  readonly stepS: number;
}

export function TrafficCharts({ points, stepS }: Props): JSX.Element {
  const at = points.map((point) => point.at);
  const rate = (pick: (point: OverviewPoint) => number): number[] => points.map((point) => pick(point) / stepS);
  const quantile = (name: 'p50' | 'p95' | 'p99'): (number | null)[] => points.map((point) => point[name] ?? null);
  return (
    <div class="grid">
      <div class="card">
        <TimeChart
          title="Who answered"
          summary={describeTraffic(points, stepS)}
          at={at}
          isStacked
          atLeast={1}
          format={formatRate}
          series={[
            { label: 'PHP', ink: 'php', values: rate(({ by }) => by.php) },
            { label: 'Native', ink: 'native', values: rate(({ by }) => by.native) },
            { label: 'Cache', ink: 'cache', values: rate(({ by }) => by.cache) },
            { label: 'Gateway', ink: 'gateway', values: rate(({ by }) => by.gateway) },
          ]}
        />
      </div>
      <div class="card">
        <TimeChart
          title="Time to answer"
          summary={describeLatency(points)}
          at={at}
          atLeast={10}
          format={formatMs}
          series={[
            { label: 'p50', ink: 'native', values: quantile('p50') },
            { label: 'p95', ink: 'php', values: quantile('p95') },
            { label: 'p99', ink: 'gateway', values: quantile('p99') },
          ]}
        />
      </div>
      <div class="card">
        <TimeChart
          title="Errors and refusals"
          summary={describeErrors(points)}
          at={at}
          atLeast={1}
          format={formatRate}
          series={[
            { label: 'Errors (5xx)', ink: 'bad', values: rate(({ errors }) => errors) },
            { label: 'Refused (4xx)', ink: 'cache', values: rate(({ refused }) => refused) },
            { label: 'Left', ink: 'soft', values: rate(({ left }) => left) },
          ]}
        />
      </div>
      <div class="card">
        <TimeChart
          title="Cache hits"
          summary="The share of requests that the cache answered, of those to routes that have one."
          at={at}
          atLeast={1}
          format={formatShare}
          series={[{ label: 'Hits', ink: 'cache', values: points.map(({ cache }) => shareOf(cache)) }]}
        />
      </div>
    </div>
  );
}

function shareOf({ hits, misses }: OverviewPoint['cache']): number | null {
  return hits + misses === 0 ? null : hits / (hits + misses);
}
