import { join, resolve } from 'node:path';
import type { EnvironmentVariables } from './environment-variables.js';
import type { Environment, GatewayConfig } from './gateway-config.js';
import { readMailbox } from './mailbox.js';
import { parseUrl, withoutSlashAtEnd } from './value-checks.js';

/** Where the gateway's own pages are unless moved. */
export const HOME_PATHS = { admin: '/admin', docs: '/docs' } as const;

const LOOPBACK_RANGES = ['127.0.0.0/8', '::1/128'];

export interface ComposeOptions {
  readonly projectRoot: string;
  readonly packageVersion: string;
  readonly secrets: { readonly jwt: string | undefined; readonly identity: string };
  readonly warnings: readonly string[];
}

/** Valid variables → the config, with every default of the contract's section 4 in one place. */
export function composeConfig(variables: EnvironmentVariables, options: ComposeOptions): GatewayConfig {
  const environment = variables.NODE_ENV ?? 'development';
  const isProduction = environment === 'production';
  const isRemote = variables.REMOTE_PHP_BASE !== undefined;
  return {
    environment,
    version: variables.APP_VERSION ?? options.packageVersion,
    workers: variables.GATEWAY_WORKERS ?? 1,
    http: {
      host: variables.HOST ?? (isProduction ? '0.0.0.0' : '127.0.0.1'),
      port: variables.PORT ?? 3000,
      trustedProxies: variables.TRUSTED_PROXIES ?? [],
    },
    php: {
      targets: (variables.REMOTE_PHP_BASE ?? []).map(normalUrl),
      fanoutAllowed: variables.ALLOW_REMOTE_PHP_FANOUT ?? !isRemote,
    },
    routes: composeRoutes(variables, options.projectRoot),
    origins: { allowed: [...new Set((variables.ALLOWED_ORIGINS ?? []).map(normalOrigin))] },
    jwt: {
      secret: options.secrets.jwt,
      jwksUrl: variables.JWT_JWKS_URL,
      issuer: variables.JWT_ISSUER,
      audience: variables.JWT_AUDIENCE,
      accessTokenTtlS: variables.ACCESS_TOKEN_TTL_S ?? 900,
      refreshTokenTtlS: variables.REFRESH_TOKEN_TTL_S ?? 2_592_000,
    },
    identity: { secret: options.secrets.identity },
    database: { url: variables.DATABASE_URL },
    redis: { url: variables.REDIS_URL },
    cache: { maxBytes: variables.RESPONSE_CACHE_MAX_BYTES ?? 64 * 1024 * 1024 },
    csp: { mode: variables.CSP_MODE ?? 'report-only' },
    retention: {
      file: resolve(options.projectRoot, variables.RETENTION_FILE ?? 'legacy-php/retention.json'),
      everyMs: minutesInMs(variables.RETENTION_INTERVAL_MIN),
    },
    providers: {
      openai: composeOpenai(variables, environment),
      elevenlabs: composeElevenlabs(variables, environment),
      telnyx: { publicKey: variables.TELNYX_PUBLIC_KEY },
    },
    realtime: {
      wsProxyEnabled: variables.ENABLE_WS_PROXY ?? false,
      model: variables.OPENAI_REALTIME_MODEL ?? 'gpt-realtime',
      tokenTtlS: variables.REALTIME_TOKEN_TTL_S ?? (isLocal(environment) ? 600 : 300),
      authTimeoutMs: variables.AUTH_TIMEOUT_MS ?? 10_000,
      maxConnectionsPerIp: variables.MAX_CONNECTIONS_PER_IP ?? 3,
      serverVad: variables.ENABLE_SERVER_VAD ?? false,
    },
    flags: {
      responseCache: variables.ENABLE_RESPONSE_CACHE ?? true,
      reconnect: variables.ENABLE_RECONNECT ?? true,
      phpSecurityHeaders: variables.ENABLE_PHP_SECURITY_HEADERS ?? true,
      phpRateLimiting: variables.ENABLE_PHP_RATE_LIMITING ?? true,
    },
    mail: composeMail(variables, options.projectRoot),
    paths: { admin: variables.ADMIN_PATH ?? HOME_PATHS.admin, docs: variables.DOCS_PATH ?? HOME_PATHS.docs },
    metrics: {
      port: variables.METRICS_PORT,
      allow: (variables.METRICS_ALLOW ?? ['loopback']).flatMap((entry) =>
        entry === 'loopback' ? LOOPBACK_RANGES : [entry],
      ),
    },
    telemetry: { sentryDsn: variables.SENTRY_DSN, otlpEndpoint: variables.OTEL_EXPORTER_OTLP_ENDPOINT },
    log: composeLog(variables, options.projectRoot),
    directories: {
      project: options.projectRoot,
      data: join(options.projectRoot, '.data'),
    },
    warnings: options.warnings,
  };
}

