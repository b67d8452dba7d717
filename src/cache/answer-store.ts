import type { MemoryStore } from './memory-store.js';
import type { RedisStore } from './redis-store.js';
import { remainingMs, type StoredAnswer } from './stored-answer.js';

/**
 * Answers in this process, and behind them those that all instances share. Without the shared ones this process does not
 * hear what the others void either: while Redis is gone nothing is found in its own memory.
 */
export class AnswerStore {
  constructor(
    private readonly memory: MemoryStore,
    private readonly redis: RedisStore | undefined,
  ) {}

  get maxEntryBytes(): number {
    return this.memory.maxEntryBytes;
  }

  /** What this process holds: at once. */
  near(key: string, generation: string): StoredAnswer | undefined {
    if (this.redis?.isUp === false) return undefined;
    const found = this.memory.get(key);
    if (found === undefined || found.generation === generation) return found;
    this.memory.delete(key);
    return undefined;
  }

  /** What another instance has stored; undefined where there is nobody to ask. `generationNow` is asked when the answer is there. */
  far(key: string, generationNow: () => string): Promise<StoredAnswer | undefined> | undefined {
    if (this.redis?.isUp !== true) return undefined;
    return this.redis.get(key).then((found) => {
      const now = Date.now();
      if (found === undefined || found.generation !== generationNow() || remainingMs(found, now) <= 0) return undefined;
      this.memory.set(key, found, now);
      return found;
    });
  }

  set(key: string, answer: StoredAnswer): void {
    const now = Date.now();
    this.memory.set(key, answer, now);
    this.redis?.set(key, answer, now);
  }

  /** Frees what this process holds. */
  clear(): void {
    this.memory.clear();
  }
}
