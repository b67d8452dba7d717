import type { Metrics, SecondsSeries } from '../metrics/index.js';
import { Tally } from '../metrics/index.js';
import type { Database } from './database.js';
import { OPERATIONS } from './query-watch.js';

/** How the database is, and how long it takes. An embedded one that nobody has used has no sample of its state. */
export function measureDatabase(metrics: Metrics, database: Database): void {
  const times = metrics.seconds(
    'donna_database_query_seconds',
    'Time of a statement, by what it begins with, the wait for a connection not counted.',
    ['operation'],
  );
  const failed = new Tally();
  metrics.sampled(
    'counter',
    'donna_database_errors_total',
    'Statements that failed: unavailable (an outage, or too slow), refused (the database answered that it cannot do this).',
    ['operation', 'fault'],
    () => failed.samples(),
  );
  metrics.sampled('gauge', 'donna_database_up', 'Whether the database can be used.', ['kind'], () =>
    database.state === 'off' ? [] : [[[database.kind], Number(database.state === 'up')]],
  );
  metrics.sampled(
    'gauge',
    'donna_database_connections',
    'Connections to the Postgres that DATABASE_URL names, busy and idle, and work that waits for one.',
    ['state'],
    () => {
      const { busy, idle, waiting } = database.connections ?? {};
      if (busy === undefined || idle === undefined || waiting === undefined) return [];
      return [
        [['busy'], busy],
        [['idle'], idle],
        [['waiting'], waiting],
      ];
    },
  );
  const known = new Map<string, SecondsSeries | undefined>(
    OPERATIONS.map((operation) => [operation, times.create([operation])]),
  );
  database.queries.add(({ operation, ms, fault }) => {
    const series = known.get(operation);
    if (series !== undefined) times.observe(series, ms / 1000);
    if (fault !== undefined) failed.add(operation, fault);
  });
}
