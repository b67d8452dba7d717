import { join } from 'node:path';
import type { GatewayConfig } from './config/index.js';
import type { Gateway } from './gateway.js';
import { Metrics, MetricsDesk } from './metrics/index.js';
import { StartFault } from './start-fault.js';
import { StateDesk } from './state/index.js';
import { LimitDesk, PlaceDesk } from './throttle/index.js';
import { loggerOf } from './trace/index.js';
import { PeerDesk, WorkerPool, WorkerStartError } from './workers/index.js';

/** What the workers are told of what was started for all of them. */
export interface SharedParts {
  readonly routesFile: string;
  readonly phpTargets: readonly string[];
  readonly stubOrigin: string | null;
}

/** What a worker tells of the gateway when it is ready. */
export interface WorkerFacts {
  readonly url: string;
  readonly staged: ReturnType<Gateway['staged']>;
  readonly database: ReturnType<Gateway['database']>;
}

/** Milliseconds that requests under way in the workers that are left get when one cannot be kept alive. */
const GIVE_UP_GRACE_MS = 5000;

/** A gateway of several processes, as who started it sees it. */
export type Primary = Pick<Gateway, 'url' | 'reloadRoutes' | 'staged' | 'database' | 'warmUp' | 'stop'>;

/**
 * Starts `config.workers` processes that serve on one port, and keeps for them what must be one: limits, places, shared state.
 * @throws StartFault with what one of them said
 */
export async function startPrimary(
  config: GatewayConfig,
  parts: SharedParts,
  onGaveUp: (fault: StartFault) => void,
): Promise<Primary> {
  const metrics = new Metrics();
  const pool = new WorkerPool({
    program: join(import.meta.dirname, 'gateway.worker.js'),
    count: config.workers,
    parts,
    desks: [new StateDesk(), new LimitDesk(), new PlaceDesk(), new PeerDesk(), new MetricsDesk(metrics)],
    logger: loggerOf(config),
    onGaveUp: ({ message, exitCode }) => {
      const told = (): void => onGaveUp(new StartFault(message, exitCode));
      void pool.stop(GIVE_UP_GRACE_MS).then(told, told);
    },
  });
  measureWorkers(metrics, pool, config.workers);
  const facts = (await pool.start().catch((error: unknown) => {
    throw error instanceof WorkerStartError ? new StartFault(error.message, error.failure.exitCode) : error;
  })) as WorkerFacts;
  let stopping: Promise<void> | undefined;
  return {
    url: facts.url,
    reloadRoutes: () => pool.reload(),
    staged: () => facts.staged,
    database: () => facts.database,
    warmUp: () => undefined,
    stop: (graceMs) => (stopping ??= pool.stop(graceMs)),
  };
}

/** What is measured of the workers of a primary, and where there are none, not. */
export function measureWorkers(metrics: Metrics, pool: Pick<WorkerPool, 'ready' | 'restarts'>, wanted: number): void {
  metrics.sampled('gauge', 'donna_workers', 'Processes that serve: wanted, and ready.', ['state'], () => [
    [['wanted'], wanted],
    [['ready'], pool.ready],
  ]);
  metrics.sampled(
    'counter',
    'donna_worker_restarts_total',
    'Workers that were started in the place of others that had ended.',
    [],
    () => [[[], pool.restarts]],
  );
}
