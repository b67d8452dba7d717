import type { FrontDoor } from './front-door.js';
import type { Metrics } from './metrics/index.js';
import type { RouteTableKeeper } from './routing/index.js';

/** What only the whole gateway knows: what is under way, and whether its route table is the one that stands in the file. */
export function measureGateway(metrics: Metrics, door: FrontDoor, keeper: RouteTableKeeper): void {
  metrics.sampled('gauge', 'donna_http_requests_under_way', 'Requests whose answers are not out yet.', [], () => [
    [[], door.openCount],
  ]);
  metrics.sampled(
    'counter',
    'donna_route_table_reloads_total',
    'Changes of the route table’s file by result: success, failure (the last good table stays in use).',
    ['result'],
    () => [
      [['success'], keeper.reloads.success],
      [['failure'], keeper.reloads.failure],
    ],
  );
  metrics.sampled(
    'gauge',
    'donna_route_table_current',
    'Whether the route table in use is the one in its file: 0 after a change that cannot be used.',
    [],
    () => [[[], Number(keeper.isCurrent)]],
  );
  metrics.sampled(
    'gauge',
    'donna_route_table_last_success_timestamp_seconds',
    'When a route table was last taken into use; Unix time.',
    [],
    () => [[[], keeper.lastGoodAt / 1000]],
  );
}
