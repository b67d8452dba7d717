import { type Desk, type Link, topic } from '../workers/index.js';
import { MemoryThrottlerStorage } from './memory-throttler-storage.js';

/**
 * Hits of one key in one turn of a worker, and what that worker knows of the key already (while Redis is away) or of its window alone
 * (after the primary was silent). Times in ms.
 */
export type HitLine = readonly [
  name: string,
  key: string,
  windowMs: number,
  limit: number,
  blockMs: number,
  times: number,
  knownHits: number,
  knownResetMs: number,
];

/** For each line: hits counted with its last one, milliseconds until the window ends. */
export const COUNT_HITS = topic<readonly HitLine[], readonly (readonly [hits: number, resetMs: number])[]>(
  'limits.count',
);

/** Counts for all workers. */
export class LimitDesk implements Desk {
  private readonly storage = new MemoryThrottlerStorage();

  serve(link: Link): void {
    link.handle(COUNT_HITS, (lines) => lines.map((line) => this.count(line)));
  }

  private count([name, key, windowMs, limit, blockMs, times, knownHits, knownResetMs]: HitLine): [number, number] {
    const counters = this.storage.countersOf(name);
    if (knownResetMs > 0 && knownHits > (counters.peek(key)?.hits ?? -1))
      counters.adopt(key, knownHits, knownResetMs, limit);
    let last = counters.hit(key, windowMs, limit, blockMs);
    for (let counted = 1; counted < times; counted++) last = counters.hit(key, windowMs, limit, blockMs);
    return [last.hits, last.resetMs];
  }
}
