import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError, joinedBody } from '../contract/index.js';
import type { CachePolicy, Route } from '../routing/index.js';
import type { Exchange } from '../trace/index.js';
import type { AnswerTap, SendAnswer } from './answer-tap.js';
import type { AnswerStore } from './answer-store.js';
import type { CacheMetrics, CacheResult } from './cache-metrics.js';
import { forwardStatus, type Forwarded, hitStatus } from './cache-status.js';
import { tagsOfRead } from './cache-tags.js';
import { CacheFill, type FillPlan } from './cache-fill.js';
import type { Flight, Flights } from './flights.js';
import type { Generations } from './generations.js';
import type { RequestFingerprint } from './request-fingerprint.js';
import { readWishes, type RequestWishes } from './request-wishes.js';
import { sendStored, type Validators } from './send-stored.js';
import { ageOf, type StoredAnswer } from './stored-answer.js';

/** `answered`: the step has sent the answer; undefined: whoever answers the route is to. */
export type CacheResultOfStep = GatewayError | 'answered' | undefined;
export type CacheStep = (exchange: Exchange) => CacheResultOfStep | Promise<CacheResultOfStep>;

/** What the cache is told about a route beside its policies. */
export interface RouteSides {
  /** Whom the request would be given to: their answers are kept apart. */
  readonly armOf: (exchange: Exchange) => 'control' | 'candidate';
  /** Whether this request is for comparison, or recorded: it must really be asked, and is not kept. */
  readonly mustPass: (exchange: Exchange) => boolean;
  /** Asks whoever answers the route once more, for the cache; `onCut` hears when that breaks off. */
  readonly refetch: (exchange: Exchange, tap: (detached: Exchange) => void, onCut: () => void) => void;
}

export interface RouteCacheParts {
  readonly store: AnswerStore;
  readonly flights: Flights;
  readonly generations: Generations;
  readonly metrics: CacheMetrics;
  /** Other instances may void what is stored here: they are asked before it is used. */
  readonly asksOthers: boolean;
  /** Fetches in the background, of the whole process. */
  readonly refreshes: { count: number };
}

/** Leaders whose failure one request waits for; then it is told of it. */
const MAX_FAILED_LEADERS = 3;
/** Who has waited for this share of the route's timeout for a fetch that failed does not begin another. */
const SPENT_SHARE = 0.9;
const MAX_REFRESHES = 32;
/** Milliseconds that a request waits to learn what other instances have voided; then it passes by. */
const ASK_WITHIN_MS = 100;
/** Milliseconds after the route's own timeout at which a fetch in the background is given up. */
const REFRESH_GRACE_MS = 5000;
const NOTHING_STORED = new GatewayError('UPSTREAM_TIMEOUT', {
  error: 'Nothing is stored for this request, and it asks for nothing else (only-if-cached).',
});
const CONDITIONS = ['range', 'if-match', 'if-unmodified-since', 'if-range'] as const;

/** What one request needs on its way through the cache. */
interface Visit {
  readonly exchange: Exchange;
  readonly key: string;
  readonly tags: readonly string[];
  readonly wishes: RequestWishes;
  readonly validators: Validators;
}

/** One route's cache: serves what is stored, lets one request fetch what is not, and the others wait for it. */
export class RouteCache {
  private readonly policy: CachePolicy;
  private readonly tagsOf;
  private readonly counts: Readonly<Record<CacheResult, { inc(): void }>>;
  private readonly fills: CacheFill;

  constructor(
    private readonly route: Route,
    policy: CachePolicy,
    private readonly fingerprint: RequestFingerprint,
    private readonly sides: RouteSides,
    private readonly parts: RouteCacheParts,
  ) {
    this.policy = policy;
    this.tagsOf = tagsOfRead(route);
    this.counts = parts.metrics.ofRoute(route.name);
    this.fills = new CacheFill(policy, parts);
  }

