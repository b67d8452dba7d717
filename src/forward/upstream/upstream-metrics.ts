import type { Metrics, Sample } from '../../metrics/index.js';
import type { Target } from './target.js';
import type { Upstreams } from './upstreams.js';

const LABELS = ['upstream', 'target'] as const;
const STATES = ['closed', 'open', 'half-open'] as const;
const OUTCOMES = ['answered', 'failed', 'refused', 'given-up'] as const;

/**
 * How PHP's targets are, by their place in the table: an address is nobody's business. A target that a reload has put in another's
 * place begins at 0, which Prometheus takes for a restart.
 */
export function measureUpstreams(metrics: Metrics, upstreams: Upstreams): void {
  const each = (tell: (target: Target) => Iterable<Sample>): (() => Iterable<Sample>) =>
    function* () {
      for (const { settings, targets } of upstreams.all())
        for (const [at, target] of targets.entries())
          for (const [values, value] of tell(target)) yield [[settings.name, String(at + 1), ...values], value];
    };
  metrics.sampled(
    'gauge',
    'donna_upstream_target_up',
    'Whether requests are sent to a target: 0 while its probe finds nobody or its breaker is not closed.',
    LABELS,
    each(({ isAvailable }) => [[[], Number(isAvailable)]]),
  );
  metrics.sampled(
    'gauge',
    'donna_upstream_breaker_state',
    'State of a target’s breaker (closed, open, half-open): 1 for the one that it is in.',
    [...LABELS, 'state'],
    each(({ breakerState }) => STATES.map((state): Sample => [[state], Number(state === breakerState)])),
  );
  metrics.sampled(
    'counter',
    'donna_upstream_breaker_opened_total',
    'Times that a target’s breaker has opened.',
    LABELS,
    each(({ breakerOpened }) => [[[], breakerOpened]]),
  );
  metrics.sampled(
    'counter',
    'donna_upstream_calls_total',
    'Calls of a target, the gateway’s own among them, by outcome: answered, failed (counts against it), refused (by its breaker), given-up (too slow, or its client left).',
    [...LABELS, 'outcome'],
    each(({ calls }) => OUTCOMES.map((outcome): Sample => [[outcome], calls[outcome]])),
  );
  metrics.sampled(
    'gauge',
    'donna_upstream_calls_under_way',
    'Calls of a target that wait for the head of their answer.',
    LABELS,
    each(({ calls }) => [[[], calls.underWay]]),
  );
  metrics.sampled(
    'gauge',
    'donna_upstream_places',
    'Places of an upstream: held by calls of routes until their answer has come whole, and wanted by requests that wait for one.',
    ['upstream', 'state'],
    function* () {
      for (const { settings, bulkhead } of upstreams.all()) {
        yield [[settings.name, 'held'], bulkhead.held];
        yield [[settings.name, 'wanted'], bulkhead.waiting];
      }
    },
  );
  metrics.sampled(
    'counter',
    'donna_upstream_places_refused_total',
    'Requests that found no place among the calls of their upstream in time (503), by route.',
    ['upstream', 'route'],
    function* () {
      for (const { settings, bulkhead } of upstreams.all())
        for (const [values, value] of bulkhead.refused.samples()) yield [[settings.name, ...values], value];
    },
  );
}
