import type {
  CachePolicy,
  ConcurrencyBounds,
  DecisionSettings,
  ErrorWhen,
  RateLimitPolicy,
  RoutePolicies,
  SessionSettings,
  SignaturePolicy,
} from './route.js';
import type { Stage } from './stage.js';

// The route table as its author writes it (and as the schema has checked it): names instead of policies, most of it optional.

type Writable<T> = { -readonly [K in keyof T]?: T[K] };

export interface PoliciesInput extends Readonly<
  Writable<Omit<RoutePolicies, 'authorization' | 'rateLimit' | 'concurrency' | 'signature' | 'errorWhen' | 'cache'>>
> {
  readonly authorization?: string;
  readonly rateLimit?: readonly string[];
  readonly concurrency?: Writable<ConcurrencyBounds>;
  readonly signature?: string;
  readonly errorWhen?: ErrorWhen;
  readonly cache?: Pick<CachePolicy, 'ttlS' | 'vary'> &
    Writable<Omit<CachePolicy, 'ttlS' | 'vary' | 'key'>> & { readonly key?: Writable<CachePolicy['key']> };
}

export type RateLimitInput = Pick<RateLimitPolicy, 'limit' | 'windowS' | 'per'> &
  Writable<Pick<RateLimitPolicy, 'field' | 'counts'>>;

export interface RouteInput {
  readonly match: {
    readonly path: string;
    readonly methods?: readonly string[];
    readonly action?: string | readonly string[];
  };
  readonly upstream?: string;
  readonly handler?: string;
  readonly stage?: Stage;
  readonly weight?: number;
  readonly experiment?: {
    readonly sample?: number;
    readonly timeoutMs?: number;
    readonly ignore?: readonly { readonly pointer: string; readonly reason: string; readonly until: string }[];
    readonly keyed?: Readonly<Record<string, string>>;
    readonly promote?: 'manual' | 'auto';
    readonly rollBack?: 'auto' | 'manual';
    readonly steps?: readonly number[];
    readonly expects?: { readonly statuses?: readonly (number | string)[]; readonly actions?: readonly string[] };
  } & DecisionSettings;
  readonly policies?: PoliciesInput;
}

export interface UpstreamInput {
  readonly targets: readonly string[];
  readonly health?: { readonly path?: string; readonly intervalMs?: number };
  readonly connectTimeoutMs?: number;
  readonly host?: 'public' | 'target' | 'auto';
  readonly identity?: boolean;
  readonly session?: SessionSettings;
  readonly documents?: string;
  readonly breaker?: { readonly threshold?: number; readonly windowMs?: number; readonly openMs?: number };
  readonly connections?: number;
}

export interface RouteTableInput {
  readonly upstreams?: Readonly<Record<string, UpstreamInput>>;
  readonly policies: {
    readonly authorization?: Readonly<
      Record<
        string,
        {
          readonly anyOf?: readonly ('jwt' | 'php-session')[];
          readonly roles?: readonly string[];
          readonly optional?: boolean;
        } | null
      >
    >;
    readonly rateLimit?: Readonly<Record<string, RateLimitInput>>;
    readonly signature?: Readonly<Record<string, Pick<SignaturePolicy, 'key'> & { readonly windowS?: number }>>;
  };
  readonly defaults?: PoliciesInput;
  readonly routes: Readonly<Record<string, RouteInput>>;
}
