import { performance } from 'node:perf_hooks';
import type { GatewayConfig } from '../config/index.js';
import type { Metrics } from './metrics.js';

/** What is known of the process beside prom-client's own: what runs here, and how busy its one thread is. */
export function measureProcess(
  metrics: Metrics,
  { version, environment }: GatewayConfig,
  lostLines: () => number,
): void {
  metrics.sampled(
    'gauge',
    'donna_build_info',
    'Always 1; which version runs, and as what.',
    ['version', 'environment'],
    () => [[[version, environment], 1]],
  );
  // Two counters and no gauge: a share since the last look would depend on who else looks.
  metrics.sampled(
    'counter',
    'donna_event_loop_seconds_total',
    'Time that the event loop was active (worked) or idle (waited): active by both is its utilisation.',
    ['state'],
    () => {
      const { active, idle } = performance.eventLoopUtilization();
      return [
        [['active'], active / 1000],
        [['idle'], idle / 1000],
      ];
    },
  );
  metrics.sampled(
    'counter',
    'donna_log_lines_dropped_total',
    'Log lines that standard output did not take in time.',
    [],
    () => [[[], lostLines()]],
  );
}
