// What the gateway costs, beside what else one could put in its place: docs/performance.md. Needs two processors and Debian's
// wrk, nginx, php-fpm and redis-server; says what is missing.
//   npm run build && npm run bench -- [--only proxy,cache,native] [--quick] [--rounds N] [--seconds N] [--out FOLDER]
//     [--dist FOLDER of another build] [--node "flags of V8 for the gateway"]
// A whole run writes docs/performance.md and docs/performance.json; one of a part, or a quick one, only with --out.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bulkhead } from './parts/bulkhead.mjs';
import { cache } from './parts/cache.mjs';
import { native } from './parts/native.mjs';
import { php } from './parts/php.mjs';
import { proxy } from './parts/proxy.mjs';
import { realtime } from './parts/realtime.mjs';
import { redis } from './parts/redis.mjs';
import { start } from './parts/start.mjs';
import { steps } from './parts/steps.mjs';
import { transfer } from './parts/transfer.mjs';
import { workers } from './parts/workers.mjs';
import { describeCommit, describeMachine, peerVersions } from './report/machine.mjs';
import { tellComparison } from './report/tell-comparison.mjs';
import { writeReport } from './report/write-report.mjs';
import { makeCaller } from './support/caller.mjs';
import { readOptions } from './support/options.mjs';
import { installPeers } from './support/peers.mjs';
import { findPrograms } from './support/programs.mjs';
import { startUpstream } from './support/upstream.mjs';

const PARTS = { proxy, cache, native, php, bulkhead, transfer, realtime, redis, workers, start, steps };

try {
  await run(readOptions(Object.keys(PARTS)));
} catch (error) {
  console.error(error instanceof TypeError || error.isPlain ? error.message : error);
  process.exit(1);
}

async function run(options) {
  const programs = findPrograms(options.names);
  installPeers();
  const folder = mkdtempSync(join(tmpdir(), 'donna-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { rounds, seconds, names } = options;
  const report = {
    ratios: {},
    cpuRatios: {},
    reasons: {},
    spreads: {},
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(programs),
    commit: describeCommit(import.meta.dirname),
    peers: peerVersions(resolve(import.meta.dirname, 'peers/package-lock.json')),
    run: { rounds, seconds, parts: names },
    facts: {},
    comparisons: [],
  };
  let upstream;
  const bench = {
    ...options,
    folder,
    programs,
    report,
    caller: makeCaller(),
    /** Programs that have been warmed up. */
    warm: new WeakSet(),
    upstream: () => (upstream ??= startUpstream(bench)),
    say: (text) => console.log(text),
    tell(comparison) {
      report.comparisons.push(comparison);
      tellComparison(comparison);
    },
  };
  for (const name of names) await PARTS[name](bench);
  await (await upstream)?.stop();
  const { ratios, cpuRatios, reasons, facts } = report;
  console.log(JSON.stringify({ ratios, cpuRatios, reasons, facts }, undefined, 2));
  if (options.out !== undefined) await writeReport(options.out, report);
}
