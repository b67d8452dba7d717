import { type Identity, readInternalCall } from '../../auth/index.js';
import type { GatewayConfig } from '../../config/index.js';
import { GatewayError } from '../../contract/index.js';
import type { Exchange } from '../../trace/index.js';

/** Who lets an event be delivered. */
export interface VoiceCaller {
  /** Keys of one name are never another's. */
  readonly name: string;
  /** Undefined for a signed internal call. */
  readonly identity: Identity | undefined;
  /** The same when a signed internal call is sent again; undefined for a person. */
  readonly callId: string | undefined;
}

/** Tells people, whom the pipeline has identified, and signed internal calls from all others. */
export class VoiceCallers {
  constructor(private readonly identity: GatewayConfig['identity']) {}

  /** @throws GatewayError UNAUTHENTICATED */
  identify(exchange: Exchange): VoiceCaller {
    const { identity } = exchange;
    if (identity !== undefined) return { name: `user ${identity.subject}`, identity, callId: undefined };
    const callId = readInternalCall(exchange, this.identity.secret);
    if (callId === undefined) throw unauthenticated();
    return { name: 'internal', identity: undefined, callId };
  }
}

/** RFC 9110, section 11.6.1. */
export function unauthenticated(): GatewayError {
  return new GatewayError('UNAUTHENTICATED', { headers: { 'WWW-Authenticate': 'Bearer realm="donna"' } });
}
