import { randomBytes } from 'node:crypto';
import { expectAnswer, expectSingle } from '../expect.mjs';
import { accessClaims, signToken } from '../token.mjs';

/** Nobody gets in without an identity, with one that somebody made up, or with one whose time is over. */
export function* identityChecks({ routes, native, settings, subject, bearer }) {
  for (const route of [...routes, native]) {
    yield {
      name: `${route.name}: no identity → 401`,
      run: async () => {
        const answer = await route.send();
        expectAnswer(answer, 401, 'UNAUTHENTICATED');
        expectSingle(answer, 'WWW-Authenticate');
      },
    };
  }
  for (const route of routes) {
    yield {
      name: `${route.name}: a valid token → 200`,
      run: async () => expectAnswer(await route.send({ headers: bearer() }), 200),
    };
    for (const [what, token] of forgeries(settings, subject)) {
      yield {
        name: `${route.name}: ${what} → 401`,
        run: async () =>
          expectAnswer(await route.send({ headers: { Authorization: `Bearer ${token}` } }), 401, 'UNAUTHENTICATED'),
      };
    }
  }
  for (const [what, json] of native.forgeries) {
    yield {
      name: `${native.name}: ${what} → 401`,
      run: async () => expectAnswer(await native.send({ json }), 401, 'UNAUTHENTICATED'),
    };
  }
}

/** Tokens that must be refused, each with its name. RFC 8725 lists the attacks. */
function forgeries(settings, subject) {
  const { secret } = settings;
  const claims = accessClaims(settings, subject);
  const good = signToken(secret, claims);
  const [header, , signature] = good.split('.');
  const now = Math.floor(Date.now() / 1000);
  const admin = Buffer.from(JSON.stringify({ ...claims, roles: ['admin'] })).toString('base64url');
  const own = randomBytes(32);
  const jwk = { kty: 'oct', k: own.toString('base64url') };
  return [
    ['alg none', signToken(secret, claims, { alg: 'none', typ: 'JWT' }, undefined)],
    ['alg nOnE', signToken(secret, claims, { alg: 'nOnE', typ: 'JWT' }, undefined)],
    ['alg none with a signature', signToken(secret, claims, { alg: 'none', typ: 'JWT' })],
    ['another algorithm with the right key', signToken(secret, claims, { alg: 'HS512', typ: 'JWT' }, 'sha512')],
    ['signed with another key', signToken(randomBytes(48), claims)],
    ['signed with an empty key', signToken('', claims)],
    ['a key that the token brings along', signToken(own, claims, { alg: 'HS256', typ: 'JWT', jwk })],
    ['a kid that is a path', signToken('', claims, { alg: 'HS256', typ: 'JWT', kid: '../../../dev/null' })],
    ['one bit of the signature flipped', good.replace(signature, flipBit(signature))],
    ['claims changed under the signature', `${header}.${admin}.${signature}`],
    ['the signature cut off', `${good.slice(0, good.lastIndexOf('.'))}.`],
    ['expired an hour ago', signToken(secret, { ...claims, iat: now - 7200, exp: now - 3600 })],
    ['not valid before an hour from now', signToken(secret, { ...claims, nbf: now + 3600 })],
    ['no exp', signToken(secret, { ...claims, exp: undefined })],
    ['no sub', signToken(secret, { ...claims, sub: undefined })],
    ['of another type (typ)', signToken(secret, claims, { alg: 'HS256', typ: 'gateway-identity+jwt' })],
    ['no token at all', 'abc'],
  ];
}

/** The first character holds six bits of the signature; of the last, some are padding. */
function flipBit(signature) {
  return (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1);
}
