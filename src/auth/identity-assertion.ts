import { createHmac } from 'node:crypto';
import type { Identity } from './identity.js';

/** Header in which PHP receives the signed identity. */
export const IDENTITY_HEADER = 'X-Gateway-Identity';

/** Seconds for which PHP accepts an assertion: as long as a request may wait in PHP's queue. */
const LIFE_S = 60;

const HEADER = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'gateway-identity+jwt' })).toString('base64url');

/** Whom an assertion speaks for: a caller, nobody, or the gateway itself. */
export type Asserted = Identity | 'anonymous' | 'internal';

/** What the gateway has established of a request besides who calls. */
export interface AssertedFacts {
  /** The route's signature policy has verified who wrote the body: `webhook: "verified"`. */
  readonly isSignatureVerified?: boolean;
  /** Subject about whom the gateway itself asks, with `internal`. */
  readonly about?: string | undefined;
  /** SHA-256 of the body that the gateway itself sends, base64url: the call holds for these bytes alone. */
  readonly bodyDigest?: string | undefined;
  /** 32 hex digits under which the gateway will ask for what this request is about to overwrite. */
  readonly keepAs?: string | undefined;
  /** The gateway asks for itself what this caller has asked already: it is not to be counted against the caller's limits. */
  readonly isAgain?: boolean;
}

/**
 * Signs who calls, for one method and path, as a compact JWS (RFC 7515, HS256) that `legacy-php/lib` verifies.
 * `htm` and `htu` bind it to the request as in DPoP (RFC 9449, section 4.2); `path` is raw and without the query.
 */
export function signIdentity(
  secret: string,
  asserted: Asserted,
  method: string,
  path: string,
  { isSignatureVerified = false, about, bodyDigest, keepAs, isAgain = false }: AssertedFacts = {},
): string {
  const now = Math.floor(Date.now() / 1000);
  const payload = JSON.stringify({
    iss: 'donna-gateway',
    ...claimsOf(asserted),
    ...(isSignatureVerified ? { webhook: 'verified' } : {}),
    ...(about === undefined ? {} : { about }),
    ...(bodyDigest === undefined ? {} : { bd: bodyDigest }),
    ...(keepAs === undefined ? {} : { keep: keepAs }),
    ...(isAgain ? { again: true } : {}),
    htm: method,
    htu: path,
    iat: now,
    exp: now + LIFE_S,
  });
  const signed = `${HEADER}.${Buffer.from(payload).toString('base64url')}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function claimsOf(asserted: Asserted): object {
  if (asserted === 'anonymous') return { via: 'anonymous', roles: [] };
  if (asserted === 'internal') return { via: 'internal', sub: 'donna-gateway', roles: [] };
  const { subject, roles, via, email, name } = asserted;
  return {
    via,
    sub: subject,
    roles,
    ...(email === undefined ? {} : { email }),
    ...(name === undefined ? {} : { name }),
  };
}
