/** Slope of y over x by Theil and Sen: the median of the slopes between all pairs, which a few outliers do not move. */
export function slopeOf(points) {
  const slopes = [];
  for (const [i, [x, y]] of points.entries()) {
    for (const [x2, y2] of points.slice(i + 1)) if (x2 !== x) slopes.push((y2 - y) / (x2 - x));
  }
  return slopes.length === 0 ? Number.NaN : medianOf(slopes);
}

export function medianOf(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
