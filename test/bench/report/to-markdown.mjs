import { FACTS, GOALS } from './goals.mjs';
import { number, share } from './tell-comparison.mjs';

/** What a run has found, as Markdown. */
export function toMarkdown(report) {
  return [
    about(report),
    '## Ratios\n',
    ratios(report),
    '\n## Other figures\n',
    facts(report),
    '\n## What a step costs\n',
    steps(report),
    '\n## All figures\n',
    ...report.comparisons.map(comparison),
  ].join('\n');
}

function about({ date, machine, peers, commit, run, facts: { phpWorkMicros } }) {
  const php = machine.php === null ? '' : `, PHP ${machine.php}`;
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  const work =
    phpWorkMicros === undefined
      ? ''
      : ` The script that works takes PHP ${number(phpWorkMicros / 1000, 2)} ms of processor time (calibrated at start).`;
  const changed = commit?.isChanged === true ? ' with changes' : '';
  return `Measured on ${date}${commit === undefined ? '' : `, commit ${commit.id}${changed}`}: ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.kernel}, ${machine.system}; Node ${machine.node}, nginx ${machine.nginx}${php}, wrk ${machine.wrk}. Peers: ${versions.join(', ')}. ${run.rounds} rounds of ${run.seconds} s in the main comparisons, after a warm-up that lasts until it brings nothing more.${work}\n`;
}

function ratios({ ratios: found, cpuRatios, spreads, reasons }) {
  const rows = Object.entries(GOALS).map(([key, { goal, what }]) => [
    `\`${key}\``,
    what,
    goal === undefined ? '' : `≥ ${goal}`,
    found[key] === null ? `none: ${reasons[key]}` : number(found[key], 2),
    spreads[key] === undefined || found[key] === null
      ? ''
      : `${number(spreads[key].q1, 2)}–${number(spreads[key].q3, 2)}`,
    cpuRatios[key] === null ? '' : number(cpuRatios[key], 2),
  ]);
  return table(['key', 'what', 'goal', 'ratio', 'half of the rounds', 'in processor time'], rows);
}

function facts({ facts: found }) {
  const rows = FACTS.map(([what, goal, read, digits]) => [what, goal, read(found), digits]);
  return table(
    ['what', 'goal', 'found'],
    rows.map(([what, goal, value, digits]) => [
      what,
      goal,
      value === undefined ? 'not measured' : number(value, digits),
    ]),
  );
}

function steps({ steps: found }) {
  if (found === undefined) return 'Not measured in this run.\n';
  const rows = found.map(({ what, cpuMicros: { median, q1, q3 } }) => [
    what,
    number(median, 1),
    `${number(q1, 1)} to ${number(q3, 1)}`,
  ]);
  return table(['step', 'µs of processor time per request', 'half of the rounds'], rows);
}

function comparison({ title, connections, unit, rows }) {
  const connected = connections === undefined ? '' : `, ${connections} connection${connections === 1 ? '' : 's'}`;
  const cell = (figure, digits) => (figure === undefined ? '' : number(figure.median, digits));
  const body = rows.map(({ name, perSecond, cpuMicros, p50Micros, p99Micros, ratio, cpuRatio }) => [
    name,
    `${cell(perSecond, 0)} (± ${share(perSecond)})`,
    cell(cpuMicros, 1),
    cell(p50Micros, 0),
    cell(p99Micros, 0),
    cell(ratio, 2),
    cell(cpuRatio, 2),
  ]);
  const head = ['', `${unit}s per second`, 'cpu µs', 'p50 µs', 'p99 µs', 'ratio', 'cpu ratio'];
  return `### ${title}${connected}\n\n${table(head, body)}`;
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}
