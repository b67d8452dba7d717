/**
 * Names that nobody reads but that look like one somebody meant: at most two slips away from a known name, one for a
 * name of five letters or fewer (HOME is two slips from HOST and means something else).
 */
export function findMisspeltNames(given: readonly string[], known: readonly string[]): readonly string[] {
  const isKnown = new Set(known);
  return given
    .filter((name) => !isKnown.has(name))
    .flatMap((name) => {
      const meant = known.find((candidate) => isSlipOf(name.toUpperCase(), candidate));
      return meant === undefined
        ? []
        : [`${name} is not a setting of the gateway and has no effect; did you mean ${meant}?`];
    });
}

function isSlipOf(name: string, known: string): boolean {
  const allowed = known.length <= 5 ? 1 : 2;
  return Math.abs(name.length - known.length) <= allowed && countSlips(name, known) <= allowed;
}

/** Optimal string alignment distance: insert, delete, replace, or swap two neighbours. */
function countSlips(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1];
      const isSwap =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
        isSwap ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = current;
  }
  return at(last, right.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
