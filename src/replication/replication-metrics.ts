import type { Database } from '../database/index.js';
import type { Metrics, Sample } from '../metrics/index.js';
import type { Replication, ReplicationStatus } from './replication.js';

/** Milliseconds for which an answer of the database serves: several metrics, and several readers, ask for it at once. */
const FRESH_MS = 1000;

/** What waits for PHP, of all instances. Nothing is told while the database cannot be asked; an embedded one is not started by asking. */
export function measureReplication(metrics: Metrics, database: Database, replication: Replication): void {
  let asked: { readonly at: number; readonly status: Promise<ReplicationStatus> } | undefined;
  const ask = (): Promise<ReplicationStatus> => {
    const now = performance.now();
    if (asked === undefined || now - asked.at > FRESH_MS) asked = { at: now, status: replication.status() };
    return asked.status;
  };
  const gauge = (name: string, help: string, read: (status: ReplicationStatus) => number): void =>
    metrics.sampled('gauge', name, help, [], async (): Promise<Sample[]> => {
      if (database.state !== 'up') return [];
      return [[[], read(await ask())]];
    });
  gauge('donna_replication_pending', 'Changes that PHP does not have yet, of all instances.', ({ pending }) => pending);
  gauge('donna_replication_pending_owners', 'Owners whose changes PHP does not have yet.', ({ owners }) => owners);
  gauge(
    'donna_replication_oldest_seconds',
    'For how long the oldest change has waited for PHP; 0 when none waits.',
    ({ oldestMs }) => oldestMs / 1000,
  );
}
