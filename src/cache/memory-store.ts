import { LRUCache } from 'lru-cache';
import { remainingMs, sizeOf, type StoredAnswer } from './stored-answer.js';

/** Bytes of one answer, and no more than an eighth of the store: one long list is not to drive all others out. */
const MAX_ENTRY_BYTES = 1024 * 1024;
const MOST_OF_STORE = 8;

/** Answers in this process, up to a number of bytes; what was not used for longest goes first. */
export class MemoryStore {
  /** Bytes that one answer may have, with its headers. */
  readonly maxEntryBytes: number;
  private readonly answers: LRUCache<string, StoredAnswer>;

  constructor(maxBytes: number, onEvicted: () => void) {
    this.maxEntryBytes = Math.min(MAX_ENTRY_BYTES, Math.floor(maxBytes / MOST_OF_STORE));
    this.answers = new LRUCache<string, StoredAnswer>({
      maxSize: maxBytes,
      maxEntrySize: this.maxEntryBytes,
      sizeCalculation: (answer, key) => sizeOf(answer) + key.length * 2,
      dispose: (_answer, _key, reason) => {
        if (reason === 'evict') onEvicted();
      },
    });
  }

  get bytes(): number {
    return this.answers.calculatedSize;
  }

  get count(): number {
    return this.answers.size;
  }

  get(key: string): StoredAnswer | undefined {
    return this.answers.get(key);
  }

  set(key: string, answer: StoredAnswer, now: number): void {
    const ttl = Math.ceil(remainingMs(answer, now));
    if (ttl > 0) this.answers.set(key, answer, { ttl });
  }

  delete(key: string): void {
    this.answers.delete(key);
  }

  clear(): void {
    this.answers.clear();
  }
}
