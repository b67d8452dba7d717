import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { formatClock, formatDay } from '../format.js';
import { paint } from '../state/theme-choice.js';
import { useStore } from '../state/store.js';
import { drawChart, type Drawing } from './draw-chart.js';
import type { Ink } from './palette.js';

export interface Series {
  readonly label: string;
  readonly ink: Ink;
  readonly values: readonly (number | null)[];
}

export interface TimeChartProps {
  readonly title: string;
  /** What is seen, in a sentence: for those who do not see it. */
  readonly summary: string;
  /** Unix seconds, rising. */
  readonly at: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  /** One upon the other. */
  readonly isStacked?: boolean;
  /** The value that the axis reaches at least. */
  readonly atLeast?: number;
  /** Counts of separate hours, one upon the other. */
  readonly hasBars?: boolean;
  readonly hasDays?: boolean;
}

const ROWS = 12;

/** Values over time: a picture with a legend that tells numbers, and the same as a table. */
export function TimeChart(props: TimeChartProps): JSX.Element {
  const { title, summary, at, series, format, hasDays = false } = props;
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing>(undefined);
  const [index, setIndex] = useState<number | null>(null);
  const colours = useStore(paint);
  const shape = series.map(({ label }) => label).join('|');

  useEffect(() => {
    if (box.current === null) return undefined;
    const made = drawChart(box.current, props, setIndex);
    drawing.current = made;
    return () => made.destroy();
    // Data are handed over below; only another shape or other colours need another chart.
  }, [shape, colours, props.isStacked]);
  useEffect(() => drawing.current?.update(at, series), [at, series, shape, colours]);

  const last = props.hasBars === true ? at.length - 2 : at.length - 1;
  const shown = index !== null && index < at.length ? index : last;
  const when = at[shown];
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <span class="legend-time">
          {when === undefined ? '' : hasDays ? formatDay(when * 1000) : formatClock(when * 1000)}
        </span>
      </figcaption>
      <div ref={box} class="plot" role="img" aria-label={`${title}. ${summary}`} />
      <ul class="legend">
        {series.map(({ label, ink, values }) => (
          <li key={label}>
            <span class={`swatch ink-${ink}`} />
            {label} <b>{tell(values[shown], format)}</b>
          </li>
        ))}
      </ul>
      <ChartTable {...props} />
    </figure>
  );
}

/** The same as a table; made only once it is opened. */
function ChartTable({ title, at, series, format, hasDays = false }: TimeChartProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const rows = useMemo(
    () =>
      isOpen
        ? at
            .map((_, index) => index)
            .slice(-ROWS)
            .toReversed()
        : [],
    [isOpen, at],
  );
  return (
    <details class="as-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {isOpen && (
        <div class="scroll" role="region" aria-label={`${title}: the last values`} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                {series.map(({ label }) => (
                  <th key={label} scope="col" class="cell-number">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row}>
                  <td>{hasDays ? formatDay((at[row] ?? 0) * 1000) : formatClock((at[row] ?? 0) * 1000)}</td>
                  {series.map(({ label, values }) => (
                    <td key={label} class="cell-number">
                      {tell(values[row], format)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

function tell(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value);
}
