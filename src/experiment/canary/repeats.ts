const MAX_ENTRIES = 2000;
const WINDOW_MS = 60_000;
/** Of one caller's one request in a window: enough for a few callers to be heard, too few for one to outvote the rest. */
const MAX_COUNTED = 3;

/** Tells failures of one caller's one request that were counted already: a loop that retries is one observation, not a thousand. */
export class Repeats {
  private readonly entries = new Map<string, { count: number; readonly since: number }>();

  /** Notes a failure. */
  isRepeated(key: string, now = performance.now()): boolean {
    const known = this.entries.get(key);
    if (known !== undefined && now - known.since < WINDOW_MS) {
      known.count += 1;
      return known.count > MAX_COUNTED;
    }
    this.entries.delete(key);
    if (this.entries.size >= MAX_ENTRIES) {
      const [oldest] = this.entries.keys();
      if (oldest !== undefined) this.entries.delete(oldest);
    }
    this.entries.set(key, { count: 1, since: now });
    return false;
  }
}
