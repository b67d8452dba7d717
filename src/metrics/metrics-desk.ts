import { type Desk, type Link, topic } from '../workers/index.js';
import { mergeMetrics, onlyGrowing, type ReadMetrics, readMetrics, writeMetricsText } from './merge-metrics.js';
import type { Metrics } from './metrics.js';

/** Milliseconds for one worker's metrics; what one that is late last told stands for it. */
const READ_WITHIN_MS = 1500;

/** A worker's own metrics, as text. */
export const OWN_METRICS = topic<null, string>('metrics.own');
/** Those of all processes together. */
export const ALL_METRICS = topic<null, string>('metrics.all');

/** Adds up what the workers and the primary measure. What a worker had counted when it was last asked stays counted when it has ended. */
export class MetricsDesk implements Desk {
  private readonly last = new Map<Link, ReadMetrics>();
  private ended: ReadMetrics = new Map();

  constructor(private readonly own: Metrics) {}

  serve(link: Link, all: () => readonly Link[]): void {
    link.handle(ALL_METRICS, () => this.render(all()));
  }

  leave(link: Link): void {
    const last = this.last.get(link);
    this.last.delete(link);
    if (last !== undefined) this.ended = mergeMetrics([this.ended, onlyGrowing(last)]);
  }

  private async render(links: readonly Link[]): Promise<string> {
    const asked = links.map(async (link) => {
      const text = await link.ask(OWN_METRICS, null, { withinMs: READ_WITHIN_MS }).catch(() => undefined);
      // One that has ended meanwhile is counted among those.
      if (text !== undefined && !link.isClosed) this.last.set(link, readMetrics(text));
    });
    const [{ text }] = await Promise.all([this.own.render(), ...asked]);
    return writeMetricsText(mergeMetrics([readMetrics(text), ...this.last.values(), this.ended]));
  }
}
