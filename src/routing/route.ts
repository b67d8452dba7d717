import type { Staging } from './stage.js';

/** Who may call. Without `anyOf` everybody may; `roles` asks for at least one of them besides. */
export interface AuthorizationPolicy {
  readonly name: string;
  readonly anyOf: readonly ('jwt' | 'php-session')[];
  readonly roles: readonly string[];
  /** Who proves to be somebody is known as such, everybody else comes in as nobody. Proof that does not hold is refused. */
  readonly optional: boolean;
}

/** How often one caller may come: `limit` requests in `windowS` seconds. */
export interface RateLimitPolicy {
  readonly name: string;
  readonly limit: number;
  readonly windowS: number;
  /** `field`: whom a field of the request names, whoever sends it: the account that somebody tries to sign in to. */
  readonly per: 'ip' | 'identity' | 'field';
  /** Name of the field, with `per: field`; with `per: ip` requests count that name somebody in it: attempts to sign in. */
  readonly field: string | undefined;
  /** `policy`: all routes that name the limit count together; `route`: each (and so each action) for itself. */
  readonly counts: 'policy' | 'route';
}

/** How a sender proves that it wrote the body: a signature over `timestamp|body` (Ed25519, as Telnyx signs). */
export interface SignaturePolicy {
  readonly name: string;
  /** Whose public key verifies it; without that key the route answers 503. */
  readonly key: 'telnyx';
  /** Seconds that the timestamp may be off in either direction, and for which a message is refused a second time. */
  readonly windowS: number;
}

/**
 * Requests that may be under way at the same time; undefined for no bound. More are refused with 503, of one caller with 429.
 * `upstream`: calls of the route that its upstream is given at once; undefined for its share by default. More wait a while.
 */
export interface ConcurrencyBounds {
  readonly route: number | undefined;
  readonly caller: number | undefined;
  readonly upstream: number | undefined;
}

/** Tells a failure that PHP reports with status 200: the value at a JSON pointer equals this one. */
export interface ErrorWhen {
  readonly pointer: string;
  readonly equals: string | number | boolean | null;
}

/** What of a route's answers is kept, for how long and for whom. Without it nothing is. Times in seconds. */
export interface CachePolicy {
  /** How long an answer is fresh; with `honour` at most. */
  readonly ttlS: number;
  /** `identity`: each caller has answers of his own; `public`: all callers have the same. */
  readonly vary: 'identity' | 'public';
  /** Whether the application's own `Cache-Control`, `Expires` and `Pragma` decide too, or the policy alone. */
  readonly cacheControl: 'honour' | 'override';
  /** How long after that it is still served, while it is fetched anew. */
  readonly staleWhileRevalidateS: number;
  /** How long after that it stands in for a failure. */
  readonly staleIfErrorS: number;
  /** How long a 404 or 410 is kept; 0 for not at all. */
  readonly negativeTtlS: number;
  /** What writes void it by; `{subject}` stands for who calls. */
  readonly tags: readonly string[];
  /** What else the answer may depend on, all of it in the key: what is not named does not reach the application. */
  readonly key: {
    /** Request fields beside `Accept` and `Accept-Language`, lower case. */
    readonly headers: readonly string[];
    /** Fields of a POST's JSON body: a POST with these alone is answered from the cache. Undefined: no POST is. */
    readonly body: readonly string[] | undefined;
  };
}

/** Everything a request of the route must pass and how its answer is treated. */
export interface RoutePolicies {
  readonly authorization: AuthorizationPolicy;
  readonly rateLimit: readonly RateLimitPolicy[];
  readonly concurrency: ConcurrencyBounds;
  readonly signature: SignaturePolicy | undefined;
  /** Name of the DTO that the request's fields must satisfy before anybody answers it. */
  readonly input: string | undefined;
  /** Fields that the DTO does not name: passed on as they are, or refused with 422. Bytes are never taken away. */
  readonly unknownFields: 'allow' | 'refuse';
  /** What is searched for in the answer: the gateway's own secrets and the shapes of vendors' keys, the first alone, or nothing. */
  readonly secretScan: 'all' | 'own' | 'off';
  /** Milliseconds until the first answer byte; for an answer that is read whole, until its last. */
  readonly timeoutMs: number;
  /** Milliseconds without a byte in either direction before a stream is given up; 0 for never. */
  readonly idleTimeoutMs: number;
  readonly maxBodyBytes: number;
  /** Milliseconds without a byte of a body that is not complete before its client is given up. */
  readonly bodyIdleTimeoutMs: number;
  /** Bytes of an answer that is read whole for the envelope; a longer one is a bad answer. */
  readonly maxAnswerBytes: number;
  readonly cors: 'gateway' | 'upstream';
  readonly securityHeaders: 'gateway' | 'upstream';
  readonly envelope: 'splice' | 'wrap' | 'off';
  /** `json`: any other answer with a body is a fault of the upstream. */
  readonly answers: 'json' | 'any';
  readonly tolerate: 'nothing' | 'first-document';
  readonly errorWhen: ErrorWhen | undefined;
  /** WebSocket upgrades pass to the upstream; on a route without one, to the gateway's own upgrade handler of that name. */
  readonly upgrade: boolean;
  /** A call of this route ends the PHP session: what is remembered of its cookie is dropped. */
  readonly endsSession: boolean;
  /** Undefined: nothing is kept. */
  readonly cache: CachePolicy | undefined;
  /** Tags of stored answers that a request which changes something voids; `*` for all that is stored. */
  readonly invalidates: readonly string[];
}

