import type { JSX } from 'preact';
import type { ParityPoint } from '../../../admin-api.js';
import { TimeChart } from '../../chart/time-chart.js';
import { formatCount, formatShare } from '../../format.js';
import { Empty } from '../../parts/states.js';

const HOUR_S = 3600;
/** Hours that are shown at least, so that one bar is seen as one of many. */
const MIN_HOURS = 12;

/** How many comparisons came out alike, hour by hour. */
export function ParityChart({ points }: { readonly points: readonly ParityPoint[] }): JSX.Element {
  if (points.length === 0) return <Empty>Nothing was compared in the last 14 days.</Empty>;
  const hours = everyHour(points);
  const compared = points.reduce((all, point) => all + point.compared, 0);
  const bad = points.reduce((all, { differed, candidateErrors }) => all + differed + candidateErrors, 0);
  return (
    <TimeChart
      title="Comparisons"
      summary={`${formatCount(compared)} comparisons, ${formatShare(compared === 0 ? 0 : 1 - bad / compared)} of them alike.`}
      at={hours.map(({ at }) => at)}
      hasBars
      hasDays
      atLeast={4}
      format={formatCount}
      series={[
        { label: 'Alike', ink: 'native', values: hours.map((p) => p.compared - p.differed - p.candidateErrors) },
        { label: 'Differed', ink: 'bad', values: hours.map(({ differed }) => differed) },
        { label: 'Native errors', ink: 'cache', values: hours.map(({ candidateErrors }) => candidateErrors) },
      ]}
    />
  );
}

/** With the hours in which nothing was compared, and room for the last one. */
function everyHour(points: readonly ParityPoint[]): readonly ParityPoint[] {
  const known = new Map(points.map((point) => [point.at, point]));
  const last = points.at(-1)?.at ?? 0;
  const count = Math.max(MIN_HOURS, (last - (points[0]?.at ?? last)) / HOUR_S + 1);
  return Array.from({ length: count + 1 }, (_, index) => {
    const at = last - (count - 1 - index) * HOUR_S;
    return known.get(at) ?? { at, compared: 0, differed: 0, candidateErrors: 0 };
  });
}
