import { randomBytes } from 'node:crypto';
import { accessClaims, signToken } from '../../../scripts/smoke/token.mjs';

/** Seconds: longer than any run. */
const LIFE_S = 3600;

/** The secrets of a run, made for it, and the fields that each request bears. */
export function makeCaller() {
  const secret = randomBytes(48).toString('base64');
  const origin = 'https://app.example';
  const tokenOf = (subject) => signToken(secret, accessClaims({}, subject, LIFE_S));
  const token = tokenOf('bench');
  return {
    secret,
    identitySecret: randomBytes(48).toString('base64'),
    allowedOrigin: origin,
    token,
    /** Somebody else's token. */
    tokenOf,
    /** A browser page of another, allowed origin that calls with its token. */
    headers: { Authorization: `Bearer ${token}`, Origin: origin },
  };
}
