/** What others wrote does not steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?');
}

/** JSON for machines, of the same value, which does not steer the terminal that it is shown in either. */
export function printableJson(value: unknown): string {
  // What JSON leaves as it is, besides the ends of its own lines; by halves, as JSON spells what is beyond 16 bits.
  return JSON.stringify(value, undefined, 2).replace(/[^\P{C}\n]/gu, (text) =>
    Array.from(text.split(''), (half) => `\\u${half.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  );
}

/** Columns that a cell is padded to at most: what is longer stands out, and cannot blow up all others. */
export const MAX_PADDING = 120;

/** Rows as a table, the first of them its head; nothing in them steers the terminal. `paint` dresses a cell that is wide enough already. */
export function printTable(
  rows: readonly (readonly string[])[],
  paint: (cell: string, column: number, row: number) => string = (cell) => cell,
): string {
  const plain = rows.map((row) => row.map(printable));
  const widths = (plain[0] ?? []).map((_, column) =>
    Math.min(MAX_PADDING, longest(plain.map((row) => row[column] ?? ''))),
  );
  return plain
    .map((row, at) =>
      row
        .map((cell, column) => paint(column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0), column, at))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Characters of the longest, however many there are. */
export function longest(texts: readonly string[]): number {
  return texts.reduce((most, { length }) => Math.max(most, length), 0);
}
