/** Multiples of the limit that are looked for. */
const MULTIPLES = [2, 4, 10, 40, 200];
const HIGHEST_RATE = 0.99;

/**
 * Odds that `k` hits in `n` trials come from a rate above `limit`: a mixture of likelihood ratios, which depends on the counts
 * alone. Where the rate is `limit` or less it ever reaches 1/a with a chance of at most a, however often one looks (Ville), which no
 * confidence bound at a fixed n promises.
 */
export function oddsAbove(k: number, n: number, limit: number): number {
  const base = likelihood(k, n, limit);
  const odds = MULTIPLES.map((multiple) =>
    Math.exp(likelihood(k, n, Math.max(limit, Math.min(limit * multiple, HIGHEST_RATE))) - base),
  );
  return odds.reduce((sum, value) => sum + value, 0) / odds.length;
}

function likelihood(k: number, n: number, rate: number): number {
  return (k === 0 ? 0 : k * Math.log(rate)) + (n - k) * Math.log1p(-rate);
}