/** Preview is reachable by others, so it takes production's defaults where safety is at stake. */
export function isLocal(environment: Environment): boolean {
  return environment === 'development' || environment === 'test';
}

function composeRoutes(variables: EnvironmentVariables, projectRoot: string): GatewayConfig['routes'] {
  if (variables.ROUTES_FILE === undefined && variables.REMOTE_PHP_BASE !== undefined) {
    return { file: undefined, passThrough: true };
  }
  return { file: resolve(projectRoot, variables.ROUTES_FILE ?? 'routes.yaml'), passThrough: false };
}

function composeOpenai(
  variables: EnvironmentVariables,
  environment: Environment,
): GatewayConfig['providers']['openai'] {
  const apiKey = variables.OPENAI_API_KEY;
  if (apiKey === undefined && variables.OPENAI_BASE_URL === undefined && variables.OPENAI_REALTIME_URL === undefined) {
    return { mode: isLocal(environment) ? 'stub' : 'off' };
  }
  const given = variables.OPENAI_BASE_URL ?? 'https://api.openai.com/v1';
  // OpenAI's own clients take a base with /v1; whoever gives a bare origin means the same.
  const baseUrl = parseUrl(given)?.pathname === '/' ? `${normalUrl(given)}/v1` : normalUrl(given);
  const realtimeUrl = variables.OPENAI_REALTIME_URL ?? `${baseUrl.replace(/^http/, 'ws')}/realtime`;
  return { mode: 'real', apiKey, baseUrl, realtimeUrl };
}

function composeElevenlabs(
  variables: EnvironmentVariables,
  environment: Environment,
): GatewayConfig['providers']['elevenlabs'] {
  const apiKey = variables.ELEVENLABS_API_KEY;
  if (apiKey === undefined && variables.ELEVENLABS_BASE_URL === undefined) {
    return { mode: isLocal(environment) ? 'stub' : 'off' };
  }
  return { mode: 'real', apiKey, baseUrl: normalUrl(variables.ELEVENLABS_BASE_URL ?? 'https://api.elevenlabs.io') };
}

function composeMail(variables: EnvironmentVariables, projectRoot: string): GatewayConfig['mail'] {
  const { SMTP_HOST: host, SMTP_USER: user, SMTP_PASS: pass, SMTP_CA_FILE: caFile } = variables;
  const from = readMailbox(variables.EMAIL_FROM ?? '');
  if (host === undefined || from === undefined) return { smtp: undefined };
  const port = variables.SMTP_PORT ?? 587;
  const login = user === undefined || pass === undefined ? undefined : { user, pass };
  return {
    smtp: { host, port, implicitTls: port === 465, login, caFile: caFile && resolve(projectRoot, caFile), from },
  };
}

function composeLog(variables: EnvironmentVariables, projectRoot: string): GatewayConfig['log'] {
  const level = variables.LOG_LEVEL ?? 'info';
  if (variables.LOG_FILE === undefined) return { level, file: undefined };
  const { LOG_MAX_BYTES: maxBytes = 52_428_800, LOG_KEEP_DAYS: keepDays = 7 } = variables;
  const { LOG_ERROR_KEEP_DAYS: errorKeepDays = 14 } = variables;
  return { level, file: { path: resolve(projectRoot, variables.LOG_FILE), maxBytes, keepDays, errorKeepDays } };
}

function normalUrl(value: string): string {
  return withoutSlashAtEnd(parseUrl(value)?.href ?? value);
}

function normalOrigin(value: string): string {
  return value === '*' ? value : (parseUrl(value)?.origin ?? value);
}

/** 0 minutes are none. */
function minutesInMs(minutes = 0): number | undefined {
  return minutes === 0 ? undefined : minutes * 60_000;
}
