// What the admin API answers, below `data` of the envelope: the contract between the dashboard, the command line and the gateway. Types
// alone, and no imports but of its own parts: the dashboard's sources know no Node. Times (`at`, `since`, …) are ISO 8601 in UTC unless they say otherwise,
// durations milliseconds, rates requests per second, shares 0 to 1. Figures are of the instance that answers, since it started.

import type { SecurityEvent } from './admin-api.security.js';

export type * from './admin-api.security.js';

export type StageName = 'proxy' | 'mirror' | 'canary' | 'replaced';

// ── GET /admin/api/session ────────────────────────────────────────────────────────────────────────────────────────────

/** Who is signed in, and at what. 401 without an identity, 403 without the role. */
export interface SessionView {
  readonly subject: string;
  readonly via: 'jwt' | 'php-session';
  readonly gateway: {
    readonly version: string;
    readonly environment: string;
    /** Tells instances apart; a new one with every start. */
    readonly instance: string;
    readonly startedAt: string;
    readonly isRealtimeOn: boolean;
  };
}

// ── GET /admin/api/overview, and `point` of the live stream ───────────────────────────────────────────────────────────

/** What happened in one step of `stepS` seconds. */
export interface OverviewPoint {
  /** Unix seconds at its end. */
  readonly at: number;
  readonly requests: number;
  /** Statuses 5xx. */
  readonly errors: number;
  /** Statuses 4xx; who left (499) is in `left`. */
  readonly refused: number;
  readonly left: number;
  /** Who produced the answers. */
  readonly by: { readonly php: number; readonly native: number; readonly cache: number; readonly gateway: number };
  /** Answers from the cache, and requests that it could not answer, of routes that have one. */
  readonly cache: { readonly hits: number; readonly misses: number };
  /** Undefined where nothing was answered. */
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
}

export interface TargetView {
  /** `php 1`: its place in the table. Addresses are not told. */
  readonly name: string;
  readonly isHealthy: boolean;
  readonly breaker: 'closed' | 'open' | 'half-open';
  readonly underWay: number;
}

export interface OverviewView {
  readonly stepS: number;
  /** The last hour at most, the oldest first. */
  readonly points: readonly OverviewPoint[];
  /** Since this instance started. */
  readonly totals: { readonly requests: number; readonly errors: number; readonly since: string };
  readonly targets: readonly TargetView[];
  readonly checks: Readonly<Record<'php' | 'database' | 'redis' | 'realtime', 'up' | 'down' | 'off'>>;
  readonly openRequests: number;
  /** Event loop: how long it made others wait, 99th percentile of the last step. */
  readonly loopDelayP99: number;
  readonly memoryBytes: number;
}

// ── GET /admin/api/live: text/event-stream ────────────────────────────────────────────────────────────────────────────

/** The events of the live stream by name, each with its data as JSON. A comment every 15 s. */
export interface LiveEvents {
  /** Every step. */
  readonly point: OverviewPoint;
  /** Health of targets, checks, open requests: when they change, and every step. */
  readonly state: Omit<OverviewView, 'points' | 'stepS'>;
  /** The stage, weight or rules of a route were changed by anybody: read it anew. */
  readonly route: { readonly route: string };
  readonly security: SecurityEvent;
  readonly realtime: RealtimeView;
}

// ── GET /admin/api/routes ─────────────────────────────────────────────────────────────────────────────────────────────

export interface StageView {
  readonly stage: StageName;
  /** Callers of 100; with canary. */
  readonly weight?: number;
}

/** One row of the route table as it is in effect. The stage is changed by PUT and DELETE of /admin/api/stages/<route>. */
export interface RouteView {
  readonly route: string;
  readonly path: string;
  /** Empty: every method. */
  readonly methods: readonly string[];
  readonly actions?: readonly string[];
  readonly upstream?: string;
  readonly handler?: string;
  readonly effective: StageView;
  readonly inTable: StageView;
  readonly override: (StageView & { readonly by: string; readonly reason: string; readonly at: string }) | null;
  /** False while the database has not told the overrides: until then PHP answers what it can. */
  readonly isOverrideKnown: boolean;
  readonly possible: readonly StageName[];
  readonly policies: RoutePoliciesView;
  /** Of the last five minutes. */
  readonly recent: { readonly rate: number; readonly errorShare: number; readonly p50?: number; readonly p95?: number };
}

/** GET /admin/api/match?method=GET&target=/api/x.php%3Faction%3Dy: which route a request meets, as far as its address tells. */
export interface MatchView {
  readonly method: string;
  readonly target: string;
  readonly kind: 'route' | 'no-route' | 'method-not-allowed' | 'no-action' | 'refused';
  /** The path as PHP's server would resolve it. */
  readonly path?: string;
  readonly route?: string;
  /** With `method-not-allowed`. */
  readonly allow?: string;
  /** Why it is refused. */
  readonly reason?: string;
  /** The routes that PHP's `action` tells apart. */
  readonly byAction?: Readonly<Record<string, string>>;
  /** The body may name an action too. */
  readonly isByBody?: boolean;
}

