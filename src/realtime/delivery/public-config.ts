import type { GatewayConfig } from '../../config/index.js';

/** Attempts, each after a pause of up to a growing bound: about a minute in all, then the person is asked. */
const RECONNECT = { maxAttempts: 8, baseMs: 500, capMs: 15_000 };
/** Milliseconds of speech that a browser keeps while its connection is away: half a megabyte. */
const BUFFER_MS = 10_000;

/**
 * What a browser must know to speak with Donna, for everybody to read: `GET /realtime/config.json`. Its paths are the gateway's
 * own, wherever that is mounted: the client puts them behind its prefix.
 */
export function publicConfig(
  { realtime, flags }: Pick<GatewayConfig, 'realtime' | 'flags'>,
  providerUrl: string,
): Readonly<Record<string, unknown>> {
  return {
    tokenUrl: '/api/realtime/token',
    accessTokenUrl: '/api/auth/token',
    eventsUrl: '/api/voice/events',
    socketUrl: realtime.wsProxyEnabled ? '/realtime' : null,
    providerUrl,
    model: realtime.model,
    serverVad: realtime.serverVad,
    reconnect: { enabled: flags.reconnect, ...RECONNECT },
    audio: { sampleRate: 24_000 },
    bufferMs: BUFFER_MS,
  };
}
