import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const UNIT_MICROS = { us: 1, ms: 1000, s: 1_000_000, m: 60_000_000 };

/**
 * Loads `url` with wrk, one thread on processor 1, for `seconds`; `script` is a file for wrk in Lua.
 * @returns requests per second, the number of them, and the latency's quantiles in microseconds
 * @throws when an answer was no 2xx or a connection failed: what is measured must be work
 */
export async function load(url, { connections, seconds, headers = {}, script }) {
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const how = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '--latency'];
  const file = script === undefined ? [] : ['-s', script];
  const { stdout } = await run('taskset', ['-c', '1', 'wrk', ...how, ...fields, ...file, url]);
  const bad = /Non-2xx or 3xx responses: \d+|Socket errors: .*/.exec(stdout)?.[0];
  if (bad !== undefined) throw new Error(`${url}: ${bad}`);
  const micros = (name) => {
    const [, amount, unit] = new RegExp(`^\\s+${name}\\s+([\\d.]+)(us|ms|s|m)\\s*$`, 'm').exec(stdout) ?? [];
    return Number(amount) * UNIT_MICROS[unit];
  };
  return {
    perSecond: Number(/^Requests\/sec:\s+([\d.]+)/m.exec(stdout)?.[1]),
    requests: Number(/(\d+) requests in/.exec(stdout)?.[1]),
    p50Micros: micros('50%'),
    p99Micros: micros('99%'),
  };
}