export interface RouteMatch {
  /** `/api/health.php`, or a prefix `/files/{*path}`. */
  readonly path: string;
  /** Empty: every method. */
  readonly methods: readonly string[];
  /** PHP's `action` parameter, in query or body; undefined where the route does not ask. */
  readonly actions: readonly string[] | undefined;
}

/** What a candidate must show, as far as the route says it; what it does not say has a default. Rates are shares: 0.001 for one in a thousand. */
export interface DecisionSettings {
  /** Comparisons before it leaves mirror. */
  readonly minSamples?: number;
  /** Requests served before it leaves a step of canary. */
  readonly minServed?: number;
  readonly maxMismatchRate?: number;
  readonly maxErrorIncrease?: number;
  /** Its times: at most the control's times `ratio` plus `slackMs`. */
  readonly latency?: { readonly ratio?: number; readonly slackMs?: number };
  /** Of every bound: 0.95 for one wrong promotion in twenty. */
  readonly confidence?: number;
  /** Chance that a good canary is ever rolled back. */
  readonly alpha?: number;
}

/** A difference between PHP's answers and the native handler's that does not count until a day. */
export interface AcceptedDifference {
  readonly pointer: string;
  readonly reason: string;
  /** Unix time in ms from which it counts again. */
  readonly expiresAt: number;
  /** Who accepted it while the gateway ran, and when (ISO 8601, UTC); absent for the route table's own. */
  readonly by?: string;
  readonly at?: string;
}

/** How the native handler of a route is asked beside PHP, compared, promoted and rolled back. */
export interface ExperimentSettings {
  /** Share of the requests for which it is asked, 0 to 1. */
  readonly sample: number;
  /** Milliseconds after which it is given up. */
  readonly timeoutMs: number;
  /** Differences that are known and accepted until a day. */
  readonly ignore: readonly AcceptedDifference[];
  /** Lists whose items are told apart by a field: JSON pointer → field. */
  readonly keyed: Readonly<Record<string, string>>;
  /** Who promotes a candidate that is good enough: a person, or the gateway. */
  readonly promote: 'manual' | 'auto';
  /** Who rolls a bad canary back. */
  readonly rollBack: 'auto' | 'manual';
  /** Weights of the canary, ascending, by which the gateway promotes; after the last one the route is replaced. */
  readonly steps: readonly number[];
  /** What must have been met before a promotion. */
  readonly expects: { readonly statuses: readonly (number | string)[]; readonly actions: readonly string[] };
  readonly decision: DecisionSettings;
}

/** One row of the route table, validated, with its policies resolved from their names. */
export interface Route extends Staging {
  readonly name: string;
  readonly match: RouteMatch;
  readonly upstream: string | undefined;
  readonly handler: string | undefined;
  readonly policies: RoutePolicies;
  readonly experiment: ExperimentSettings;
  /** When its stage was set at run time (ISO 8601, UTC); absent where the table's stage holds. */
  readonly stagedAt?: string;
}

/** How the sessions and accounts of a PHP application are asked about, by signed calls. */
export interface SessionSettings {
  readonly cookie: string;
  /** Answers whose session a cookie names, and what has become of a user. */
  readonly path: string;
  /** Answers who an e-mail address and a password belong to; without it nobody gets a token for them. */
  readonly login?: string;
}

/** The PHP application: its addresses and how their health is told. */
export interface UpstreamSettings {
  readonly name: string;
  /** Addresses, e.g. `http://10.0.0.7:8080` or `https://old.example/app`. */
  readonly targets: readonly string[];
  readonly health: { readonly path: string | undefined; readonly intervalMs: number };
  readonly connectTimeoutMs: number;
  /** Which Host PHP sees: the public one, the target's own, or by kind of target (IP and localhost: public). */
  readonly host: 'public' | 'target' | 'auto';
  /** Sends the signed identity with every call. */
  readonly identity: boolean;
  readonly session: SessionSettings | undefined;
  /** Answers, and takes, owners' documents by signed calls; with `identity` only. */
  readonly documents: string | undefined;
  readonly breaker: { readonly threshold: number; readonly windowMs: number; readonly openMs: number };
  /** Calls under way at once, per target. */
  readonly connections: number;
}

export interface RouteTable {
  readonly upstreams: ReadonlyMap<string, UpstreamSettings>;
  readonly routes: readonly Route[];
}
