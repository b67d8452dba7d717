import type { GatewayConfig } from '../../config/index.js';

/** A URL as it may be shown: without user name, password, query and fragment. */
export function showUrl(address: string): string {
  if (!URL.canParse(address)) return 'an address that cannot be read';
  const url = new URL(address);
  const shown = `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`;
  return url.username === '' && url.password === '' ? shown : shown.replace('//', '//***@');
}

/** Shorter values would blot out ordinary words. */
const LEAST_CHARACTERS = 4;

/**
 * Takes every secret of a configuration out of a text: the last line of defence, should a server repeat to us what we
 * sent it.
 */
export function redactorFor(config: GatewayConfig): (text: string) => string {
  const { openai, elevenlabs } = config.providers;
  const values = [
    config.jwt.secret,
    config.identity.secret,
    openai.mode === 'real' ? openai.apiKey : undefined,
    elevenlabs.mode === 'real' ? elevenlabs.apiKey : undefined,
    config.mail.smtp?.login?.pass,
    ...[config.redis.url, config.database.url, config.telemetry.sentryDsn, config.telemetry.otlpEndpoint].flatMap(
      credentialsOf,
    ),
  ].filter((value) => value !== undefined && value.length >= LEAST_CHARACTERS);
  return (text) => values.reduce<string>((shown, value) => shown.replaceAll(value ?? '', '***'), text);
}

function credentialsOf(address: string | undefined): readonly string[] {
  if (address === undefined || !URL.canParse(address)) return [];
  const { username, password } = new URL(address);
  const isKey = password === '' && username.length >= 16;
  return [password, decoded(password), ...(isKey ? [username] : [])];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
