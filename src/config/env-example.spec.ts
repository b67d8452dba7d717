import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeAuthority } from '../../test/support/certificates.js';
import './environment-variables.js';
import { type GatewayConfig, loadConfig } from './index.js';
import { knownVariables } from './variable-decorators.js';

/** The names of the contract's section 4, copied: a name that is dropped from code and example alike must be missed. */
const CONTRACT = `NODE_ENV HOST PORT REMOTE_PHP_BASE ALLOW_REMOTE_PHP_FANOUT ROUTES_FILE ALLOWED_ORIGINS TRUSTED_PROXIES
  JWT_SECRET JWT_JWKS_URL JWT_ISSUER JWT_AUDIENCE ACCESS_TOKEN_TTL_S REFRESH_TOKEN_TTL_S GATEWAY_IDENTITY_SECRET
  DATABASE_URL REDIS_URL CSP_MODE TELNYX_PUBLIC_KEY ELEVENLABS_API_KEY ELEVENLABS_BASE_URL OPENAI_API_KEY
  OPENAI_BASE_URL OPENAI_REALTIME_URL OPENAI_REALTIME_MODEL REALTIME_TOKEN_TTL_S ENABLE_WS_PROXY AUTH_TIMEOUT_MS
  MAX_CONNECTIONS_PER_IP ENABLE_SERVER_VAD ENABLE_RESPONSE_CACHE RESPONSE_CACHE_MAX_BYTES ENABLE_RECONNECT ENABLE_PHP_SECURITY_HEADERS
  ENABLE_PHP_RATE_LIMITING SMTP_HOST SMTP_PORT SMTP_USER SMTP_PASS SMTP_CA_FILE EMAIL_FROM RETENTION_FILE RETENTION_INTERVAL_MIN ADMIN_PATH DOCS_PATH
  METRICS_PORT METRICS_ALLOW SENTRY_DSN OTEL_EXPORTER_OTLP_ENDPOINT LOG_LEVEL LOG_FILE LOG_MAX_BYTES
  LOG_KEEP_DAYS LOG_ERROR_KEEP_DAYS APP_VERSION GATEWAY_WORKERS`
  .trim()
  .split(/\s+/);

/** Of these the file shows an example, since there is no default; of all others it shows development's default. */
const EXAMPLES = new Set(
  `REMOTE_PHP_BASE ALLOWED_ORIGINS TRUSTED_PROXIES JWT_SECRET GATEWAY_IDENTITY_SECRET JWT_JWKS_URL JWT_ISSUER
  JWT_AUDIENCE DATABASE_URL REDIS_URL TELNYX_PUBLIC_KEY ELEVENLABS_API_KEY OPENAI_API_KEY SMTP_HOST SMTP_USER SMTP_PASS
  SMTP_CA_FILE EMAIL_FROM METRICS_PORT SENTRY_DSN OTEL_EXPORTER_OTLP_ENDPOINT LOG_FILE APP_VERSION`
    .trim()
    .split(/\s+/),
);

const text = readFileSync(join(import.meta.dirname, '../../.env.example'), 'utf8');
const uncommented = text.replace(/^# (?=[A-Z\d_]+=)/gm, '');

describe('.env.example', () => {
  let projectRoot = '';
  beforeAll(() => {
    projectRoot = mkdtempSync(join(tmpdir(), 'donna-example-'));
    mkdirSync(join(projectRoot, 'certs'));
    writeFileSync(join(projectRoot, 'routes.yaml'), '');
    writeFileSync(join(projectRoot, 'certs/smtp-ca.pem'), makeAuthority('Mail Authority').cert);
  });
  afterAll(() => rmSync(projectRoot, { recursive: true, force: true }));

  it('and the schema name every variable of the contract, in its order, and no other', () => {
    expect([...knownVariables.keys()]).toEqual(CONTRACT);
    const named = [...text.matchAll(/^# ([A-Z\d_]+)=/gm)].map(([, name]) => name);
    expect(named.toSorted()).toEqual(CONTRACT.toSorted());
  });

  it('sets nothing as it is', () => {
    expect(parseEnv(text)).toEqual({});
  });

  it('loads with every line uncommented', () => {
    writeFileSync(join(projectRoot, '.env'), uncommented);
    const config = loadConfig({}, { projectRoot, packageVersion: '0.0.0' });
    expect(config.version).toBe('1.4.0');
    expect(config.warnings).toHaveLength(2);
  });

  it('shows the default of every variable that has one', () => {
    // Parts that are off have no settings: they are switched on, so that their defaults show.
    const parts = {
      NODE_ENV: 'development',
      OPENAI_API_KEY: 'a-key',
      ELEVENLABS_API_KEY: 'a-key',
      SMTP_HOST: 'smtp.example.com',
      EMAIL_FROM: 'donna@example.com',
    };
    const shown = Object.entries(parseEnv(uncommented)).filter(([name]) => !EXAMPLES.has(name));
    expect(shown.length + EXAMPLES.size).toBe(CONTRACT.length);
    const load = (env: Readonly<Record<string, string>>, version: string): GatewayConfig =>
      loadConfig({ ...parts, ...env }, { projectRoot, packageVersion: version });
    rmSync(join(projectRoot, '.env'), { force: true });
    const bare = load({}, '0.0.0');
    for (const [name, value] of shown) expect([name, load({ [name]: value ?? '' }, '0.0.0')]).toEqual([name, bare]);
  });

  it('gives lists of origins for development, preview and production that hold there', () => {
    const [, list] = /^# ALLOWED_ORIGINS=(.*)$/m.exec(text) ?? [];
    for (const environment of ['development', 'preview', 'production']) {
      const [, said] = new RegExp(`^#   ${environment}: +(\\S+(?:,\\S+)*)`, 'm').exec(text) ?? [];
      const origins = said === 'as' ? list : said;
      expect(origins).toMatch(/^https?:/);
      const env = {
        NODE_ENV: environment,
        ALLOWED_ORIGINS: origins,
        JWT_SECRET: randomBytes(48).toString('base64url'),
        GATEWAY_IDENTITY_SECRET: randomBytes(48).toString('base64url'),
      };
      const config = loadConfig(env, { projectRoot, packageVersion: '0.0.0' });
      expect(config.origins.allowed).toEqual(origins?.split(','));
      expect(config.warnings).toEqual([]);
    }
  });

  it('is as the schema’s own examples, which load too', () => {
    const env = Object.fromEntries([...knownVariables].map(([name, { example }]) => [name, example]));
    const config = loadConfig({ ...env, NODE_ENV: 'development' }, { projectRoot, packageVersion: '0.0.0' });
    expect(config.mail.smtp?.from).toEqual({ name: 'Donna', address: 'donna@example.com' });
  });
});
