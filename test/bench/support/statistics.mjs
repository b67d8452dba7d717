/** The value below which the share `q` of the list lies, between two neighbours in proportion. */
export function quantile(list, q) {
  const sorted = list.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  return low + ((sorted[Math.ceil(at)] ?? low) - low) * (at % 1);
}

/** Median, the quarter below and the quarter above: half of all rounds lie between the two. */
export function spread(list) {
  return { median: quantile(list, 0.5), q1: quantile(list, 0.25), q3: quantile(list, 0.75), rounds: list.length };
}
