import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds: from what a person does not notice to the longest timeout of a route. */
const LATENCY_BUCKETS_S: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What `/metrics` is served with. */
export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

/**
 * What this process counts and measures, for Prometheus. Each metric is made once: a second call with the same name returns
 * the same object. A label's values must come from a fixed list, never from a request: each makes a series that stays.
 */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();
  private readonly texts: (() => string)[] = [];

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

  /** Adds metrics that somebody writes himself, in the text format and with a line's end. */
  addText(render: () => string): void {
    this.texts.push(render);
  }

  /** All of them in Prometheus' text format. */
  async render(): Promise<MetricsText> {
    const text = await this.registry.metrics();
    const { contentType } = this.registry;
    return { contentType, text: [text, ...this.texts.map((render) => render())].join('\n') };
  }

  private once<Kind extends object>(
    name: string,
    labels: readonly string[],
    kind: new (...args: never[]) => Kind,
    make: () => Kind,
  ): Kind {
    const known: unknown = this.registry.getSingleMetric(name);
    if (known === undefined) return make();
    if (!(known instanceof kind) || !hasLabels(known, labels))
      throw new TypeError(`metric ${name} is there already, of another kind or with other labels`);
    return known;
  }
}

function hasLabels(metric: object, labels: readonly string[]): boolean {
  const known = 'labelNames' in metric && Array.isArray(metric.labelNames) ? (metric.labelNames as unknown[]) : [];
  return known.length === labels.length && labels.every((label) => known.includes(label));
}
