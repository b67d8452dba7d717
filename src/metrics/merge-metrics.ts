/** Gauges that tell the same of every process, or of which the highest is what matters: all others add up. */
const HIGHEST =
  /_info$|_timestamp_seconds$|^nodejs_eventloop_lag_|^donna_(mail|replication|retention|route)_|^donna_upstream_breaker_state$/;
/** Gauges that are only as good as the worst of them. */
const LOWEST = /_up$|^donna_route_table_current$|^process_start_time_seconds$/;

type Merge = (values: readonly number[]) => number;
const sum: Merge = (values) => values.reduce((total, value) => total + value, 0);
const highest: Merge = (values) => Math.max(...values);
const lowest: Merge = (values) => Math.min(...values);

/** One metric of one text: its first two lines, and its values by series (name with labels). */
interface ReadMetric {
  readonly head: string;
  readonly type: string;
  readonly series: Map<string, number>;
}

/** What one process has counted and measured, by metric. */
export type ReadMetrics = ReadonlyMap<string, ReadMetric>;

/** Reads Prometheus' text format, as `Metrics.render` writes it. */
export function readMetrics(text: string): ReadMetrics {
  const found = new Map<string, ReadMetric>();
  let help = '';
  let current: ReadMetric | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('# HELP ')) help = line;
    else if (line.startsWith('# TYPE ')) {
      const [name = '', type = ''] = line.slice('# TYPE '.length).split(' ');
      current = { head: `${help}\n${line}`, type, series: new Map() };
      found.set(name, current);
    } else if (line !== '' && current !== undefined) {
      const end = line.lastIndexOf(' ');
      current.series.set(line.slice(0, end), Number(line.slice(end + 1)));
    }
  }
  return found;
}

/** Those of them that only grow: what a process that has ended leaves behind. */
export function onlyGrowing(metrics: ReadMetrics): ReadMetrics {
  return new Map([...metrics].filter(([, { type }]) => type === 'counter' || type === 'histogram'));
}

/** Several processes as one: counters and histograms add up, gauges as their names demand. */
export function mergeMetrics(all: readonly ReadMetrics[]): ReadMetrics {
  const merged = new Map<string, ReadMetric>();
  for (const name of new Set(all.flatMap((one) => [...one.keys()]))) {
    const metrics = all.flatMap((one) => one.get(name) ?? []);
    const [first] = metrics;
    if (first === undefined) continue;
    const merge = first.type === 'gauge' ? mergeOf(name) : sum;
    const series = new Map<string, number>();
    for (const id of new Set(metrics.flatMap((one) => [...one.series.keys()])))
      series.set(id, merge(metrics.flatMap((one) => one.series.get(id) ?? [])));
    merged.set(name, { head: first.head, type: first.type, series });
  }
  return merged;
}

/** In Prometheus' text format. */
export function writeMetricsText(metrics: ReadMetrics): string {
  const blocks = [...metrics.values()].map(({ head, series }) =>
    [head, ...[...series].map(([id, value]) => `${id} ${value}`), ''].join('\n'),
  );
  return blocks.join('\n');
}

function mergeOf(name: string): Merge {
  if (LOWEST.test(name)) return lowest;
  return HIGHEST.test(name) ? highest : sum;
}
