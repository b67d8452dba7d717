import uPlot from 'uplot';
import { formatDay, formatMinute } from '../format.js';
import { inkOf } from './palette.js';
import type { Series, TimeChartProps } from './time-chart.js';

const HEIGHT = 190;
const BAR_WIDTH = 28;
const FONT = '12px "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

/** A chart on the page. */
export interface Drawing {
  update(at: readonly number[], series: readonly Series[]): void;
  destroy(): void;
}

/** Draws into a box, and again whenever the box changes its width. `onPoint` hears which point the pointer is at. */
export function drawChart(box: HTMLElement, props: TimeChartProps, onPoint: (index: number | null) => void): Drawing {
  const plot = new uPlot(optionsFor(box, props, onPoint), dataOf(props.at, props.series, props), box);
  const watcher = new ResizeObserver(() => {
    if (box.clientWidth > 0) plot.setSize({ width: box.clientWidth, height: HEIGHT });
  });
  watcher.observe(box);
  return {
    update: (at, next) => plot.setData(dataOf(at, next, props)),
    destroy: () => {
      watcher.disconnect();
      plot.destroy();
    },
  };
}

function optionsFor(box: HTMLElement, props: TimeChartProps, onPoint: (index: number | null) => void): uPlot.Options {
  const { series, format, isStacked = false, atLeast = 0, hasBars = false, hasDays = false } = props;
  const line = inkOf('line');
  const text = inkOf('text');
  return {
    width: Math.max(box.clientWidth, 120),
    height: HEIGHT,
    padding: [10, 20, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { setScale: false, x: false, y: false } },
    scales: {
      y: { range: (_plot, _min, max) => [0, Math.max(Number.isFinite(max) ? max * 1.08 : 0, atLeast)] },
    },
    axes: [
      {
        stroke: text,
        font: FONT,
        grid: { show: false },
        ticks: { stroke: line, width: 1, size: 4 },
        values: (_plot, splits) => splits.map((at) => (hasDays ? formatDay : formatMinute)(at * 1000)),
        size: 30,
        space: hasDays ? 90 : 64,
        incrs: [60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400, 172_800],
      },
      {
        stroke: text,
        font: FONT,
        size: 64,
        grid: { stroke: line, width: 1 },
        ticks: { show: false },
        values: (_plot, splits) => splits.map((value) => format(value)),
        space: 36,
      },
    ],
    series: [{}, ...(hasBars ? series.toReversed().map(barOf) : series.map((one) => strokeOf(one, isStacked)))],
    // Each layer is filled down to the one below it; the lowest one to the ground.
    ...(isStacked
      ? { bands: series.slice(1).map((_, index) => ({ series: [index + 2, index + 1] as [number, number] })) }
      : {}),
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
  };
}

function strokeOf({ label, ink }: Series, isStacked: boolean): uPlot.Series {
  const colour = inkOf(ink);
  return {
    label,
    stroke: colour,
    width: isStacked ? 1.25 : 1.75,
    points: { show: false },
    spanGaps: true,
    ...(isStacked ? { fill: `${colour}59` } : {}),
  };
}

function barOf({ label, ink }: Series): uPlot.Series {
  const paths = uPlot.paths.bars?.({ size: [0.7, BAR_WIDTH], align: 1 });
  return { label, fill: inkOf(ink), width: 0, points: { show: false }, ...(paths === undefined ? {} : { paths }) };
}

/** Stacked, each series holds its own and all below it; bars are painted from the tallest to the lowest. */
function dataOf(
  at: readonly number[],
  series: readonly Series[],
  { isStacked = false, hasBars = false }: Pick<TimeChartProps, 'isStacked' | 'hasBars'>,
): uPlot.AlignedData {
  if (!isStacked && !hasBars) return [[...at], ...series.map(({ values }) => [...values])];
  const below = at.map(() => 0);
  const layers = series.map(({ values }) =>
    values.map((value, index) => {
      below[index] = (below[index] ?? 0) + (value ?? 0);
      return below[index] ?? 0;
    }),
  );
  return [[...at], ...(hasBars ? layers.toReversed() : layers)];
}
