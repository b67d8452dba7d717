import { join } from 'node:path';
import type { GatewayConfig } from '../config/index.js';

/** The environment that the embedded PHP application gets: what it needs of the gateway's configuration and nothing else. */
export function phpEnvironment(
  config: GatewayConfig,
  stubOrigin: string | undefined,
): Readonly<Record<string, string>> {
  const { providers, mail, flags, identity, origins } = config;
  const env: Record<string, string> = {
    NODE_ENV: config.environment,
    APP_VERSION: config.version,
    DONNA_DATA_DIR: join(config.directories.data, 'php'),
    GATEWAY_IDENTITY_SECRET: identity.secret,
    // Embedded PHP listens for the gateway alone.
    REQUIRE_GATEWAY: 'true',
    ENABLE_PHP_SECURITY_HEADERS: String(flags.phpSecurityHeaders),
    ENABLE_PHP_RATE_LIMITING: String(flags.phpRateLimiting),
    ALLOWED_ORIGINS: origins.allowed.join(','),
  };
  if (providers.openai.mode === 'real') {
    env['OPENAI_BASE_URL'] = providers.openai.baseUrl;
    env['OPENAI_API_KEY'] = providers.openai.apiKey ?? '';
  } else if (providers.openai.mode === 'stub' && stubOrigin !== undefined) {
    env['OPENAI_BASE_URL'] = `${stubOrigin}/openai/v1`;
    env['OPENAI_API_KEY'] = STUB_KEY;
  }
  if (providers.elevenlabs.mode === 'real') {
    env['ELEVENLABS_BASE_URL'] = providers.elevenlabs.baseUrl;
    env['ELEVENLABS_API_KEY'] = providers.elevenlabs.apiKey ?? '';
  } else if (providers.elevenlabs.mode === 'stub' && stubOrigin !== undefined) {
    env['ELEVENLABS_BASE_URL'] = `${stubOrigin}/elevenlabs/v1`;
    env['ELEVENLABS_API_KEY'] = STUB_KEY;
  }
  if (stubOrigin !== undefined) {
    env['TELNYX_BASE_URL'] = `${stubOrigin}/telnyx/v2`;
    env['TELNYX_API_KEY'] = STUB_KEY;
  }
  if (providers.telnyx.publicKey !== undefined) env['TELNYX_PUBLIC_KEY'] = providers.telnyx.publicKey;
  if (mail.smtp !== undefined) {
    const { host, port, login, caFile, from } = mail.smtp;
    Object.assign(env, { SMTP_HOST: host, SMTP_PORT: String(port), EMAIL_FROM: from });
    if (login !== undefined) Object.assign(env, { SMTP_USER: login.user, SMTP_PASS: login.pass });
    if (caFile !== undefined) env['SMTP_CA_FILE'] = caFile;
  }
  return env;
}

const STUB_KEY = 'local-stub';
