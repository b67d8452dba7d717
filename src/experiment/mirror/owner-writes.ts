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

/**
 * Knows which owners' data PHP may be changing now, by the requests of this process: a comparison during which anybody else may
 * have written says nothing.
 */
export class OwnerWrites {
  private readonly entries = new Map<string, Entry>();

  /** Takes note of a request by which PHP may change the data of `keys`. @returns what ends it */
  begin(keys: readonly string[]): () => void {
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
