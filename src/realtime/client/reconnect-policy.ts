import type { ReconnectConfig } from './client-config.js';
import { VoiceError } from './voice-error.js';

/** What a close means: never again, again with a fresh token, or again after a while. */
export type Verdict =
  | { readonly kind: 'final'; readonly fault: VoiceError }
  | { readonly kind: 'renew' }
  | { readonly kind: 'retry'; readonly fault: VoiceError };

/** Gone, restarting, overloaded, cut (RFC 6455, section 7.4.1; IANA's registry), and the gateway's idle close. */
const RETRIED = new Set([1001, 1005, 1006, 1011, 1012, 1013, 1014, 4008]);
/** The gateway's word for a token that does not hold, and the provider's. */
const TOKEN_REFUSED = new Set([4003, 3000]);

/** @param code of a WebSocket's close */
export function judgeClose(code: number): Verdict {
  if (TOKEN_REFUSED.has(code)) return { kind: 'renew' };
  if (RETRIED.has(code)) return { kind: 'retry', fault: new VoiceError('network') };
  if (code === 1000) return { kind: 'final', fault: new VoiceError('ended') };
  if (code === 4001) return { kind: 'final', fault: new VoiceError('unauthenticated') };
  return { kind: 'final', fault: new VoiceError('protocol') };
}

/**
 * Milliseconds before the next attempt: anything from nothing to a bound that doubles up to the cap ("full jitter"), so that
 * the clients of a gateway that was away do not come back all at once.
 */
export function backoffMs(attempt: number, { baseMs, capMs }: ReconnectConfig, random: number): number {
  return random * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
}
