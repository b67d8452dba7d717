import { hash } from 'node:crypto';
import type { GatewayConfig } from '../config/index.js';
import type { Metrics } from '../metrics/index.js';
import type { Route, RouteTable } from '../routing/index.js';
import type { RedisConnection, SharedState } from '../state/index.js';
import type { Exchange } from '../trace/index.js';
import { AnswerStore } from './answer-store.js';
import { CacheMetrics } from './cache-metrics.js';
import { EVERYTHING, tagNamed, tagOfRoute, tagsOfWrite } from './cache-tags.js';
import { Flights } from './flights.js';
import { Generations } from './generations.js';
import { MemoryStore } from './memory-store.js';
import { RedisStore } from './redis-store.js';
import { RequestFingerprint } from './request-fingerprint.js';
import { type CacheStep, RouteCache, type RouteSides } from './route-cache.js';
import { AnswerSeal } from './sealed-answer.js';

/** What an administrator throws away: everything, a route's answers, or what has a tag. */
export type PurgeTarget =
  | { readonly kind: 'all' }
  | { readonly kind: 'route'; readonly route: string }
  | { readonly kind: 'tag'; readonly tag: string };

/**
 * Milliseconds after a write without an answer at which its tags are voided again: PHP may be at it still, and a read
 * meanwhile may have found what was there before.
 */
const IN_DOUBT_MS: readonly number[] = [1000, 5000, 20_000];
const MAX_IN_DOUBT = 1000;

/** The response cache of this process: makes the steps by which routes read from it, and by which writes void what it holds. */
export class ResponseCache {
  private readonly store: AnswerStore;
  private readonly generations: Generations;
  private readonly flights = new Flights();
  private readonly refreshes = { count: 0 };
  private readonly metrics: CacheMetrics;
  private readonly isOn: boolean;
  private readonly secret: string;
  private readonly asksOthers: boolean;
  /** Several instances may share the database, and nobody would tell this one what another has written. */
  private readonly isDeaf: boolean;
  private cachedPaths: ReadonlySet<string> = new Set();
  private inDoubt = 0;

  constructor(
    { flags, cache, identity, database }: Pick<GatewayConfig, 'flags' | 'cache' | 'identity' | 'database'>,
    state: SharedState,
    redis: RedisConnection | undefined,
    metrics: Metrics,
    hasPeers = false,
  ) {
    const memory = new MemoryStore(cache.maxBytes, () => this.metrics.noteEviction());
    this.metrics = new CacheMetrics(metrics, () => memory);
    this.isOn = flags.responseCache;
    this.secret = identity.secret;
    this.asksOthers = redis !== undefined || hasPeers;
    this.isDeaf = redis === undefined && database.url !== undefined;
    const shared =
      redis === undefined || !this.isOn
        ? undefined
        : new RedisStore(redis, new AnswerSeal(identity.secret), () => this.metrics.noteRedisFault());
    this.store = new AnswerStore(memory, shared);
    this.generations = new Generations(state.replicatedMap('cache-generations'));
  }

  /** Sees the table that comes into effect; what this process holds under the one before is dropped. */
  use({ routes }: Pick<RouteTable, 'routes'>): void {
    this.cachedPaths = new Set(routes.filter(({ policies }) => policies.cache !== undefined).map(pathOf));
    // Its keys name another table entry or stage, and would not be found again.
    this.store.clear();
  }

  /** The step that answers from the cache, or sees to it that the next one can be; none without a policy. */
  reading(route: Route, sessionCookie: string | undefined, sides: RouteSides): readonly CacheStep[] {
    const { cache } = route.policies;
    if (!this.isOn || cache === undefined || (this.isDeaf && cache.tags.length > 0)) return [];
    const fingerprint = new RequestFingerprint(fingerprintOf(route), cache, sessionCookie, this.secret);
    const { store, flights, generations, metrics, refreshes, asksOthers } = this;
    const parts = { store, flights, generations, metrics, refreshes, asksOthers };
    return [new RouteCache(route, cache, fingerprint, sides, parts).step];
  }

  /** The step that voids what a request changes: before its answer is told, whatever it is, and once more when it is out. */
  writing(route: Route): readonly CacheStep[] {
    const { cache, invalidates } = route.policies;
    const isShared = this.cachedPaths.has(pathOf(route));
    if (!this.isOn || (invalidates.length === 0 && !isShared)) return [];
    const tagsOf = tagsOfWrite(route);
    const isReadByPost = cache?.key.body !== undefined;
    return [
      (exchange) => {
        const { method } = exchange;
        if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return undefined;
        if (isReadByPost && method === 'POST') return undefined;
        this.voidWith(exchange, tagsOf(exchange));
        return undefined;
      },
    ];
  }

  /** Throws stored answers away, in every instance. */
  async purge(target: PurgeTarget): Promise<void> {
    this.metrics.noteVoided('admin');
    switch (target.kind) {
      case 'all':
        this.store.clear();
        return this.generations.void([EVERYTHING]);
      case 'route':
        return this.generations.void([tagOfRoute(target.route)]);
      case 'tag':
        return this.generations.void([tagNamed(target.tag)]);
    }
  }

  private voidWith({ res }: Exchange, tags: readonly string[]): void {
    const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => unknown;
    Object.assign(res, {
      // Whoever reads after this answer finds nothing from before it.
      writeHead: (...args: unknown[]) => {
        void this.generations.void(tags);
        return writeHead(...args);
      },
    });
    res.once('close', () => {
      this.metrics.noteVoided('write');
      void this.generations.void(tags);
      // Cut, refused for want of an answer, or left alone by its client: nobody knows what PHP does yet.
      if (!res.writableFinished || res.statusCode >= 500) this.voidLater(tags);
    });
  }

  private voidLater(tags: readonly string[]): void {
    if (this.inDoubt >= MAX_IN_DOUBT) return;
    for (const ms of IN_DOUBT_MS) {
      this.inDoubt += 1;
      setTimeout(() => {
        this.inDoubt -= 1;
        void this.generations.void(tags);
      }, ms).unref();
    }
  }
}

function pathOf({ match }: Route): string {
  return match.path.toLowerCase();
}

/** Another text for another table entry or stage: each finds only what it has stored itself. */
function fingerprintOf(route: Route): string {
  return `${route.name} ${hash('sha256', JSON.stringify(route), 'base64url')}`;
}
