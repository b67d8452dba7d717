import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { labelText, seriesName } from './labels.js';
import { LATENCY_BUCKETS_S, SecondsHistogram } from './seconds-histogram.js';

/** Milliseconds that a metric waits for whoever must look its values up. */
const READ_WITHIN_MS = 1000;

/** What `/metrics` is served with. */
export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

/** What there is to be read of a metric beside its values. */
export interface MetricFacts {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly help: string;
  readonly labels: readonly string[];
}

/** One value, its label values in the order of the metric's labels. */
export type Sample = readonly [values: readonly string[], value: number];

interface WrittenMetric extends MetricFacts {
  lines(): readonly string[] | Promise<readonly string[]>;
}

/**
 * What this process counts and measures, for Prometheus. Each metric is made once: a second call with the same name returns
 * the same object. A label's values must come from a fixed list, never from a request: each makes a series that stays.
 */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();
  /** Those that prom-client does not hold. */
  private readonly written = new Map<string, WrittenMetric>();
  private all: (() => Promise<string>) | undefined;

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** @throws TypeError when the name stands for a metric of another kind or with other labels. */
  counter<Label extends string>(name: string, help: string, labels: readonly Label[] = []): Counter<Label> {
    const make = (): Counter<Label> =>
      new Counter<Label>({ name, help, labelNames: labels, registers: [this.registry] });
    return this.once(name, labels, Counter<Label>, make);
  }

  /** `buckets` in the unit that the name ends in (seconds). @throws TypeError as `counter` does. */
  histogram<Label extends string>(
    name: string,
    help: string,
    labels: readonly Label[] = [],
    buckets: readonly number[] = LATENCY_BUCKETS_S,
  ): Histogram<Label> {
    const make = (): Histogram<Label> =>
      new Histogram<Label>({ name, help, labelNames: labels, buckets: [...buckets], registers: [this.registry] });
    return this.once(name, labels, Histogram<Label>, make);
  }

  /** With `collect` its value is asked for whenever the metrics are read. @throws TypeError as `counter` does. */
  gauge<Label extends string>(
    name: string,
    help: string,
    labels: readonly Label[] = [],
    collect?: (gauge: Gauge<Label>) => void,
  ): Gauge<Label> {
    const make = (): Gauge<Label> => {
      const made: Gauge<Label> = new Gauge<Label>({
        name,
        help,
        labelNames: labels,
        registers: [this.registry],
        ...(collect === undefined ? {} : { collect: () => collect(made) }),
      });
      return made;
    };
    return this.once(name, labels, Gauge<Label>, make);
  }

  /**
   * A metric whose values somebody else holds, and is asked for whenever the metrics are read. A counter's name ends in `_total`.
   * Where the answer fails or takes longer than a second, there are no samples of it; whoever is late is not asked again meanwhile.
   * @throws TypeError when the name is taken
   */
  sampled(
    type: 'counter' | 'gauge',
    name: string,
    help: string,
    labels: readonly string[],
    read: () => Iterable<Sample> | Promise<Iterable<Sample>>,
  ): void {
    const ask = oneAtATime(read);
    const lines = async (): Promise<string[]> =>
      (await samplesOf(ask)).map(([values, value]) => `${seriesName(name, labelText(labels, values))} ${value}`);
    this.write({ name, type, help, labels, lines });
  }

  /** A histogram for what every request passes. @throws TypeError when the name is taken */
  seconds(name: string, help: string, labels: readonly string[]): SecondsHistogram {
    const made = new SecondsHistogram(name, help, labels);
    this.write({ name, type: 'histogram', help, labels, lines: () => made.lines() });
    return made;
  }

  /** With several processes: who adds up what all of them measure. */
  addUp(all: () => Promise<string>): void {
    this.all = all;
  }

  /** All of them in Prometheus' text format; of all processes where there are several. */
  async render(): Promise<MetricsText> {
    const { contentType } = this.registry;
    return { contentType, text: await (this.all?.() ?? this.renderOwn()) };
  }

  /** Those of this process. */
  async renderOwn(): Promise<string> {
    const text = await this.registry.metrics();
    const written = await Promise.all(
      [...this.written.values()].map(async ({ name, type, help, lines }) =>
        [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...(await lines()), ''].join('\n'),
      ),
    );
    return [text, ...written].join('\n');
  }

  /** All that there are, with values or without yet, by name. */
  list(): readonly MetricFacts[] {
    const held = this.registry.getMetricsAsArray().map((metric) => factsOf(metric));
    const written = [...this.written.values()].map(({ name, type, help, labels }) => ({ name, type, help, labels }));
    return [...held, ...written].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  private write(metric: WrittenMetric): void {
    const { name } = metric;
    if (this.written.has(name) || this.registry.getSingleMetric(name) !== undefined)
      throw new TypeError(`metric ${name} is there already`);
    this.written.set(name, metric);
  }

  private once<Kind extends object>(
    name: string,
    labels: readonly string[],
    kind: new (...args: never[]) => Kind,
    make: () => Kind,
  ): Kind {
    const known: unknown = this.registry.getSingleMetric(name) ?? this.written.get(name);
    if (known === undefined) return make();
    if (!(known instanceof kind) || !hasLabels(known, labels))
      throw new TypeError(`metric ${name} is there already, of another kind or with other labels`);
    return known;
  }
}

type Read = () => Iterable<Sample> | Promise<Iterable<Sample>>;

/** A database that hangs is asked once, not once for each look at the metrics. */
function oneAtATime(read: Read): Read {
  let asked: Promise<Iterable<Sample>> | undefined;
  return () => {
    if (asked !== undefined) return asked;
    const answer = read();
    if (!(answer instanceof Promise)) return answer;
    return (asked = answer.finally(() => (asked = undefined)));
  };
}

/** None where whoever is asked fails or takes too long: one that cannot tell must not keep all others from being read. */
async function samplesOf(read: Read): Promise<readonly Sample[]> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const asked = read();
    if (!(asked instanceof Promise)) return [...asked];
    const late = new Promise<Iterable<Sample>>((resolve) => (timer = setTimeout(() => resolve([]), READ_WITHIN_MS)));
    return [...(await Promise.race([asked, late]))];
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
}

function factsOf(metric: object): MetricFacts {
  const { name, help, type } = metric as unknown as MetricFacts;
  return { name, type, help, labels: labelsOf(metric) };
}

function labelsOf(metric: object): readonly string[] {
  return 'labelNames' in metric && Array.isArray(metric.labelNames) ? (metric.labelNames as string[]) : [];
}

function hasLabels(metric: object, labels: readonly string[]): boolean {
  const known = labelsOf(metric);
  return known.length === labels.length && labels.every((label) => known.includes(label));
}
