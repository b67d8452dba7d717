import { LRUCache } from 'lru-cache';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Desk, Link } from '../workers/index.js';
import { MemoryState } from './memory-state.js';
import { MAPS, type MapEntry, STATE } from './state-topics.js';
import { MAP_BOUND } from './map-bound.js';
import { wholeMs } from './whole-ms.js';

/** Milliseconds that who sets waits for the other workers to have heard of it: one that stands still holds up nobody. */
const HEARD_WITHIN_MS = 200;

/** The shared state of a gateway with several workers and no Redis: in the primary's memory, gone with it. */
export class StateDesk implements Desk {
  private readonly state = new MemoryState();
  private readonly maps = new Map<string, LRUCache<string, string>>();

  serve(link: Link, all: () => readonly Link[]): void {
    const { state } = this;
    link.handle(STATE.get, async (key) => (await state.get(key)) ?? null);
    link.handle(STATE.set, (asked) => state.set(...asked));
    link.handle(STATE.add, (asked) => state.add(...asked));
    link.handle(STATE.swap, (asked) => state.swap(...asked));
    link.handle(STATE.delete, (key) => state.delete(key));
    link.handle(MAPS.set, (entry) => this.set(entry, all()));
    link.handle(MAPS.all, () => [...this.entries()]);
    // The order of a link is kept: the answer comes behind all that was told before.
    link.handle(MAPS.reached, () => undefined);
  }

  private async set(entry: MapEntry, all: readonly Link[]): Promise<void> {
    const [name, key, value, ttlMs] = entry;
    this.mapOf(name).set(key, value, { ttl: wholeMs(ttlMs) });
    // The one that set it hears of it too: so the last of two values is the same everywhere.
    const heard = all.map((link) => link.ask(MAPS.changed, entry, { isPatient: true }).catch(() => undefined));
    await Promise.race([Promise.all(heard), sleep(HEARD_WITHIN_MS, undefined, { ref: false })]);
  }

  private *entries(): Iterable<MapEntry> {
    for (const [name, map] of this.maps)
      for (const key of map.rkeys()) {
        const value = key === undefined ? undefined : map.peek(key);
        if (key !== undefined && value !== undefined) yield [name, key, value, map.getRemainingTTL(key)];
      }
  }

  private mapOf(name: string): LRUCache<string, string> {
    const known = this.maps.get(name);
    if (known !== undefined) return known;
    const made = new LRUCache<string, string>(MAP_BOUND);
    this.maps.set(name, made);
    return made;
  }
}
