/** A life in whole milliseconds, at least one: Redis refuses zero and fractions, and lru-cache takes zero for ever. */
export function wholeMs(ttlMs: number): number {
  return Math.max(1, Math.ceil(ttlMs));
}
