import { LRUCache } from 'lru-cache';
import type { Link } from '../workers/index.js';
import { type ReplicatedMap, StateUnavailableError } from './shared-state.js';
import { MAPS } from './state-topics.js';
import { MAP_BOUND } from './map-bound.js';
import { wholeMs } from './whole-ms.js';

/** A table that each worker holds whole: what one sets, the primary tells all. What is set while it is silent is given to it later. */
export class LinkedMap implements ReplicatedMap {
  private readonly values = new LRUCache<string, string>(MAP_BOUND);
  private readonly ungiven = new Set<string>();

  constructor(
    private readonly name: string,
    private readonly link: Link,
  ) {}

  get(key: string): string | undefined {
    return this.values.get(key);
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    this.values.set(key, value, { ttl: wholeMs(ttlMs) });
    const wasUp = this.link.isUp;
    try {
      // Before whoever waits for an answer that this precedes can have it.
      await this.link.ask(MAPS.set, [this.name, key, value, wholeMs(ttlMs)], { isUrgent: true });
    } catch (error) {
      // Sent while it was up, it arrives all the same; a second time does no harm.
      if (!wasUp || !this.link.isUp) this.ungiven.add(key);
      throw new StateUnavailableError({ cause: error });
    }
  }

  /** Behind everything that was set elsewhere before, as far as the primary can be asked. */
  async catchUp(): Promise<void> {
    await this.link.ask(MAPS.reached, null, { isPatient: true }).catch(() => undefined);
  }

  /** What the primary says was set, here or elsewhere. */
  learn(key: string, value: string, ttlMs: number): void {
    this.values.set(key, value, { ttl: wholeMs(ttlMs) });
  }

  /** Hands over what could not be. */
  give(): void {
    const keys = [...this.ungiven];
    this.ungiven.clear();
    for (const key of keys) {
      const value = this.values.peek(key);
      const lifeMs = this.values.getRemainingTTL(key);
      if (value !== undefined && lifeMs > 0) this.set(key, value, lifeMs).catch(() => undefined);
    }
  }
}
