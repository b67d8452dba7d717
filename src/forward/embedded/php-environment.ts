import { join } from 'node:path';
import type { GatewayConfig, LogLevel } from '../../config/index.js';

/** The environment that the embedded PHP application gets: what it needs of the gateway's configuration and nothing else. */
export function phpEnvironment(
  config: GatewayConfig,
  stubOrigin: string | undefined,
): Readonly<Record<string, string>> {
  const { providers, mail, flags, identity, origins } = config;
  const env: Record<string, string> = {
    NODE_ENV: config.environment,
    APP_VERSION: config.version,
    LOG_LEVEL: PHP_LOG_LEVELS[config.log.level],
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
    env['ELEVENLABS_BASE_URL'] = withVersion(providers.elevenlabs.baseUrl);
    env['ELEVENLABS_API_KEY'] = providers.elevenlabs.apiKey ?? '';
  } else if (providers.elevenlabs.mode === 'stub' && stubOrigin !== undefined) {
    env['ELEVENLABS_BASE_URL'] = `${stubOrigin}/elevenlabs/v1`;
    env['ELEVENLABS_API_KEY'] = STUB_KEY;
  }
  if (stubOrigin !== undefined) {
    env['TELNYX_BASE_URL'] = `${stubOrigin}/telnyx/v2`;
    env['TELNYX_API_KEY'] = STUB_KEY;
    env['TELNYX_CONNECTION_ID'] = 'local-stub';
    env['TELNYX_FROM_NUMBER'] = STUB_NUMBER;
  }
  if (staysOnThisMachine(config)) env['DONNA_LOOPBACK_ONLY'] = '1';
  if (providers.telnyx.publicKey !== undefined) env['TELNYX_PUBLIC_KEY'] = providers.telnyx.publicKey;
  // PHP sends no mail by itself: it hands it to the gateway, where there is somebody to send it.
  const own = ownAddress(config);
  if (mail.smtp !== undefined && own !== undefined) env['GATEWAY_INTERNAL_URL'] = own;
  return env;
}

/** Whether PHP has no reason to call anybody but the local stub: then it is not let out. */
export function staysOnThisMachine({ environment, providers, mail }: GatewayConfig): boolean {
  const isLocal = environment === 'development' || environment === 'test';
  return isLocal && providers.openai.mode === 'stub' && providers.elevenlabs.mode === 'stub' && mail.smtp === undefined;
}

/** Where PHP, on the same machine, reaches the gateway; undefined while the system is to choose the port. */
function ownAddress({ http: { host, port } }: GatewayConfig): string | undefined {
  if (port === 0) return undefined;
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`;
  if (host === '::') return `http://[::1]:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

const STUB_KEY = 'local-stub';
const STUB_NUMBER = '+15550100000';

/** PHP knows four levels, and takes an unknown one for `info`. */
const PHP_LOG_LEVELS: Readonly<Record<LogLevel, string>> = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  fatal: 'error',
  silent: 'error',
};

/** PHP appends its paths to a base that ends in `/v1`; whoever gives a bare origin means the same. */
function withVersion(baseUrl: string): string {
  return new URL(baseUrl).pathname === '/' ? `${baseUrl}/v1` : baseUrl;
}
