/** What one route table makes is far below; tables that change their names all the time must not fill the memory. */
const MAX_SERIES = 5000;

/** Counts by label values, for what happens within requests: no check and no hash of labels on the way, and bounded. */
export class Tally {
  private readonly counts = new Map<string, { readonly values: readonly string[]; count: number }>();

  /** Values must come from a fixed list or the route table; their order is that of the metric's labels. */
  add(...values: readonly string[]): void {
    const key = values.length === 1 ? (values[0] ?? '') : values.join('\n');
    const known = this.counts.get(key);
    if (known !== undefined) known.count += 1;
    else if (this.counts.size < MAX_SERIES) this.counts.set(key, { values, count: 1 });
  }

  *samples(): Iterable<readonly [values: readonly string[], value: number]> {
    for (const { values, count } of this.counts.values()) yield [values, count];
  }
}
