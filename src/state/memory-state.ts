import { LRUCache } from 'lru-cache';
import type { ReplicatedMap, SharedState } from './shared-state.js';
import { wholeMs } from './whole-ms.js';

/** Entries after which the one that was not used for longest is forgotten: the bound of the memory. */
const MAX_ENTRIES = 100_000;

/** The shared state of a gateway that is alone: in memory, bounded, gone with the process. */
export class MemoryState implements SharedState {
  private readonly values = new LRUCache<string, string>({ max: MAX_ENTRIES });
  private readonly maps = new Map<string, ReplicatedMap>();

  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.values.get(key));
  }

  set(key: string, value: string, ttlMs: number): Promise<void> {
    this.values.set(key, value, { ttl: wholeMs(ttlMs) });
    return Promise.resolve();
  }

  add(key: string, value: string, ttlMs: number): Promise<boolean> {
    if (this.values.get(key) !== undefined) return Promise.resolve(false);
    this.values.set(key, value, { ttl: wholeMs(ttlMs) });
    return Promise.resolve(true);
  }

  swap(key: string, expected: string, value: string, ttlMs: number): Promise<boolean> {
    if (this.values.get(key) !== expected) return Promise.resolve(false);
    this.values.set(key, value, { ttl: wholeMs(ttlMs) });
    return Promise.resolve(true);
  }

  delete(key: string): Promise<void> {
    this.values.delete(key);
    return Promise.resolve();
  }

  replicatedMap(name: string): ReplicatedMap {
    const known = this.maps.get(name);
    if (known !== undefined) return known;
    const values = new LRUCache<string, string>({ max: MAX_ENTRIES });
    const made: ReplicatedMap = {
      get: (key) => values.get(key),
      set: (key, value, ttlMs) => {
        values.set(key, value, { ttl: wholeMs(ttlMs) });
        return Promise.resolve();
      },
    };
    this.maps.set(name, made);
    return made;
  }
}
