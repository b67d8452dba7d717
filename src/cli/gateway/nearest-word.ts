/** The word that was most likely meant: one that begins so, or is at most two slips away; undefined where none is near. */
export function nearestWord(word: string, words: readonly string[]): string | undefined {
  const [begun, ...others] = word.length < 2 ? [] : words.filter((known) => known.startsWith(word));
  if (begun !== undefined && others.length === 0) return begun;
  const most = Math.min(2, Math.floor(word.length / 2));
  const near = words
    .map((known) => ({ known, slips: slipsBetween(word, known, most) }))
    .filter(({ slips }) => slips <= most)
    .toSorted((a, b) => a.slips - b.slips);
  return near[0]?.known;
}

/** `: did you mean …?`, or nothing. */
export function didYouMean(word: string, words: readonly string[]): string {
  const near = nearestWord(word, words);
  return near === undefined ? '' : `: did you mean ${near}?`;
}

/** Letters put in, left out, changed or swapped with the next (optimal string alignment); more than `most` is `most + 1`. */
function slipsBetween(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let [twoUp, up]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((up[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (up[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (twoUp[j - 2] ?? 0) + 1);
      row.push(least);
    }
    [twoUp, up] = [up, row];
  }
  return up[b.length] ?? most + 1;
}
