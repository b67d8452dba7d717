import { createHmac } from 'node:crypto';

/**
 * Makes a compact JWS (RFC 7515) of any kind, also of those that must be refused. `hash` undefined: an empty signature.
 */
export function signToken(secret, claims, header = { alg: 'HS256', typ: 'JWT' }, hash = 'sha256') {
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${hash === undefined ? '' : createHmac(hash, secret).update(signed).digest('base64url')}`;
}

/** The claims of an access token that holds: contract section 4. `lifeS` in seconds. */
export function accessClaims({ issuer, audience }, subject, lifeS = 300) {
  const now = Math.floor(Date.now() / 1000);
  return {
    sub: subject,
    roles: ['user'],
    iat: now,
    exp: now + lifeS,
    ...(issuer === undefined ? {} : { iss: issuer }),
    ...(audience === undefined ? {} : { aud: audience }),
  };
}
