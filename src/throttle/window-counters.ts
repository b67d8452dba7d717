/** Keys that are counted at the same time under one name: the bound of the memory, about 20 MB when it is reached. */
const MAX_KEYS = 100_000;
/** Old windows looked at for each new one: those that are over go. */
const SWEPT = 2;
/** Windows looked at for one that may go, where no place is free; the last goes in any case. */
const SPARED = 8;

/** How often a key was counted in its window. */
export interface HitCount {
  /** This one included. */
  readonly hits: number;
  readonly isOver: boolean;
  /** Milliseconds until the window (or the block) ends. */
  readonly resetMs: number;
}

interface Window {
  hits: number;
  endsAt: number;
}

/**
 * Fixed windows per key in memory, bounded, without a timer per key. When it is full, one that is over gives way, or one that
 * is not half used: a flood of new keys does not free those that are nearly refused.
 */
export class WindowCounters {
  private readonly windows = new Map<string, Window>();
  private hand = this.windows.entries();

  constructor(private readonly maxKeys = MAX_KEYS) {}

  get size(): number {
    return this.windows.size;
  }

  /** Counts one hit; past the limit the window begins anew for `blockMs`, if that is not 0. Times in ms. */
  hit(key: string, windowMs: number, limit: number, blockMs = 0): HitCount {
    const now = performance.now();
    let window = this.windows.get(key);
    if (window === undefined || window.endsAt <= now) window = this.open(key, 0, now + windowMs, limit, now);
    window.hits += 1;
    if (blockMs > 0 && window.hits === limit + 1) window.endsAt = now + blockMs;
    return { hits: window.hits, isOver: window.hits > limit, resetMs: window.endsAt - now };
  }

  /** Counts one hit only where the key is over the limit already. */
  hitIfOver(key: string, limit: number): HitCount | undefined {
    const window = this.windows.get(key);
    if (window === undefined || window.hits <= limit) return undefined;
    const resetMs = window.endsAt - performance.now();
    if (resetMs <= 0) return undefined;
    window.hits += 1;
    return { hits: window.hits, isOver: true, resetMs };
  }

  /** What was counted in the window that is open now. */
  peek(key: string): { readonly hits: number; readonly resetMs: number } | undefined {
    const window = this.windows.get(key);
    const resetMs = window === undefined ? 0 : window.endsAt - performance.now();
    return window === undefined || resetMs <= 0 ? undefined : { hits: window.hits, resetMs };
  }

  /** Takes over what was counted elsewhere. */
  adopt(key: string, hits: number, resetMs: number, limit: number): void {
    const now = performance.now();
    const window = this.windows.get(key);
    if (window === undefined || window.endsAt <= now) this.open(key, hits, now + resetMs, limit, now);
    else {
      window.hits = hits;
      window.endsAt = now + resetMs;
    }
  }

  private open(key: string, hits: number, endsAt: number, limit: number, now: number): Window {
    const made = { hits, endsAt };
    this.windows.delete(key);
    this.sweep(limit, now);
    this.windows.set(key, made);
    return made;
  }

  /** Drops windows that are over, a few at a time; where all places are taken, makes one free. */
  private sweep(limit: number, now: number): void {
    for (let looked = 1; looked <= SPARED; looked++) {
      const isFull = this.windows.size >= this.maxKeys;
      if (!isFull && looked > SWEPT) return;
      const [key, window] = this.turn() ?? [];
      if (key === undefined || window === undefined) return;
      const mayGo = isFull && (window.hits * 2 <= limit || looked === SPARED);
      if (mayGo || window.endsAt <= now) this.windows.delete(key);
    }
  }

  /**
   * The next window, round and round. One iterator for all turns: a new one would walk past every place at the map's
   * front that was freed since the map last grew.
   */
  private turn(): [string, Window] | undefined {
    const step = this.hand.next();
    if (step.done !== true) return step.value;
    this.hand = this.windows.entries();
    return this.hand.next().value;
  }
}
