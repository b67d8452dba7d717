import type { Database } from '../database/index.js';
import type { Metrics, Sample } from '../metrics/index.js';
import type { Retention } from './retention.js';

/** Whether the clean-up does its work. Nothing is started by asking. */
export function measureRetention(metrics: Metrics, database: Database, retention: Retention): void {
  metrics.sampled(
    'gauge',
    'donna_retention_interval_seconds',
    'Time between runs of the clean-up, where this instance schedules them and there may be anything to remove.',
    [],
    () => (retention.everyMs === undefined || !database.hasData ? [] : [[[], retention.everyMs / 1000]]),
  );
  metrics.sampled(
    'gauge',
    'donna_retention_last_success_timestamp_seconds',
    'When a run of the clean-up last removed all that was due, by any instance; Unix time.',
    [],
    async (): Promise<Sample[]> => {
      if (database.state !== 'up') return [];
      const at = await retention.runs.lastSuccessAt();
      return at === undefined ? [] : [[[], at.getTime() / 1000]];
    },
  );
  metrics.sampled(
    'counter',
    'donna_retention_runs_total',
    'Runs of the clean-up by this instance, by how they ended: complete, unfinished (more is due), incomplete (something failed), failed.',
    ['state'],
    () => retention.ended.samples(),
  );
}
