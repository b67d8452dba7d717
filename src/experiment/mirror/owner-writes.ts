import { randomBytes } from 'node:crypto';
import { askPeers, type Link, topic } from '../../workers/index.js';

/** A comparison of an owner's data, or of a write's effects on them. */
export interface WatchedComparison {
  /** Whether somebody else wrote the same data meanwhile. */
  readonly isRaced: boolean;
  end(): void;
}

interface Entry {
  writes: number;
  readonly compared: Set<{ isRaced: boolean }>;
}

/** A write of another worker. */
interface ForeignWrite {
  readonly begunAt: number;
  readonly end: () => void;
}

const BEGAN = topic<readonly [id: string, keys: readonly string[]]>('mirror.write.began');
const ENDED = topic<string>('mirror.write.ended');
/** Milliseconds after which a write of another worker counts as ended, told or not: that worker may have died. */
const FOREIGN_WITHIN_MS = 60_000;
const MAX_FOREIGN = 10_000;
const ID_BYTES = 6;

/**
 * Knows which owners' data PHP may be changing now, by the requests of this process, and of the other workers as soon as they say so: a
 * comparison during which anybody else may have written says nothing.
 */
export class OwnerWrites {
  private readonly entries = new Map<string, Entry>();
  private readonly foreign = new Map<string, ForeignWrite>();
  private readonly prefix = randomBytes(ID_BYTES).toString('hex');
  private lastId = 0;

  /** `link`: to the other workers, where there are any. */
  constructor(private readonly link?: Link) {
    link?.handle(BEGAN, ([id, keys]) => this.beginForeign(id, keys));
    link?.handle(ENDED, (id) => this.endForeign(id));
  }

  /** Takes note of a request by which PHP may change the data of `keys`. @returns what ends it */
  begin(keys: readonly string[]): () => void {
    const end = this.beginHere(keys);
    const { link } = this;
    if (link === undefined) return end;
    this.lastId += 1;
    const id = `${this.prefix}.${this.lastId}`;
    // Asked, not told: what a process that stands still does not answer is bounded.
    void askPeers(link, BEGAN, [id, keys]);
    let hasEnded = false;
    return () => {
      if (!hasEnded) void askPeers(link, ENDED, id);
      hasEnded = true;
      end();
    };
  }

  /** Begins to compare. @param own how many of the writes under way are what is compared: 1 for a write that has just begun */
  compare(key: string, own: 0 | 1): WatchedComparison {
    const entry = this.entryOf(key);
    const compared = { isRaced: entry.writes > own };
    entry.compared.add(compared);
    return {
      get isRaced() {
        return compared.isRaced;
      },
      end: () => {
        entry.compared.delete(compared);
        this.drop(key, entry);
      },
    };
  }

  private beginHere(keys: readonly string[]): () => void {
    const entries = keys.map((key) => [key, this.entryOf(key)] as const);
    for (const [, entry] of entries) {
      entry.writes += 1;
      for (const compared of entry.compared) compared.isRaced = true;
    }
    let hasEnded = false;
    return () => {
      if (hasEnded) return;
      hasEnded = true;
      for (const [key, entry] of entries) {
        entry.writes -= 1;
        this.drop(key, entry);
      }
    };
  }

  private beginForeign(id: string, keys: readonly string[]): void {
    const before = performance.now() - FOREIGN_WITHIN_MS;
    for (const [old, { begunAt }] of this.foreign) {
      if (begunAt > before && this.foreign.size < MAX_FOREIGN) break;
      this.endForeign(old);
    }
    this.foreign.set(id, { begunAt: performance.now(), end: this.beginHere(keys) });
  }

  private endForeign(id: string): void {
    this.foreign.get(id)?.end();
    this.foreign.delete(id);
  }

  private entryOf(key: string): Entry {
    const known = this.entries.get(key);
    if (known !== undefined) return known;
    const made: Entry = { writes: 0, compared: new Set() };
    this.entries.set(key, made);
    return made;
  }

  private drop(key: string, entry: Entry): void {
    if (entry.writes === 0 && entry.compared.size === 0 && this.entries.get(key) === entry) this.entries.delete(key);
  }
}
