import { CountingStorage, type Hit } from './counting-storage.js';
import { type HitCount, WindowCounters } from './window-counters.js';

/** Counts in this process's memory, at once. Each name has its own bounded counters: no limit's flood reaches another's. */
export class MemoryThrottlerStorage extends CountingStorage {
  private readonly counters = new Map<string, WindowCounters>();

  hit({ name, key, windowMs, limit, blockMs }: Hit): HitCount {
    return this.countersOf(name).hit(key, windowMs, limit, blockMs);
  }

  /** The counters of one name: those of the route table's policies and of handlers, so their number is small. */
  countersOf(name: string): WindowCounters {
    const known = this.counters.get(name);
    if (known !== undefined) return known;
    const made = new WindowCounters();
    this.counters.set(name, made);
    return made;
  }
}