export interface RoutePoliciesView {
  readonly authorization: {
    readonly name: string;
    readonly anyOf: readonly string[];
    readonly roles: readonly string[];
    readonly optional: boolean;
  };
  readonly rateLimit: readonly {
    readonly name: string;
    readonly limit: number;
    readonly windowS: number;
    readonly per: string;
    /** Requests that name somebody in this field count. */
    readonly field?: string;
  }[];
  readonly concurrency: { readonly route?: number; readonly caller?: number };
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly input?: string;
  readonly signature?: string;
  readonly envelope: string;
  readonly secretScan: string;
  readonly cors: string;
  readonly cache?: { readonly ttlS: number; readonly vary: string; readonly tags: readonly string[] };
  readonly invalidates: readonly string[];
}

/** One row of GET /admin/api/stages/<route>/history. */
export interface StageChangeView {
  readonly route: string;
  readonly at: string;
  readonly by: string;
  readonly reason: string;
  readonly from: StageView;
  readonly to: StageView;
  readonly isCleared: boolean;
}

// ── Experiments ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** A row of GET /admin/api/experiments: every route that has both an upstream and a handler. */
export interface ExperimentRow {
  readonly route: string;
  readonly effective: StageView;
  readonly compared: number;
  readonly differed: number;
  readonly candidateErrors: number;
  readonly action?: 'promote' | 'hold' | 'roll-back';
  /** The first reason that holds it, as a sentence. */
  readonly waitsFor?: string;
}

/** Comparisons of one hour. */
export interface ParityPoint {
  /** Unix seconds at the hour's begin. */
  readonly at: number;
  readonly compared: number;
  readonly differed: number;
  readonly candidateErrors: number;
}

/** A difference that is accepted until a day. */
export interface IgnoreView {
  readonly pointer: string;
  readonly reason: string;
  /** `2026-12-31`. */
  readonly until: string;
  readonly isExpired: boolean;
  /** `routes.yaml`, or the administrator who said it; only those can be taken back here. */
  readonly by: string;
  readonly at?: string;
}

/** GET /admin/api/experiments/<route>: as the command line's `explain` has it (`ExperimentReport`), and besides */
export interface ExperimentExtras {
  /** The last 14 days at most, the oldest first; hours without a comparison are left out. `differed` and `candidateErrors` exclude each other. */
  readonly parity: readonly ParityPoint[];
  readonly rules: { readonly ignore: readonly IgnoreView[]; readonly keyed: Readonly<Record<string, string>> };
}

/** Body of POST /admin/api/experiments/<route>/ignores; evidence begins anew with it. DELETE takes `pointer` and `reason`. */
export interface IgnoreInput {
  /** JSON pointer, or `header:<name>`: as in `experiment.ignore` of the route table. */
  readonly pointer: string;
  readonly reason: string;
  /** A day after today and within 180 days: `2026-12-31`. */
  readonly until: string;
}

// ── GET /admin/api/realtime ───────────────────────────────────────────────────────────────────────────────────────────

export interface LatencyView {
  readonly count: number;
  readonly p50?: number;
  readonly p95?: number;
}

export interface RealtimeView {
  /** Of `/realtime`, the way round. */
  readonly isSocketOn: boolean;
  readonly open: number;
  /** The oldest hundred. */
  readonly sessions: readonly {
    readonly id: string;
    readonly since: string;
    readonly state: 'unauthenticated' | 'authenticated' | 'connected';
    /** A pseudonym, never a name. */
    readonly who?: string;
    readonly framesIn: number;
    readonly framesOut: number;
  }[];
  /** By close code: 1000, 4001, 4003, … */
  readonly closes: readonly { readonly code: string; readonly count: number }[];
  readonly latency: Readonly<Record<'token' | 'connect' | 'firstAudio' | 'firstTranscript', LatencyView>>;
}

// ── GET /admin/api/traces, GET /admin/api/traces/<traceId> ────────────────────────────────────────────────────────────

/** A request that this instance remembers; `traces` lists the last 50, and of older ones the slow and the failed. */
export interface TraceRow {
  readonly traceId: string;
  readonly at: string;
  readonly method: string;
  readonly route: string | null;
  readonly status: number;
  readonly ms: number;
  readonly errorCode?: string;
}

/** One step on a request's way. Steps follow one another; a step within another has its `depth`. */
export interface TraceStep {
  /** As in `pipeline.ts`: `securityHeaders`, `identity`, `forward`, `php: headers`, `database: select`, … */
  readonly name: string;
  readonly startMs: number;
  readonly ms: number;
  readonly depth: number;
  /** Short and without personal data: `target php 1`, `hit`, `429`. */
  readonly note?: string;
}

/** One request of a trace: a client's call may lead to several (mirror, fan-out). */
export interface TraceRequest extends TraceRow {
  readonly stage: StageName | null;
  readonly arm?: 'control' | 'candidate';
  readonly servedBy?: 'gateway' | 'native' | 'upstream' | 'cache';
  readonly cache?: string;
  readonly upstreamMs?: number;
  readonly attempts?: number;
  readonly upstreamFault?: string;
  readonly steps: readonly TraceStep[];
}

export interface TraceView {
  readonly traceId: string;
  /** Whose memory this is: instances do not ask one another. */
  readonly instance?: string;
  /** In the order of their begin. */
  readonly requests: readonly TraceRequest[];
}
