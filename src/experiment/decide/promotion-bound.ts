const { exp, log, log1p, min } = Math;
const BISECTIONS = 50;

/**
 * Shares of the limit at which a candidate may really differ, and how much each counts. Nearly all stands on `never`: a candidate
 * without a difference is believed after 3/limit comparisons, as by the rule of three; others pay for it with more of them.
 */
const GUESSES: readonly { readonly share: number; readonly weight: number }[] = [
  { share: 0, weight: 0.995 },
  { share: 0.05, weight: 0.0015 },
  { share: 0.2, weight: 0.0015 },
  { share: 0.45, weight: 0.002 },
];

/**
 * Odds that `k` hits in `n` trials come from a rate below `limit`: a mixture of likelihood ratios. Where the rate is `limit` or
 * more it is a test martingale's (or less), so that it ever reaches 1/a with a chance of at most a, however often one looks
 * (Ville's inequality). A bound for one fixed n promises that for one look only.
 */
export function oddsBelow(k: number, n: number, limit: number): number {
  return GUESSES.reduce((sum, { share, weight }) => {
    if (share === 0) return k === 0 ? sum + weight * exp(-n * log1p(-limit)) : sum;
    return sum + weight * exp(k * log(share) + (n - k) * (log1p(-share * limit) - log1p(-limit)));
  }, 0);
}

/** The rate that those odds still leave open: it holds with `confidence` at all looks together; 1 where nothing was tried. */
export function lastingUpperBound(k: number, n: number, confidence: number): number {
  const needed = 1 / (1 - confidence);
  if (n === 0 || k >= n) return 1;
  let [low, high] = [k / n, 1 - 1e-12];
  for (let turn = 0; turn < BISECTIONS; turn += 1) {
    const middle = (low + high) / 2;
    if (oddsBelow(k, n, middle) >= needed) high = middle;
    else low = middle;
  }
  return min(1, high);
}
