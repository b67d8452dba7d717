import type { Exchange } from '../trace/index.js';
import type { Metrics } from './metrics.js';
import type { RequestObserver } from './request-watch.js';
import type { SecondsHistogram, SecondsSeries } from './seconds-histogram.js';
import { Tally } from './tally.js';

/** Causes by the words that follow how far the call had come (`notes.upstreamFault`). */
const CAUSES: Readonly<Record<string, string>> = {
  refused: 'refused',
  timeout: 'timeout',
  reset: 'reset',
  malformed: 'malformed',
  unwritable: 'unwritable',
  secret: 'secret',
  'breaker-open': 'breaker-open',
  'no-place': 'no-place',
  'client-left': 'client-left',
  'body-too-large': 'body-too-large',
  'body-stalled': 'body-stalled',
  'body-cut-short': 'body-cut-short',
  'shows its workings': 'workings',
  empty: 'empty',
  'not JSON': 'not-json',
  'PHP failure page': 'failure-page',
};
const SERVED_BY = ['gateway', 'native', 'upstream', 'cache'] as const;
const IDENTITIES = ['jwt', 'php-session', 'anonymous'] as const;

/** What the notes of ended requests tell: who answered, who asked, what was refused, and how PHP fared. */
export class OutcomeMetrics {
  private readonly servedBy = new Map<string, number>(SERVED_BY.map((name) => [name, 0]));
  private readonly identities = new Map<string, number>(IDENTITIES.map((name) => [name, 0]));
  private readonly errors = new Tally();
  private readonly faults = new Tally();
  private readonly retries = new Tally();
  private readonly waits: SecondsHistogram;
  private readonly waitsOf = new Map<string, SecondsSeries | undefined>();

  constructor(metrics: Metrics) {
    metrics.sampled(
      'counter',
      'donna_http_answers_total',
      'Answers by who produced them: gateway (a refusal, say), native handler, upstream (PHP), cache.',
      ['by'],
      () => toSamples(this.servedBy),
    );
    metrics.sampled(
      'counter',
      'donna_http_identities_total',
      'Requests that have ended by how their caller had proved who it is: jwt, php-session, or anonymous. Refused proofs count in donna_http_errors_total.',
      ['kind'],
      () => toSamples(this.identities),
    );
    metrics.sampled(
      'counter',
      'donna_http_errors_total',
      'Requests that ended with an error code of the gateway, by route and code: UNAUTHENTICATED, FORBIDDEN, ORIGIN_DENIED, CSRF_FAILED, RATE_LIMITED, VALIDATION_FAILED, INTERNAL, UPSTREAM_BAD_ANSWER, UPSTREAM_UNAVAILABLE, UPSTREAM_TIMEOUT and the others of the error envelope.',
      ['route', 'code'],
      () => this.errors.samples(),
    );
    this.waits = metrics.seconds(
      'donna_upstream_wait_seconds',
      'Time from handing a request to PHP to the first byte of its answer.',
      ['upstream'],
    );
    metrics.sampled(
      'counter',
      'donna_upstream_faults_total',
      'Requests whose call to PHP failed, by upstream and cause: refused, timeout, reset, malformed, breaker-open, no-place, status (5xx without a usable body), not-json, empty, failure-page, workings, secret, unusable, unwritable; and by their client: client-left, body-too-large, body-stalled, body-cut-short.',
      ['upstream', 'cause'],
      () => this.faults.samples(),
    );
    metrics.sampled(
      'counter',
      'donna_upstream_retries_total',
      'Requests that were sent to PHP a second time.',
      ['upstream'],
      () => this.retries.samples(),
    );
  }

  readonly observe: RequestObserver = ({ exchange }) => {
    const { notes, route, identity } = exchange;
    add(this.servedBy, notes.servedBy ?? 'gateway');
    add(this.identities, identity?.via ?? 'anonymous');
    if (notes.errorCode !== undefined) this.errors.add(route?.name ?? 'none', notes.errorCode);
    if (notes.attempts !== undefined) this.observeUpstream(route?.upstream ?? 'none', notes);
  };

  private observeUpstream(upstream: string, { upstreamMs, upstreamFault, attempts }: Exchange['notes']): void {
    if (upstreamMs !== undefined) {
      const series = this.waitsOf.has(upstream) ? this.waitsOf.get(upstream) : this.begin(upstream);
      if (series !== undefined) this.waits.observe(series, upstreamMs / 1000);
    }
    // Of two failed attempts the last is noted; where the second went well, the first.
    if (upstreamFault !== undefined) this.faults.add(upstream, causeOf(upstreamFault));
    if (attempts === 2) this.retries.add(upstream);
  }

  private begin(upstream: string): SecondsSeries | undefined {
    const made = this.waits.create([upstream]);
    if (made !== undefined) this.waitsOf.set(upstream, made);
    return made;
  }
}

function causeOf(fault: string): string {
  const words = fault.slice(fault.indexOf(' ') + 1);
  return CAUSES[words] ?? (words.startsWith('status ') ? 'status' : 'unusable');
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function* toSamples(
  counts: ReadonlyMap<string, number>,
): Iterable<readonly [values: readonly string[], value: number]> {
  for (const [name, count] of counts) yield [[name], count];
}
