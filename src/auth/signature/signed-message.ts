import { GatewayError } from '../../contract/index.js';
import type { Exchange } from '../../trace/index.js';

const TIMESTAMP_HEADER = 'telnyx-timestamp';
const SIGNATURE_HEADER = 'telnyx-signature-ed25519';
/** Unix seconds in the one spelling that a sender writes. Headers that come twice are joined by Node with a comma: no match. */
const TIMESTAMP = /^[1-9][0-9]{0,11}$/;
/** Base64 of 64 bytes (RFC 4648, section 4); the unused bits of its last digit are zero: one spelling per signature. */
const SIGNATURE = /^[A-Za-z0-9+/]{85}[AQgw]==$/;

/** What was signed, and the signature over it. */
export interface SignedMessage {
  /** `timestamp|body`. */
  readonly bytes: Buffer;
  /** Ed25519 (RFC 8032, section 5.1.6): 64 bytes. */
  readonly signature: Buffer;
}

/**
 * Reads a message that is signed as Telnyx signs; refused when it lacks a part or was not signed within `windowS` seconds of
 * this machine's clock. Whether the signature holds is not known yet.
 */
export function readSignedMessage({ req, body }: Exchange, windowS: number): SignedMessage | GatewayError {
  const coding = req.headers['content-encoding'] ?? 'identity';
  if (coding.toLowerCase() !== 'identity')
    return new GatewayError('UNSUPPORTED_MEDIA_TYPE', { error: 'Send the body without a content encoding.' });
  const timestamp = single(req.headers[TIMESTAMP_HEADER]);
  const signature = single(req.headers[SIGNATURE_HEADER]);
  if (timestamp === undefined || signature === undefined)
    return refuseMessage(`Sign the request: ${TIMESTAMP_HEADER} and ${SIGNATURE_HEADER}.`);
  if (!TIMESTAMP.test(timestamp)) return refuseMessage(`${TIMESTAMP_HEADER} is not one number of Unix seconds.`);
  if (!SIGNATURE.test(signature)) return refuseMessage(`${SIGNATURE_HEADER} is not the base64 of one signature.`);
  // The signature covers the body alone: without one, all that the request says would be unsigned.
  if (body === undefined || body.byteLength === 0) return refuseMessage('There is no body that the signature covers.');
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > windowS)
    return refuseMessage(`The message was not signed within ${windowS} seconds of now.`);
  return {
    bytes: Buffer.concat([Buffer.from(`${timestamp}|`, 'latin1'), body]),
    signature: Buffer.from(signature, 'base64'),
  };
}

/** The refusal of a message that is not proved to be its sender's, fresh and new. */
export function refuseMessage(error: string): GatewayError {
  return new GatewayError('UNAUTHENTICATED', { error, headers: { 'WWW-Authenticate': 'Signature realm="telnyx"' } });
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
