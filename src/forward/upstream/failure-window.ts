const PARTS = 8;

/** How many calls of the last while failed: counted in eight parts of it, the oldest of which is forgotten as a new one begins. */
export class FailureWindow {
  private readonly calls = new Float64Array(PARTS);
  private readonly failures = new Float64Array(PARTS);
  private readonly partMs: number;
  /** The part under way, counted since the clock's begin. */
  private part: number;

  /** `windowMs`: the while, in milliseconds. */
  constructor(windowMs: number) {
    this.partMs = windowMs / PARTS;
    this.part = this.partNow();
  }

  add(isFailure: boolean): void {
    const part = this.partNow();
    if (part !== this.part) this.turnTo(part);
    const at = part % PARTS;
    this.calls[at] = (this.calls[at] ?? 0) + 1;
    if (isFailure) this.failures[at] = (this.failures[at] ?? 0) + 1;
  }

  /** Whether more than this share of at least `minCalls` calls failed. */
  exceeds(share: number, minCalls: number): boolean {
    const calls = sum(this.calls);
    return calls >= minCalls && sum(this.failures) > share * calls;
  }

  clear(): void {
    this.calls.fill(0);
    this.failures.fill(0);
  }

  private partNow(): number {
    return Math.floor(performance.now() / this.partMs);
  }

  private turnTo(part: number): void {
    if (part - this.part >= PARTS) this.clear();
    else {
      for (let passed = this.part + 1; passed <= part; passed++) {
        this.calls[passed % PARTS] = 0;
        this.failures[passed % PARTS] = 0;
      }
    }
    this.part = part;
  }
}

function sum(numbers: Float64Array): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