  readonly step: CacheStep = (exchange) => {
    const { method, req } = exchange;
    const isRead = method === 'GET' || method === 'HEAD';
    if (!isRead && (method !== 'POST' || this.policy.key.body === undefined)) return undefined;
    const wishes = readWishes(req.headers);
    const key = wishes.isNoStore || this.isBeyond(exchange, isRead) ? undefined : this.keyOf(exchange);
    if (key === undefined) return wishes.isOnlyIfCached ? NOTHING_STORED : this.pass(exchange, 'bypass');
    const { 'if-none-match': ifNoneMatch, 'if-modified-since': ifModifiedSince } = req.headers;
    const visit: Visit = {
      exchange,
      key,
      tags: this.tagsOf(exchange),
      wishes,
      validators: {
        ...(ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }),
        ...(ifModifiedSince === undefined ? {} : { 'if-modified-since': ifModifiedSince }),
      },
    };
    if (wishes.isForced) return wishes.isOnlyIfCached ? NOTHING_STORED : this.fetch(visit, 'request');
    if (!this.parts.asksOthers || this.policy.tags.length === 0) return this.look(visit);
    return this.catchUp(visit);
  };

  /** What another instance has written before this request is not to be read as it was. */
  private async catchUp(visit: Visit): Promise<CacheResultOfStep> {
    const late = sleep(ASK_WITHIN_MS, true, { ref: false });
    const isLate = await Promise.race([this.parts.generations.catchUp().then(() => false), late]);
    if (visit.exchange.res.destroyed) return 'answered';
    if (!isLate) return this.look(visit);
    return visit.wishes.isOnlyIfCached ? NOTHING_STORED : this.pass(visit.exchange, 'bypass');
  }

  private look(visit: Visit): CacheResultOfStep | Promise<CacheResultOfStep> {
    const { exchange, key, wishes } = visit;
    const generation = this.parts.generations.of(visit.tags);
    const near = this.parts.store.near(key, generation);
    if (near !== undefined && this.isFreshFor(near, wishes)) return this.serve(visit, near, 'hit');
    const far = this.parts.store.far(key, () => this.parts.generations.of(visit.tags));
    if (far === undefined) return this.decide(visit, near);
    return far.then((found) => (exchange.res.destroyed ? 'answered' : this.decide(visit, found ?? near)));
  }

  /** Requests whose answer may depend on more than the key holds, or that ask for a part of one. */
  private isBeyond(exchange: Exchange, isRead: boolean): boolean {
    const { req, identity } = exchange;
    const { headers } = req;
    if (this.sides.mustPass(exchange)) return true;
    if (this.policy.vary === 'identity' && identity === undefined) return true;
    // Credentials that the gateway has not verified (RFC 9111, section 3.5).
    if (headers.authorization !== undefined && identity?.via !== 'jwt') return true;
    if (CONDITIONS.some((name) => headers[name] !== undefined)) return true;
    if (isRead) return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
    return headers['idempotency-key'] !== undefined;
  }

  private keyOf(exchange: Exchange): string | undefined {
    return this.fingerprint.keyOf(exchange, this.sides.armOf(exchange));
  }

  private isFreshFor(stored: StoredAnswer, { maxAgeS, minFreshS }: RequestWishes): boolean {
    const age = ageOf(stored, Date.now());
    return age + minFreshS < stored.freshS && age <= maxAgeS;
  }

  private decide(visit: Visit, found: StoredAnswer | undefined): CacheResultOfStep | Promise<CacheResultOfStep> {
    const { exchange, key, wishes } = visit;
    const { flights, generations } = this.parts;
    if (found !== undefined && this.isFreshFor(found, wishes)) return this.serve(visit, found, 'hit');
    const asksForLess = wishes.maxAgeS !== Infinity || wishes.minFreshS > 0;
    if (found !== undefined && !asksForLess && ageOf(found, Date.now()) < found.revalidateS) {
      this.refresh(visit);
      return this.serve(visit, found, 'stale');
    }
    if (wishes.isOnlyIfCached) return NOTHING_STORED;
    const why: Forwarded = found === undefined ? 'uri-miss' : 'stale';
    // What HEAD brings has no body to keep.
    if (exchange.method === 'HEAD') return this.pass(exchange, why);
    const spare = found !== undefined && ageOf(found, Date.now()) < found.errorS ? found : undefined;
    const flight = flights.find(key, generations.of(visit.tags));
    if (flight !== undefined) return this.follow(visit, flight, why, spare);
    return this.fetch(visit, why, spare);
  }

  /** Lets the request go on, and keeps what it brings; others of the same key wait for it. */
  private fetch(visit: Visit, why: Forwarded, spare?: StoredAnswer): undefined {
    const { exchange, key, validators } = visit;
    const { flights, generations } = this.parts;
    if (exchange.method === 'HEAD') return this.pass(exchange, why);
    this.counts.miss.inc();
    exchange.notes.cache = 'miss';
    const generation = generations.of(visit.tags);
    const flight = flights.isApart(key) ? undefined : flights.begin(key, generation);
    this.fingerprint.neutralise(exchange);
    this.fills.watch(exchange, {
      ...this.planOf(visit, generation, flight),
      why,
      validators,
      // A canary's errors are for its judge to see.
      spare: this.route.stage === 'canary' ? undefined : spare,
      onSpared: () => this.counts.error.inc(),
    });
    return undefined;
  }

  private planOf({ key, tags }: Visit, generation: string, flight: Flight | undefined): FillPlan {
    return { key, generation, flight, isCurrent: () => this.parts.generations.of(tags) === generation };
  }

  /** Waits for another's fetch, for as long as it might have waited for its own. */
  private async follow(
    visit: Visit,
    first: Flight,
    why: Forwarded,
    spare: StoredAnswer | undefined,
  ): Promise<CacheResultOfStep> {
    const { exchange, key } = visit;
    const { flights, generations } = this.parts;
    const { timeoutMs } = this.route.policies;
    const startedAt = performance.now();
    const enough = new AbortController();
    const late = sleep(timeoutMs, 'late' as const, { signal: enough.signal, ref: false }).catch(() => 'late' as const);
    exchange.res.once('close', () => enough.abort());
    try {
      let failures = 0;
      for (let flight = first; ;) {
        const outcome = await Promise.race([flight.outcome, late]);
        if (exchange.res.destroyed) return 'answered';
        if (outcome === 'late') return this.serveSpare(visit, spare) ?? new GatewayError('UPSTREAM_TIMEOUT');
        if (outcome.kind === 'kept') return this.serve(visit, outcome.answer, 'coalesced', why);
        if (outcome.kind === 'refused') return this.fetch(visit, why, spare);
        if (outcome.kind === 'failed') failures += 1;
        // It was given up for its own want of an answer, most likely.
        const isSpent = performance.now() - startedAt > timeoutMs * SPENT_SHARE;
        if (outcome.kind === 'failed' && isSpent && spare === undefined) return new GatewayError('UPSTREAM_TIMEOUT');
        if (failures > 0 && spare !== undefined) return this.serveSpare(visit, spare);
        if (failures >= MAX_FAILED_LEADERS)
          return new GatewayError('UPSTREAM_UNAVAILABLE', { headers: { 'Retry-After': '1' } });
        const next = flights.find(key, generations.of(visit.tags));
        // The first who wakes fetches; all others wait for that one.
        if (next === undefined) return this.fetch(visit, why, spare);
        flight = next;
      }
    } finally {
      enough.abort();
    }
  }

  private serveSpare(visit: Visit, spare: StoredAnswer | undefined): 'answered' | undefined {
    if (spare === undefined || this.route.stage === 'canary') return undefined;
    return this.serve(visit, spare, 'error');
  }

  private serve(
    { exchange, validators }: Visit,
    stored: StoredAnswer,
    result: 'hit' | 'stale' | 'error' | 'coalesced',
    why?: Forwarded,
  ): 'answered' {
    this.counts[result].inc();
    exchange.notes.servedBy = 'cache';
    exchange.notes.cache = result;
    const status =
      why === undefined
        ? hitStatus(stored.freshS - ageOf(stored, Date.now()), result === 'error' ? 'stale-if-error' : undefined)
        : forwardStatus(why, { isCollapsed: true });
    sendStored(exchange, stored, validators, status, writeTo(exchange));
    return 'answered';
  }

  /** Fetches anew in the background, for nobody: once at a time for each key, and not too many in all. */
  private refresh(visit: Visit): void {
    const { exchange, key, tags } = visit;
    const { flights, generations, refreshes } = this.parts;
    if (flights.has(key) || flights.isApart(key) || refreshes.count >= MAX_REFRESHES) return;
    const generation = generations.of(tags);
    const flight = flights.begin(key, generation);
    refreshes.count += 1;
    let tap: AnswerTap | undefined;
    const timer = setTimeout(() => tap?.lose(), this.route.policies.timeoutMs + REFRESH_GRACE_MS).unref();
    void flight.outcome.finally(() => {
      clearTimeout(timer);
      refreshes.count -= 1;
    });
    this.sides.refetch(
      exchange,
      (detached) => {
        this.fingerprint.neutralise(detached);
        tap = this.fills.watch(detached, {
          ...this.planOf(visit, generation, flight),
          why: 'stale',
          validators: {},
          spare: undefined,
          onSpared: () => undefined,
        });
      },
      () => (tap === undefined ? flight.land({ kind: 'failed' }) : tap.lose()),
    );
  }

  /** Past the cache: only told of in the answer. */
  private pass(exchange: Exchange, why: Forwarded): undefined {
    this.counts[why === 'bypass' ? 'bypass' : 'miss'].inc();
    exchange.notes.cache = why === 'bypass' ? 'bypass' : 'miss';
    this.fills.label(exchange, why);
    return undefined;
  }
}

function writeTo({ res }: Exchange): SendAnswer {
  return ({ status, statusText, headers }, body) => {
    if (statusText === '') res.writeHead(status, [...headers]);
    else res.writeHead(status, statusText, [...headers]);
    if (body === undefined) res.end();
    else res.end(...joinedBody(body));
  };
}
