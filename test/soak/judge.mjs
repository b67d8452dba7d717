import { medianOf, slopeOf } from './growth.mjs';

/** Bytes per request that count as growth: a leak of 100 breaks it twice. */
const MAX_SLOPE = 50;
/** Bytes by which a process that was started just now still settles, whatever it does: a short run can tell larger leaks only. */
const SETTLING_BYTES = 1_200_000;
const MAX_RSS_GROWTH = 64 * 1024 * 1024;
/** Connections and timers that may come and go between two quiet moments. */
const SLACK = 3;

/** Tells how it went. @returns whether nothing was lost, crossed or damaged, and nothing has grown */
export function judge({ ledger, measures, options, seconds }) {
  const problems = ledger.failures.map((failure) => `FAILED  ${failure}`);
  if (ledger.failed > ledger.failures.length)
    problems.push(`FAILED  and ${ledger.failed - ledger.failures.length} more`);
  // What fills to its bound does so in the first half.
  const half = measures.slice(measures.length >> 1);
  const maxSlope = Math.max(MAX_SLOPE, SETTLING_BYTES / (half.at(-1).requests - half[0].requests));
  const slope = (read) => slopeOf(half.map((measure) => [measure.requests, read(measure)]));
  for (const [name, read] of [
    ['heap', ({ heapUsed }) => heapUsed],
    ['external memory', ({ external }) => external],
  ]) {
    const grown = slope(read);
    console.log(`${name}: ${grown.toFixed(1)} bytes a request over the second half, at most ${maxSlope.toFixed(0)}`);
    if (!(grown <= maxSlope)) problems.push(`FAILED  ${name} grows by ${grown.toFixed(0)} bytes a request`);
  }
  const first = half.slice(0, Math.ceil(half.length / 2));
  const last = half.slice(-first.length);
  const rssGrowth = medianOf(last.map(({ rss }) => rss)) - medianOf(first.map(({ rss }) => rss));
  if (rssGrowth > MAX_RSS_GROWTH)
    problems.push(`FAILED  resident memory grows by ${Math.round(rssGrowth / 1024 / 1024)} MiB`);
  for (const [what, read] of [
    ['sockets', ({ files }) => files.socket ?? 0],
    [
      'other files',
      ({ files: { socket: _socket, ...others } }) => Object.values(others).reduce((sum, count) => sum + count, 0),
    ],
    [
      'handles',
      ({ resources: { Timeout: _timeout, ...others } }) => Object.values(others).reduce((sum, count) => sum + count, 0),
    ],
    ['timers', ({ resources }) => resources.Timeout ?? 0],
  ]) {
    const [before, after] = [read(measures[1]), read(measures.at(-1))];
    console.log(`${what}: ${before} after the second round, ${after} at the end`);
    if (after > before + SLACK) problems.push(`FAILED  ${what} have grown from ${before} to ${after}`);
  }
  const refusedShare = ledger.refused / ledger.total;
  console.log(
    `${ledger.total} requests in ${seconds.toFixed(0)} s, ${ledger.failed} failed, ${ledger.refused} refused while the upstream was away`,
  );
  if (refusedShare > 0.25) problems.push('FAILED  too many were refused while the upstream was away');
  for (const problem of problems) console.log(problem);
  if (problems.length > 0) console.log(`To see the same requests again: npm run soak -- --seed ${options.seed}`);
  return problems.length === 0;
}
