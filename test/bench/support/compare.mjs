import { load } from './load.mjs';
import { spread } from './statistics.mjs';

const CONNECTIONS_OF_WARM_UP = 50;
const PIECE_S = 3;
const MAX_PIECES = 10;
/** Of the processor time of a request: less is noise. */
const LEAST_GAIN = 0.05;
const PIECES_WITHOUT_GAIN = 2;

/**
 * Loads the candidates in turn, A B C then C B A, `rounds` times after a warm-up that is not counted, so that whatever the machine does
 * meanwhile meets all of them alike. `candidates`: name → { url, program }; a request costs the program's processor time.
 * @returns as `compareSamples`
 */
export async function compare(bench, { title, candidates, connections, rounds, seconds, headers, script }) {
  const names = Object.keys(candidates);
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  const how = { connections, headers: headers ?? bench.caller.headers, script };
  const count = rounds ?? bench.rounds;
  for (const name of names) await warmUp(bench, candidates[name], how);
  for (let round = 0; round < count; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const { url, program } = candidates[name];
      const before = program.cpuMicros();
      const { requests, ...figures } = await load(url, { ...how, seconds: seconds ?? bench.seconds });
      const cpuMicros = (program.cpuMicros() - before) / requests;
      samples[name].push({ ...figures, cpuMicros });
    }
  }
  return compareSamples(bench, { title, connections, samples });
}

/**
 * V8 translates what is busy while it is busy, on the same processor: a program that was loaded for three seconds has been seen to
 * cost twice what it costs after thirty. Loaded in pieces until the last of them have brought nothing more.
 */
export async function warmUp(bench, { url, program }, how = { headers: bench.caller.headers }) {
  const piece = async () => {
    const before = program.cpuMicros();
    const { requests } = await load(url, { ...how, connections: CONNECTIONS_OF_WARM_UP, seconds: PIECE_S });
    return (program.cpuMicros() - before) / requests;
  };
  let best = await piece();
  // Loaded on another path before: what differs is little.
  if (bench.warm.has(program)) return;
  bench.warm.add(program);
  for (let pieces = 1, sinceGain = 0; pieces < MAX_PIECES && sinceGain < PIECES_WITHOUT_GAIN; pieces++) {
    const cpuMicros = await piece();
    sinceGain = cpuMicros < best * (1 - LEAST_GAIN) ? 0 : sinceGain + 1;
    best = Math.min(best, cpuMicros);
  }
}

/**
 * `samples`: name → what was seen in each round. Compares the first with each other.
 * @returns the figures of each, and of the first to each the ratios of the rounds (throughput; of processor time the inverse: more
 *   than 1 is in favour of the first)
 */
export function compareSamples(bench, { title, connections, unit = 'request', samples }) {
  const names = Object.keys(samples);
  const [first] = names;
  const rows = names.map((name) => {
    const figures = Object.keys(samples[name][0] ?? {});
    const all = (figure) => spread(samples[name].map((round) => round[figure]));
    const row = { name, ...Object.fromEntries(figures.map((figure) => [figure, all(figure)])) };
    if (name === first) return row;
    const of = (figure, divide) =>
      spread(samples[name].map((round, i) => divide(samples[first][i][figure], round[figure])));
    return {
      ...row,
      ratio: of('perSecond', (mine, its) => mine / its),
      cpuRatio: of('cpuMicros', (mine, its) => its / mine),
    };
  });
  const result = { title, ...(connections === undefined ? {} : { connections }), unit, rows };
  bench.tell(result);
  return { ...result, samples };
}

/** Puts the ratio of the first to `name` under `key`, in throughput and in processor time. */
export function takeRatio(bench, key, { rows }, name) {
  const row = rows.find((each) => each.name === name);
  bench.report.ratios[key] = row.ratio.median;
  bench.report.cpuRatios[key] = row.cpuRatio.median;
  bench.report.spreads[key] = row.ratio;
}
