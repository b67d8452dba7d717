const COLUMNS = [
  ['', 22, ({ name }) => name],
  ['per second', 11, ({ perSecond }) => number(perSecond.median, 0)],
  ['±', 6, ({ perSecond }) => share(perSecond)],
  ['cpu µs', 9, ({ cpuMicros }) => number(cpuMicros.median, 1)],
  ['p50 µs', 9, ({ p50Micros }) => (p50Micros === undefined ? '' : number(p50Micros.median, 0))],
  ['p99 µs', 9, ({ p99Micros }) => (p99Micros === undefined ? '' : number(p99Micros.median, 0))],
  ['ratio', 7, ({ ratio }) => (ratio === undefined ? '' : number(ratio.median, 2))],
  [
    '(half of the rounds)',
    21,
    ({ ratio }) => (ratio === undefined ? '' : `${number(ratio.q1, 2)}–${number(ratio.q3, 2)}`),
  ],
  ['cpu ratio', 10, ({ cpuRatio }) => (cpuRatio === undefined ? '' : number(cpuRatio.median, 2))],
];

export function number(value, digits) {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Half the distance between the quarters, in per cent of the median. */
export function share({ median, q1, q3 }) {
  return `${number(((q3 - q1) / 2 / median) * 100, 1)} %`;
}

/** A comparison as text, for who watches. */
export function tellComparison({ title, connections, rows }) {
  const line = (cells) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(COLUMNS[i][1]) : cell.padStart(COLUMNS[i][1]))).join('');
  const connected = connections === undefined ? '' : `, ${connections} connection${connections === 1 ? '' : 's'}`;
  console.log(`\n${title}${connected}`);
  console.log(line(COLUMNS.map(([heading]) => heading)));
  for (const row of rows) console.log(line(COLUMNS.map(([, , cell]) => cell(row))));
}
