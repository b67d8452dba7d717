import type { Exchange } from '../trace/index.js';
import { IDENTITY_HEADER } from './identity-assertion.js';
import { type CallKind, readSignedCall } from './signed-call.js';

/** What the gateway says to PHP in its own name, and whoever shares its secret to the gateway. */
const INTERNAL: CallKind = {
  header: IDENTITY_HEADER.toLowerCase(),
  typ: 'gateway-identity+jwt',
  claims: { iss: 'donna-gateway', via: 'internal' },
};

/**
 * Verifies that a request is a signed internal call: `X-Gateway-Identity` with `via: internal`, made with the identity's
 * secret for this method, this path and these bytes of the body (`bd`), within the last minute. The body must be read.
 * @returns a name for this one call, the same when it is sent again; undefined when it is none that holds
 */
export function readInternalCall(exchange: Exchange, secret: string, nowS?: number): string | undefined {
  return readSignedCall(exchange, secret, INTERNAL, nowS)?.id;
}
