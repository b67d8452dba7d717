import { CSP_MODES, ENVIRONMENTS, LOG_LEVELS } from './gateway-config.js';
import type { CspMode, Environment, LogLevel } from './gateway-config.js';
import {
  addressRangeCheck,
  ed25519KeyCheck,
  headerKeyCheck,
  hostCheck,
  loginCheck,
  originCheck,
  urlCheck,
  urlPathCheck,
} from './value-checks.js';
import { Email, Flag, List, OneOf, Secret, Text, WholeNumber } from './variable-decorators.js';

const httpUrl = urlCheck({ schemes: ['http', 'https'] });
/** Not a usable secret: it is shown to people, and whoever copies it is refused in production. */
const SECRET_EXAMPLE = 'replace-me-with-the-output-of-openssl-rand-base64-48';
const PORT = { min: 0, max: 65_535 };
const YEAR_S = 31_536_000;

/**
 * The schema of the environment: each name of the contract's section 4 once, in that order, with what a value of it
 * must look like by itself. What depends on other variables is in `combined-rules.ts`, defaults in `compose-config.ts`.
 */
export class EnvironmentVariables {
  @OneOf(ENVIRONMENTS, 'production') readonly NODE_ENV?: Environment;
  @Text('127.0.0.1', hostCheck) readonly HOST?: string;
  @WholeNumber(PORT, '3000') readonly PORT?: number;

  @List('https://php-1.example.com,https://php-2.example.com', httpUrl) readonly REMOTE_PHP_BASE?: string[];
  @Flag('true') readonly ALLOW_REMOTE_PHP_FANOUT?: boolean;
  @Text('routes.yaml') readonly ROUTES_FILE?: string;

  @List('https://app.example.com,https://admin.example.com', originCheck) readonly ALLOWED_ORIGINS?: string[];
  @List('10.0.0.0/8,192.168.1.10', addressRangeCheck) readonly TRUSTED_PROXIES?: string[];

  @Secret(SECRET_EXAMPLE) readonly JWT_SECRET?: string;
  @Text('https://login.example.com/.well-known/jwks.json', urlCheck({ schemes: ['http', 'https'], query: true }))
  readonly JWT_JWKS_URL?: string;
  @Text('https://login.example.com') readonly JWT_ISSUER?: string;
  @Text('donna') readonly JWT_AUDIENCE?: string;
  @WholeNumber({ min: 1, max: 86_400 }, '900') readonly ACCESS_TOKEN_TTL_S?: number;
  @WholeNumber({ min: 1, max: YEAR_S }, '2592000') readonly REFRESH_TOKEN_TTL_S?: number;
  @Secret(`${SECRET_EXAMPLE}-again`) readonly GATEWAY_IDENTITY_SECRET?: string;

  @Text(
    'postgres://donna@db.example.com:5432/donna',
    urlCheck({ schemes: ['postgres', 'postgresql'], credentials: true, query: true }),
  )
  readonly DATABASE_URL?: string;
  @Text('redis://cache.example.com:6379', urlCheck({ schemes: ['redis', 'rediss'], credentials: true, query: true }))
  readonly REDIS_URL?: string;

  @OneOf(CSP_MODES, 'report-only') readonly CSP_MODE?: CspMode;

  @Text('7dSpvDEoWL7IiJWC0lfpMQlLLDml5gACfkwmwnFGvqQ=', ed25519KeyCheck) readonly TELNYX_PUBLIC_KEY?: string;
  @Secret('the-key-from-your-elevenlabs-account', headerKeyCheck) readonly ELEVENLABS_API_KEY?: string;
  @Text('https://api.elevenlabs.io', httpUrl) readonly ELEVENLABS_BASE_URL?: string;
  @Secret('the-key-from-your-openai-account', headerKeyCheck) readonly OPENAI_API_KEY?: string;
  @Text('https://api.openai.com/v1', httpUrl) readonly OPENAI_BASE_URL?: string;
  @Text('wss://api.openai.com/v1/realtime', urlCheck({ schemes: ['ws', 'wss'] })) readonly OPENAI_REALTIME_URL?: string;
  @Text('gpt-realtime') readonly OPENAI_REALTIME_MODEL?: string;
  /** The bounds are OpenAI's for `expires_after.seconds`. */
  @WholeNumber({ min: 10, max: 7200 }, '300') readonly REALTIME_TOKEN_TTL_S?: number;

  @Flag('false') readonly ENABLE_WS_PROXY?: boolean;
  @WholeNumber({ min: 100, max: 600_000 }, '10000') readonly AUTH_TIMEOUT_MS?: number;
  @WholeNumber({ min: 1, max: 100_000 }, '3') readonly MAX_CONNECTIONS_PER_IP?: number;
  @Flag('false') readonly ENABLE_SERVER_VAD?: boolean;

  @Flag('true') readonly ENABLE_RESPONSE_CACHE?: boolean;
  @WholeNumber({ min: 1024 ** 2, max: 8 * 1024 ** 3 }, '67108864') readonly RESPONSE_CACHE_MAX_BYTES?: number;
  @Flag('true') readonly ENABLE_RECONNECT?: boolean;
  @Flag('true') readonly ENABLE_PHP_SECURITY_HEADERS?: boolean;
  @Flag('true') readonly ENABLE_PHP_RATE_LIMITING?: boolean;

  @Text('smtp.example.com', hostCheck) readonly SMTP_HOST?: string;
  @WholeNumber({ min: 1, max: 65_535 }, '587') readonly SMTP_PORT?: number;
  @Text('donna@example.com', loginCheck) readonly SMTP_USER?: string;
  @Secret('the-password-of-smtp-user', loginCheck) readonly SMTP_PASS?: string;
  @Text('certs/smtp-ca.pem') readonly SMTP_CA_FILE?: string;
  @Email('Donna <donna@example.com>') readonly EMAIL_FROM?: string;

  @Text('legacy-php/retention.json') readonly RETENTION_FILE?: string;
  @WholeNumber({ min: 0, max: 10_080 }, '60') readonly RETENTION_INTERVAL_MIN?: number;

  @Text('/admin', urlPathCheck) readonly ADMIN_PATH?: string;
  @Text('/docs', urlPathCheck) readonly DOCS_PATH?: string;
  @WholeNumber(PORT, '9464') readonly METRICS_PORT?: number;
  @List('loopback,10.0.0.0/8', (value) => (value === 'loopback' ? undefined : addressRangeCheck(value)))
  readonly METRICS_ALLOW?: string[];

  @Text('https://key@sentry.example.com/1', urlCheck({ schemes: ['http', 'https'], credentials: true }))
  readonly SENTRY_DSN?: string;
  @Text('http://127.0.0.1:4318', httpUrl) readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string;

  @OneOf(LOG_LEVELS, 'info') readonly LOG_LEVEL?: LogLevel;
  @Text('/var/log/donna/gateway.log') readonly LOG_FILE?: string;
  @WholeNumber({ min: 65_536, max: 1_073_741_824 }, '52428800') readonly LOG_MAX_BYTES?: number;
  @WholeNumber({ min: 1, max: 365 }, '7') readonly LOG_KEEP_DAYS?: number;
  @WholeNumber({ min: 1, max: 365 }, '14') readonly LOG_ERROR_KEEP_DAYS?: number;
  @Text('1.4.0', (value) => (/^[\w.+-]{1,64}$/.test(value) ? undefined : 'must be 1 to 64 letters, digits or . + - _'))
  readonly APP_VERSION?: string;
  @WholeNumber({ min: 1, max: 256 }, '1') readonly GATEWAY_WORKERS?: number;
}
