import { parseArgs } from 'node:util';

const MINUTE_MS = 60_000;

/** `--minutes` (30), `--seed`, `--plant leak|cross|socket`, `--dist FOLDER`, `--callers` at once, `--round`: requests between two measures. @throws on anything else */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '30' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      plant: { type: 'string' },
      dist: { type: 'string', default: 'dist' },
      callers: { type: 'string', default: '32' },
      round: { type: 'string', default: '2000' },
      only: { type: 'string' },
    },
  });
  const [ms, seed] = [Number(values.minutes) * MINUTE_MS, Number(values.seed)];
  const [callers, round] = [Number(values.callers), Number(values.round)];
  if (!(ms > 0 && Number.isInteger(seed) && callers > 0 && round > 0))
    throw new Error('--minutes, --seed, --callers and --round are numbers');
  if (values.plant !== undefined && !['leak', 'cross', 'socket'].includes(values.plant))
    throw new Error('--plant is leak, cross or socket');
  return { ms, seed, callers, round, plant: values.plant, dist: values.dist, only: values.only };
}
