import type { JSX } from 'preact';
import type { ParityPoint } from '../../../admin-api.js';
import { TimeChart } from '../../chart/time-chart.js';
import { formatCount, formatShare } from '../../format.js';
import { Empty } from '../../parts/states.js';

/** How many comparisons came out alike, hour by hour. */
export function ParityChart({ points }: { readonly points: readonly ParityPoint[] }): JSX.Element {
  if (points.length === 0) return <Empty>Nothing was compared in the last 14 days.</Empty>;
  const compared = points.reduce((all, point) => all + point.compared, 0);
  const bad = points.reduce((all, { differed, candidateErrors }) => all + differed + candidateErrors, 0);
  return (
    <TimeChart
      title="Comparisons"
      summary={`${formatCount(compared)} comparisons, ${formatShare(compared === 0 ? 0 : 1 - bad / compared)} of them alike.`}
      at={points.map(({ at }) => at)}
      hasBars
      hasDays
      atLeast={4}
      format={formatCount}
      series={[
        { label: 'Alike', ink: 'native', values: points.map((p) => p.compared - p.differed - p.candidateErrors) },
        { label: 'Differed', ink: 'bad', values: points.map(({ differed }) => differed) },
        { label: 'Native errors', ink: 'cache', values: points.map(({ candidateErrors }) => candidateErrors) },
      ]}
    />
  );
}
