import { VoiceError } from './voice-error.js';

/** The gateway's `config.json`, checked, its addresses made absolute. */
export interface ClientConfig {
  readonly tokenUrl: string;
  readonly accessTokenUrl: string;
  readonly eventsUrl: string;
  /** The gateway's own WebSocket; undefined where it is switched off. */
  readonly socketUrl: string | undefined;
  readonly providerUrl: string;
  readonly model: string;
  readonly serverVad: boolean;
  readonly reconnect: ReconnectConfig;
  /** Milliseconds of speech that are kept while the connection is away. */
  readonly bufferMs: number;
}

export interface ReconnectConfig {
  readonly enabled: boolean;
  readonly maxAttempts: number;
  readonly baseMs: number;
  readonly capMs: number;
}

/** Hertz, of PCM16 both ways. */
export const SAMPLE_RATE = 24_000;

/**
 * Reads what `config.json` says. A path in it is the gateway's own, wherever the gateway is mounted: behind `/donna/` the
 * configuration comes from `/donna/realtime/config.json`, and `/api/x` in it means `/donna/api/x`.
 * @throws VoiceError bad_answer
 */
export function readClientConfig(answer: unknown, configUrl: string): ClientConfig {
  const data = fieldsOf(fieldsOf(answer)['data']);
  const reconnect = fieldsOf(data['reconnect']);
  const root = new URL('..', configUrl);
  const { tokenUrl, accessTokenUrl, eventsUrl, socketUrl, providerUrl, model, serverVad } = data;
  if (fieldsOf(data['audio'])['sampleRate'] !== SAMPLE_RATE) throw new VoiceError('bad_answer');
  const baseMs = bounded(reconnect['baseMs'], 50, 60_000);
  return {
    tokenUrl: ownUrl(tokenUrl, root).href,
    accessTokenUrl: ownUrl(accessTokenUrl, root).href,
    eventsUrl: ownUrl(eventsUrl ?? '/api/voice/events', root).href,
    socketUrl: socketUrl === null ? undefined : ownUrl(socketUrl, root).href.replace(/^http/, 'ws'),
    providerUrl: socketAddress(providerUrl),
    model: text(model),
    serverVad: serverVad === true,
    reconnect: {
      enabled: reconnect['enabled'] === true,
      maxAttempts: bounded(reconnect['maxAttempts'], 0, 100),
      baseMs,
      capMs: bounded(reconnect['capMs'], baseMs, 300_000),
    },
    bufferMs: bounded(data['bufferMs'], 0, 60_000),
  };
}

/** The fields of an object; of anything else none. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function text(value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.length > 2048) throw new VoiceError('bad_answer');
  return value;
}

/** An address of the gateway that sent the configuration: no other may be told tokens. */
function ownUrl(value: unknown, root: URL): URL {
  const url = parse(text(value).replace(/^\/(?!\/)/, ''), root);
  if (url.origin !== root.origin || !/^https?:$/.test(url.protocol)) throw new VoiceError('bad_answer');
  return url;
}

function socketAddress(value: unknown): string {
  const url = parse(text(value));
  if (!/^wss?:$/.test(url.protocol) || url.username !== '' || url.hash !== '') throw new VoiceError('bad_answer');
  return url.href;
}

function parse(value: string, base?: URL): URL {
  try {
    return new URL(value, base);
  } catch {
    throw new VoiceError('bad_answer');
  }
}

function bounded(value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new VoiceError('bad_answer');
  return Math.min(most, Math.max(least, value));
}
