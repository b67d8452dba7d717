import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readStartOptions } from './cli/index.js';
import { type GatewayConfig, loadConfig } from './config/index.js';
import { reportTheEnd } from './errors/index.js';
import { type Gateway, startGateway } from './gateway.js';
import type { SharedParts, WorkerFacts } from './primary.js';
import { explain, StartFault } from './start-fault.js';
import { claimStandardStreams, loggerOf, tellOfTheEnd } from './trace/index.js';
import { trimMemoryWhenIdle } from './trim-memory.js';
import { ThisWorker } from './workers/index.js';

/** Milliseconds that requests under way get when this process alone is told to stop, and when its primary is gone. */
const GRACE_MS = 25_000;
const ORPHAN_GRACE_MS = 5000;

const projectRoot = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };

let gateway: Promise<Gateway> | undefined;
let isEnding = false;

/** Ends the process when what is under way is done, also where it has not begun to serve yet. */
function end(graceMs: number, code: number): void {
  if (isEnding) return;
  isEnding = true;
  const stopped = gateway?.then((made) => made.stop(graceMs)) ?? Promise.resolve();
  stopped.then(
    () => process.exit(code),
    () => process.exit(code === 0 ? 1 : code),
  );
}

const worker = new ThisWorker({
  onDrain: (graceMs) => end(graceMs, 0),
  onReload: () =>
    void gateway?.then(
      (made) => made.reloadRoutes(),
      () => undefined,
    ),
  onOrphaned: () => end(ORPHAN_GRACE_MS, 1),
});
// A service manager may tell every process of the group; the primary says the same.
process.on('SIGTERM', () => end(GRACE_MS, 0)).on('SIGINT', () => end(GRACE_MS, 0));
process.on(
  'SIGHUP',
  () =>
    void gateway?.then(
      (made) => made.reloadRoutes(),
      () => undefined,
    ),
);

const { number, count, parts, lastGoodTable } = await worker.begin();
const { routesFile, phpTargets, stubOrigin } = parts as SharedParts;
const options = readStartOptions(process.argv.slice(2));
const loaded = loadConfig(process.env, {
  projectRoot,
  packageVersion: version,
  overrides: options.kind === 'start' ? options.env : {},
});
// The bound is that of the instance.
const config: GatewayConfig = { ...loaded, cache: { maxBytes: Math.floor(loaded.cache.maxBytes / count) } };
try {
  const logger = loggerOf(config);
  claimStandardStreams(logger, (code, error) => reportTheEnd(error, () => process.exit(code)));
  gateway = startGateway({
    config,
    routesFile,
    phpTargets,
    stubOrigin: stubOrigin ?? undefined,
    place: { link: worker.link, number, count },
    lastGoodTable: { text: lastGoodTable ?? undefined, onGood: (text) => worker.tellTable(text) },
  });
  const { url, staged, database } = await gateway;
  worker.tellReady({ url, staged: staged(), database: database() } satisfies WorkerFacts);
  trimMemoryWhenIdle();
} catch (error) {
  const fault = explain(error, config);
  if (!(fault instanceof StartFault)) tellOfTheEnd(loggerOf(config), 'it could not start', error);
  const told = fault instanceof StartFault ? fault : new StartFault('A worker could not start: see the log.', 1);
  await worker.tellFailure({ message: told.message, exitCode: told.exitCode });
  process.exit(told.exitCode);
}
