// The table of all metrics, docs/operations/metrics.md: how it is written, and read again.

const HEAD = `# Metrics

What \`/metrics\` tells, in Prometheus' text format. Written by \`npm run build && npm run metrics\`; a test holds it against a gateway.
Names of routes, upstreams and limits are those of \`routes.yaml\`; a target is told by its place there (\`1\`, \`2\`, …), never by its
address. No label's value comes from a request. A histogram has \`_bucket\` (with the label \`le\`), \`_sum\` and \`_count\`. Values are of
one instance since it started, unless they say otherwise.

`;

/** @param {readonly { name: string, type: string, labels: readonly string[], help: string }[]} metrics */
export function writeReference(metrics) {
  const rows = metrics.map(({ name, type, labels, help }) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', '),
    help.replaceAll('|', '\\|'),
  ]);
  const table = [['metric', 'type', 'labels', 'meaning'], ...rows];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...table.map((row) => row[at].length)));
  const line = (cells) => `| ${cells.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |`;
  return `${HEAD}${[line(table[0]), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')}\n`;
}

/** @returns {Map<string, { type: string, labels: string[], help: string }>} by name */
export function readReference(text) {
  const metrics = new Map();
  for (const row of text.split('\n')) {
    const [, name, type, labels, help] = /^\| `(\w+)` +\| (\w+) +\| (.*?) *\| (.*?) *\|$/.exec(row) ?? [];
    if (name !== undefined) metrics.set(name, { type, labels: labels.match(/\w+/g) ?? [], help });
  }
  return metrics;
}
