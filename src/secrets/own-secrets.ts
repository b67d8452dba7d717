import { signIdentity } from '../auth/index.js';
import type { GatewayConfig } from '../config/index.js';
import { LiteralPattern, type SecretPattern } from './secret-pattern.js';
import { LEAST_BYTES, spellingsOf } from './spellings.js';

/** A plain word is in many answers: below this length a secret must have letters and digits to be looked for. */
const LONG_BYTES = 24;

type Slice = Pick<GatewayConfig, 'jwt' | 'identity' | 'providers' | 'mail' | 'database' | 'redis' | 'telemetry'>;

/**
 * The gateway's own secrets, each in all its spellings, and the head that every identity assertion of the gateway has:
 * PHP gets one with each request, and whatever dumps the request (phpinfo, an error page) would hand it on.
 */
export function ownSecrets(config: Slice): readonly SecretPattern[] {
  const { openai, elevenlabs } = config.providers;
  const named: readonly (readonly [string, string | undefined])[] = [
    ['JWT_SECRET', config.jwt.secret],
    ['GATEWAY_IDENTITY_SECRET', config.identity.secret],
    ['OPENAI_API_KEY', openai.mode === 'real' ? openai.apiKey : undefined],
    ['ELEVENLABS_API_KEY', elevenlabs.mode === 'real' ? elevenlabs.apiKey : undefined],
    ['SMTP_PASS', config.mail.smtp?.login?.pass],
    ...credentialsOf('DATABASE_URL', config.database.url),
    ...credentialsOf('REDIS_URL', config.redis.url),
    ...credentialsOf('SENTRY_DSN', config.telemetry.sentryDsn),
    ...credentialsOf('OTEL_EXPORTER_OTLP_ENDPOINT', config.telemetry.otlpEndpoint),
    ['X-Gateway-Identity', `${signIdentity('', 'anonymous', 'GET', '/').split('.', 1)[0] ?? ''}.`],
  ];
  return named.flatMap(([name, secret]) =>
    secret === undefined || !isDistinctive(secret)
      ? []
      : spellingsOf(secret).map((spelling) => new LiteralPattern(name, spelling)),
  );
}

/** Whether a text is long enough, and not a mere word, so that it means the secret wherever it stands. */
function isDistinctive(secret: string): boolean {
  const { length } = Buffer.from(secret);
  if (length < LEAST_BYTES) return false;
  return length >= LONG_BYTES || (/\d/.test(secret) && /\D/.test(secret));
}

/** The password of a URL, and the part before its host as a whole, which is distinctive where the password is short. */
function credentialsOf(name: string, url: string | undefined): readonly (readonly [string, string])[] {
  if (url === undefined || !URL.canParse(url)) return [];
  const { username, password, host } = new URL(url);
  const written = /:\/\/([^/?#]*@)/.exec(url)?.[1] ?? '';
  if (username === '' && password === '') return [];
  return [
    // A Sentry key stands where others have the user's name.
    [name, name === 'SENTRY_DSN' ? username : decode(password)],
    [name, password],
    ...(password === '' ? [] : ([[name, `${written}${host}`]] as const)),
  ];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
