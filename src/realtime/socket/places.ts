/** Counts what is open for each key, and gives no place beyond a bound. */
export class Places {
  private readonly taken = new Map<string, number>();

  constructor(private readonly max: number) {}

  /** Gives the place back, once; undefined when all are taken. */
  take(key: string): (() => void) | undefined {
    const count = this.taken.get(key) ?? 0;
    if (count >= this.max) return undefined;
    this.taken.set(key, count + 1);
    let isTaken = true;
    return () => {
      if (isTaken) this.leave(key);
      isTaken = false;
    };
  }

  private leave(key: string): void {
    const count = this.taken.get(key) ?? 0;
    if (count > 1) this.taken.set(key, count - 1);
    else this.taken.delete(key);
  }
}
