// Has a request become dearer? Sends a fixed number of requests through the built gateway and through the bare node:http pipe in turn, counts
// what can be counted (system calls, bytes, memory, connections) and compares processor time as a ratio of medians. No clock is looked at.
//   npm run check:cost -- [--print] [--dist FOLDER]
// Last a regression is planted (planted-regression.mjs), which must be found: a check that finds nothing is worth nothing.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { findFreePort } from '../../support/free-port.mjs';
import { leaveOutUnlessLinux } from '../../support/linux-only.mjs';
import { makeCaller } from '../support/caller.mjs';
import { startGateway } from '../support/gateway.mjs';
import { startProgram, untilReady } from '../support/processes.mjs';
import { fullTable } from '../support/route-table.mjs';
import { quantile } from '../support/statistics.mjs';
import { BOUNDS, FOUND_BY, MAX_UPSTREAM_CONNECTIONS } from './bounds.mjs';
import { sendExactly, startCountingUpstream } from './exact-traffic.mjs';

const WARM_UP = 1500;
const REQUESTS = 800;
const ROUNDS = 3;
const PATHS = { proxied: '/small', cached: '/hit', native: '/native' };

const { values } = parseArgs({
  options: {
    dist: { type: 'string', default: resolve(import.meta.dirname, '../../../dist') },
    print: { type: 'boolean', default: false },
  },
});
leaveOutUnlessLinux('the cost of a request', { taskset: 'util-linux' });
const folder = mkdtempSync(join(tmpdir(), 'donna-cost-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const bench = { folder, dist: resolve(values.dist), caller: makeCaller(), nodeArgs: [] };
const upstream = await startCountingUpstream();
const faults = [];

const pipe = await startPipe();
const gateway = await start('count-allocations');
await warmUp(pipe, '/small');
for (const path of Object.values(PATHS)) await warmUp(gateway, path);
const opened = upstream.connections;
const found = await measure(gateway, PATHS);
for (const kind of Object.keys(PATHS)) check(kind, found[kind]);
const before = upstream.connections;
await sendExactly(REQUESTS, to(gateway, '/small'));
if (upstream.connections - before > MAX_UPSTREAM_CONNECTIONS)
  faults.push(`${upstream.connections - before} connections to PHP for ${REQUESTS} requests`);
if (values.print) console.log(`connections to PHP in ${ROUNDS} rounds: ${before - opened}`);
await gateway.stop();

const logging = await start('count-allocations', { LOG_LEVEL: 'info' });
check('logged', await count(logging, '/small'));
await logging.stop();

const planted = await start('planted-regression', {}, 'count-allocations');
await warmUp(planted, '/small');
const missed = within('proxied', (await measure(planted, { proxied: PATHS.proxied })).proxied);
if (missed.length > 0) faults.push(`a planted regression is not found by ${missed.join(', ')}`);
await planted.stop();
await pipe.stop();
upstream.stop();

for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;

function check(kind, seen) {
  if (values.print) console.log(kind.padEnd(8), JSON.stringify(seen));
  for (const [what, bound] of Object.entries(BOUNDS[kind]))
    if (!(seen[what] <= bound)) faults.push(`${kind}: ${what} ${seen[what]} per request, at most ${bound}`);
}

/** The bounds that should be broken and are not. */
function within(kind, seen) {
  if (values.print) console.log('planted'.padEnd(8), JSON.stringify(seen));
  return FOUND_BY.filter((what) => seen[what] <= BOUNDS[kind][what]);
}

/** All kinds and the pipe in turn for the processor time; the rest is counted in a round of its own. */
async function measure(program, paths) {
  const kinds = Object.keys(paths);
  const cpu = Object.fromEntries(['pipe', ...kinds].map((kind) => [kind, []]));
  for (let round = 0; round < ROUNDS; round++) {
    cpu.pipe.push(await cpuOf(pipe, '/small'));
    for (const kind of kinds) cpu[kind].push(await cpuOf(program, paths[kind]));
  }
  const result = {};
  for (const kind of kinds) {
    const cpuRatio = round2(quantile(cpu[kind], 0.5) / quantile(cpu.pipe, 0.5));
    result[kind] = { ...(await count(program, paths[kind])), cpuRatio };
  }
  return result;
}

async function cpuOf(program, path) {
  const spent = program.cpuMicros();
  await sendExactly(REQUESTS, to(program, path));
  return program.cpuMicros() - spent;
}

async function count(program, path) {
  await signal(program, /counting allocations\n$/);
  const io = readIo(program.pid);
  await sendExactly(REQUESTS, to(program, path));
  const after = readIo(program.pid);
  const [, bytes] = await signal(program, /allocated (\d+)\n$/);
  const each = (name) => round2((after[name] - io[name]) / REQUESTS);
  return {
    writes: each('syscw'),
    reads: each('syscr'),
    sentBytes: Math.round(each('wchar')),
    heapBytes: Math.round(Number(bytes) / REQUESTS),
  };
}

/** Asks the counter in the program, and waits for its word. */
async function signal(program, answer) {
  const { stderr } = program.child;
  let said = '';
  const take = (text) => (said += text);
  stderr.on('data', take);
  process.kill(program.pid, 'SIGUSR2');
  while (!answer.test(said)) await once(stderr, 'data', { signal: AbortSignal.timeout(15_000) });
  stderr.off('data', take);
  return answer.exec(said);
}

function readIo(pid) {
  const lines = readFileSync(`/proc/${pid}/io`, 'utf8').trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(': ')).map(([name, value]) => [name, Number(value)]));
}

async function warmUp(program, path) {
  await sendExactly(WARM_UP, to(program, path));
}

function to({ port }, path) {
  return { port, path, headers: bench.caller.headers };
}

function start(...loaded) {
  const env = loaded.find((each) => typeof each === 'object') ?? {};
  const files = loaded.filter((each) => typeof each === 'string');
  const url = (file) => pathToFileURL(join(import.meta.dirname, `${file}.mjs`)).href;
  return startGateway(bench, {
    table: fullTable(),
    upstream: upstream.origin,
    env,
    nodeArgs: files.flatMap((file) => ['--import', url(file)]),
  });
}

/** The peer that needs nothing installed. */
async function startPipe() {
  const port = await findFreePort();
  const program = startProgram({
    name: 'node:http pipe',
    cpu: '0',
    command: process.execPath,
    args: [resolve(import.meta.dirname, '../peers/node-http.mjs')],
    env: { NODE_ENV: 'production', PORT: String(port), UPSTREAM: upstream.origin },
  });
  await untilReady(program, async () => (await fetch(`http://127.0.0.1:${port}/small`)).ok);
  return { ...program, port };
}

function round2(value) {
  return Math.round(value * 100) / 100;
}
