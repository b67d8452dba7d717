/** Milliseconds between two reports of the same error. */
const SAME_EVERY_MS = 60_000;
/** Reports in such a time, of whatever errors. */
const MAX_A_MINUTE = 20;
const MAX_KNOWN = 500;

interface Known {
  readonly toldAt: number;
  suppressed: number;
}

/** How many reports go out: of one error one a minute, of all a few; a storm must not become another's. Bounded memory. */
export class ReportBudget {
  private readonly known = new Map<string, Known>();
  private windowAt = -Infinity;
  private inWindow = 0;

  /** @returns how often the same error was held back since it was last told; undefined when it is to be held back now */
  take(key: string, nowMs: number): number | undefined {
    const known = this.known.get(key);
    if (nowMs - this.windowAt >= SAME_EVERY_MS) {
      this.windowAt = nowMs;
      this.inWindow = 0;
    }
    const isSoon = known !== undefined && nowMs - known.toldAt < SAME_EVERY_MS;
    if (isSoon || this.inWindow >= MAX_A_MINUTE) {
      if (known !== undefined) known.suppressed += 1;
      return undefined;
    }
    this.inWindow += 1;
    this.known.delete(key);
    const [oldest] = this.known.keys();
    if (this.known.size >= MAX_KNOWN && oldest !== undefined) this.known.delete(oldest);
    this.known.set(key, { toldAt: nowMs, suppressed: 0 });
    return known?.suppressed ?? 0;
  }
}
