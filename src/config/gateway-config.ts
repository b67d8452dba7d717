import type { Mailbox } from './mailbox.js';

export const ENVIRONMENTS = ['development', 'preview', 'production', 'test'] as const;
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export const CSP_MODES = ['report-only', 'enforce'] as const;

export type Environment = (typeof ENVIRONMENTS)[number];
export type LogLevel = (typeof LOG_LEVELS)[number];
export type CspMode = (typeof CSP_MODES)[number];

/** `stub`: the local stand-in answers (development and test without a key); `off`: nobody answers. */
export type ProviderConfig<Real> =
  (Real & { readonly mode: 'real' }) | { readonly mode: 'stub' } | { readonly mode: 'off' };

/**
 * All settings of one gateway, validated and deeply frozen. Times carry their unit in the name (`S` seconds, `Ms`
 * milliseconds). Take the slice you need: `GatewayConfig['http']`.
 */
export interface GatewayConfig {
  readonly environment: Environment;
  /** Told by /api/health and in logs. */
  readonly version: string;
  /** How many processes serve; 1: this one. */
  readonly workers: number;
  readonly http: {
    readonly host: string;
    /** 0 lets the system choose. */
    readonly port: number;
    /** Addresses and CIDRs whose forwarding headers are believed. */
    readonly trustedProxies: readonly string[];
  };
  readonly php: {
    /** `scheme://host[:port][/base]`, never with a slash at the end; empty: embedded PHP serves `legacy-php/`. */
    readonly targets: readonly string[];
    readonly fanoutAllowed: boolean;
  };
  readonly routes: {
    /** Absolute path; undefined with `passThrough`. */
    readonly file: string | undefined;
    /** True: no table, one catch-all to PHP, session proof off. */
    readonly passThrough: boolean;
  };
  readonly origins: {
    /** As a browser spells them in `Origin`; `['*']` (never in production) allows all. */
    readonly allowed: readonly string[];
  };
  readonly jwt: {
    /** Undefined only when keys come from `jwksUrl`. */
    readonly secret: string | undefined;
    readonly jwksUrl: string | undefined;
    readonly issuer: string | undefined;
    readonly audience: string | undefined;
    readonly accessTokenTtlS: number;
    readonly refreshTokenTtlS: number;
  };
  readonly identity: { readonly secret: string };
  readonly database: {
    /** Undefined: embedded Postgres under `directories.data`. */
    readonly url: string | undefined;
  };
  readonly redis: { readonly url: string | undefined };
  /** Bytes of stored answers in this process. */
  readonly cache: { readonly maxBytes: number };
  readonly csp: { readonly mode: CspMode };
  readonly retention: {
    /** Absolute path of the policy that PHP's clean-up reads too. */
    readonly file: string;
    /** Milliseconds between clean-ups; undefined: only when told to. */
    readonly everyMs: number | undefined;
  };
  readonly providers: {
    readonly openai: ProviderConfig<{
      readonly apiKey: string | undefined;
      /** Ends in `/v1` or what the operator gave, without a slash at the end. */
      readonly baseUrl: string;
      readonly realtimeUrl: string;
    }>;
    readonly elevenlabs: ProviderConfig<{ readonly apiKey: string | undefined; readonly baseUrl: string }>;
    /** Base64 of the 32 bytes of an Ed25519 key; undefined: webhooks are answered 503. */
    readonly telnyx: { readonly publicKey: string | undefined };
  };
  readonly realtime: {
    readonly wsProxyEnabled: boolean;
    readonly model: string;
    readonly tokenTtlS: number;
    readonly authTimeoutMs: number;
    readonly maxConnectionsPerIp: number;
    readonly serverVad: boolean;
  };
  readonly flags: {
    readonly responseCache: boolean;
    readonly reconnect: boolean;
    readonly phpSecurityHeaders: boolean;
    readonly phpRateLimiting: boolean;
  };
  readonly mail: {
    /** Undefined: mail is refused with 503 MAIL_NOT_CONFIGURED. */
    readonly smtp:
      | {
          readonly host: string;
          readonly port: number;
          /** True: TLS from the first byte (465); false: STARTTLS is demanded. */
          readonly implicitTls: boolean;
          readonly login: { readonly user: string; readonly pass: string } | undefined;
          readonly caFile: string | undefined;
          readonly from: Mailbox;
        }
      | undefined;
  };
  readonly paths: { readonly admin: string; readonly docs: string };
  readonly metrics: {
    /** Undefined: /metrics is served on the gateway's own port. */
    readonly port: number | undefined;
    /** Addresses and CIDRs that may read it. */
    readonly allow: readonly string[];
  };
  readonly telemetry: { readonly sentryDsn: string | undefined; readonly otlpEndpoint: string | undefined };
  readonly log: {
    readonly level: LogLevel;
    /** Undefined: lines go to standard output. */
    readonly file:
      | {
          /** Absolute. */
          readonly path: string;
          readonly maxBytes: number;
          readonly keepDays: number;
          readonly errorKeepDays: number;
        }
      | undefined;
  };
  /** Absolute. `data` is private to the gateway (`.data/`). */
  readonly directories: {
    readonly project: string;
    readonly data: string;
  };
  /** What is legal but looks like a mistake; to be logged once at start. Holds no values. */
  readonly warnings: readonly string[];
}
