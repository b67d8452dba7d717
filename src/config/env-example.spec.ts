import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import './environment-variables.js';
import { loadConfig } from './index.js';
import { knownVariables } from './variable-decorators.js';

/** The names of the contract's section 4, copied: a name that is dropped from code and example alike must be missed. */
const CONTRACT = `NODE_ENV HOST PORT REMOTE_PHP_BASE ALLOW_REMOTE_PHP_FANOUT ROUTES_FILE ALLOWED_ORIGINS TRUSTED_PROXIES
  JWT_SECRET JWT_JWKS_URL JWT_ISSUER JWT_AUDIENCE ACCESS_TOKEN_TTL_S REFRESH_TOKEN_TTL_S GATEWAY_IDENTITY_SECRET
  DATABASE_URL REDIS_URL CSP_MODE TELNYX_PUBLIC_KEY ELEVENLABS_API_KEY ELEVENLABS_BASE_URL OPENAI_API_KEY
  OPENAI_BASE_URL OPENAI_REALTIME_URL OPENAI_REALTIME_MODEL REALTIME_TOKEN_TTL_S ENABLE_WS_PROXY AUTH_TIMEOUT_MS
  MAX_CONNECTIONS_PER_IP ENABLE_SERVER_VAD ENABLE_RESPONSE_CACHE ENABLE_RECONNECT ENABLE_PHP_SECURITY_HEADERS
  ENABLE_PHP_RATE_LIMITING SMTP_HOST SMTP_PORT SMTP_USER SMTP_PASS SMTP_CA_FILE EMAIL_FROM ADMIN_PATH DOCS_PATH
  METRICS_PORT METRICS_ALLOW SENTRY_DSN OTEL_EXPORTER_OTLP_ENDPOINT LOG_LEVEL APP_VERSION GATEWAY_WORKERS`
  .trim()
  .split(/\s+/);

const text = readFileSync(join(import.meta.dirname, '../../.env.example'), 'utf8');
const uncommented = text.replace(/^# (?=[A-Z\d_]+=)/gm, '');

describe('.env.example', () => {
  let projectRoot = '';
  beforeAll(() => {
    projectRoot = mkdtempSync(join(tmpdir(), 'donna-example-'));
    mkdirSync(join(projectRoot, 'certs'));
    writeFileSync(join(projectRoot, 'routes.yaml'), '');
    writeFileSync(join(projectRoot, 'certs/smtp-ca.pem'), '');
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

  it('is as the schema’s own examples, which load too', () => {
    const env = Object.fromEntries([...knownVariables].map(([name, { example }]) => [name, example]));
    const config = loadConfig({ ...env, NODE_ENV: 'development' }, { projectRoot, packageVersion: '0.0.0' });
    expect(config.mail.smtp?.from).toBe('Donna <donna@example.com>');
  });
});
