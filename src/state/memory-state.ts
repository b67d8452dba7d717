import { LRUCache } from 'lru-cache';
import type { ReplicatedMap, SharedState } from './shared-state.js';
import { MAP_BOUND } from './map-bound.js';
import { wholeMs } from './whole-ms.js';

/** The shared state of a gateway that is alone: in memory, bounded, gone with the process. */
export class MemoryState implements SharedState {
  /** By the room that a key's prefix names: a flood of one room's keys makes another forget nothing. */
  private readonly rooms = new Map<string, LRUCache<string, string>>();
  private readonly maps = new Map<string, ReplicatedMap>();

  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.roomOf(key).get(key));
  }

  set(key: string, value: string, ttlMs: number): Promise<void> {
    this.roomOf(key).set(key, value, { ttl: wholeMs(ttlMs) });
    return Promise.resolve();
  }

  add(key: string, value: string, ttlMs: number): Promise<boolean> {
    if (this.roomOf(key).get(key) !== undefined) return Promise.resolve(false);
    this.roomOf(key).set(key, value, { ttl: wholeMs(ttlMs) });
    return Promise.resolve(true);
  }

  swap(key: string, expected: string, value: string, ttlMs: number): Promise<boolean> {
    if (this.roomOf(key).get(key) !== expected) return Promise.resolve(false);
    this.roomOf(key).set(key, value, { ttl: wholeMs(ttlMs) });
    return Promise.resolve(true);
  }

  delete(key: string): Promise<void> {
    this.roomOf(key).delete(key);
    return Promise.resolve();
  }

  replicatedMap(name: string): ReplicatedMap {
    const known = this.maps.get(name);
    if (known !== undefined) return known;
    const values = new LRUCache<string, string>(MAP_BOUND);
    const made: ReplicatedMap = {
      get: (key) => values.get(key),
      set: (key, value, ttlMs) => {
        values.set(key, value, { ttl: wholeMs(ttlMs) });
        return Promise.resolve();
      },
      catchUp: () => Promise.resolve(),
    };
    this.maps.set(name, made);
    return made;
  }

  private roomOf(key: string): LRUCache<string, string> {
    const name = key.slice(0, key.indexOf(':') + 1);
    const known = this.rooms.get(name);
    if (known !== undefined) return known;
    const made = new LRUCache<string, string>(MAP_BOUND);
    this.rooms.set(name, made);
    return made;
  }
}
