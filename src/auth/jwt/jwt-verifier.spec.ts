import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { makeAccessToken } from '../../tokens/index.js';
import { readCompactToken } from './compact-token.js';
import { JwtVerifier } from './jwt-verifier.js';

const secret = 'a-secret-of-thirty-two-characters-or-more';
const USER = { subject: 'u', roles: ['user'], lifeS: 60 };

function verifierOf(settings: ConstructorParameters<typeof JwtVerifier>[0], isRevoked = () => false): JwtVerifier {
  return new JwtVerifier(settings, { isRevoked }, undefined);
}
const SETTINGS = { secret, issuer: undefined, audience: undefined };

describe('JwtVerifier', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('does not remember a verdict beyond the token’s life', async () => {
    jest.useFakeTimers({ now: Date.now(), doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    const verifier = verifierOf(SETTINGS);
    const token = makeAccessToken(secret, { ...USER, lifeS: 10 });
    expect(await verifier.verify(token)).toMatchObject({ subject: 'u', roles: ['user'], via: 'jwt' });
    jest.setSystemTime(Date.now() + 9000);
    expect(await verifier.verify(token)).toBeDefined();
    jest.setSystemTime(Date.now() + 2000);
    expect(await verifier.verify(token)).toBeUndefined();
    expect(await verifier.verify(token)).toBeUndefined();
  });

  it('checks issuer and audience where they are set', async () => {
    const verifier = verifierOf({ secret, issuer: 'https://id.example', audience: 'donna' });
    const from = (issuer?: string, audience?: string) => makeAccessToken(secret, { ...USER, issuer, audience });
    for (const bad of [from(), from('https://id.example'), from('https://id.example', 'x'), from('x', 'donna')]) {
      expect(await verifier.verify(bad)).toBeUndefined();
    }
    expect(await verifier.verify(from('https://id.example', 'donna'))).toBeDefined();
  });

  it('knows nobody without a secret', async () => {
    expect(await verifierOf({ ...SETTINGS, secret: undefined }).verify(makeAccessToken('', USER))).toBeUndefined();
  });

  it('verifies a token once for all that show it at the same time', async () => {
    const verify = jest.spyOn(crypto.subtle, 'verify');
    const verifier = verifierOf(SETTINGS);
    const token = makeAccessToken(secret, USER);
    const identities = await Promise.all(Array.from({ length: 50 }, () => verifier.verify(token)));
    expect(new Set(identities.map((identity) => identity?.subject))).toEqual(new Set(['u']));
    expect(verify).toHaveBeenCalledTimes(1);
    verify.mockRestore();
  });

  it('asks of every use whether the token was revoked, also while it is being verified', async () => {
    let isRevoked = false;
    const verifier = verifierOf(SETTINGS, () => isRevoked);
    const token = makeAccessToken(secret, USER);
    const first = verifier.verify(token);
    isRevoked = true;
    expect(await first).toBeUndefined();
    expect(await verifier.verify(token)).toBeUndefined();
    isRevoked = false;
    expect(await verifier.verify(token)).toBeDefined();
  });

  it('tells what the token says of itself, so that it can be revoked', async () => {
    const token = makeAccessToken(secret, { ...USER, id: 'j', sessionId: 's', email: 'u@h.example', name: 'U' });
    const iat = expect.any(Number);
    expect(await verifierOf(SETTINGS).verify(token)).toEqual({
      subject: 'u',
      roles: ['user'],
      via: 'jwt',
      email: 'u@h.example',
      name: 'U',
      token: { id: 'j', sessionId: 's', issuedAt: iat, expiresAt: iat },
    });
  });

  it('never accepts a token with a byte changed, added or taken away', async () => {
    const verifier = verifierOf(SETTINGS);
    const token = makeAccessToken(secret, { ...USER, id: 'jti-1' });
    expect(await verifier.verify(token)).toBeDefined();
    const at = fc.integer({ min: 0, max: token.length });
    const piece = fc.oneof(
      fc.string({ maxLength: 3, unit: 'binary' }),
      fc.constantFrom('', '.', '=', 'A', '_', '-', '\0', '\n'),
    );
    await fc.assert(
      fc.asyncProperty(at, fc.integer({ min: 0, max: 3 }), piece, async (start, cut, put) => {
        const changed = token.slice(0, start) + put + token.slice(start + cut);
        fc.pre(changed !== token);
        expect(await verifier.verify(changed)).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it('never accepts a token with a bit flipped', async () => {
    const verifier = verifierOf(SETTINGS);
    const token = Buffer.from(makeAccessToken(secret, USER));
    for (let bit = 0; bit < token.length * 8; bit++) {
      const changed = Buffer.from(token);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(await verifier.verify(changed.toString('latin1'))).toBeUndefined();
    }
  });
});

describe('readCompactToken', () => {
  const part = (text: string) => Buffer.from(text).toString('base64url');
  const signed = (header: string, claims: string) => {
    const text = `${part(header)}.${part(claims)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };

  it('reads any JSON object, whatever its members are called', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 }), (claims) => {
        const json = JSON.stringify(claims);
        const token = signed('{"alg":"HS256"}', json);
        fc.pre(token.length <= 4096);
        expect(readCompactToken(token)).toEqual({ alg: 'HS256', kid: undefined, claims: JSON.parse(json) });
      }),
    );
  });

  it.each([
    ['a member twice', '{"sub":"a","sub":"b"}'],
    ['a member twice, one escaped', '{"sub":"a","s\\u0075b":"b"}'],
    ['a member twice, with braces in texts', '{"sub":"}{\\"","x":{"sub":1},"sub":"b"}'],
    ['a byte-order mark', '\ufeff{"sub":"a"}'],
    ['two documents', '{"sub":"a"}{"sub":"b"}'],
    ['a list', '[{"sub":"a"}]'],
    ['a text', '"sub"'],
    ['null', 'null'],
  ])('refuses claims with %s', (_title, claims) => {
    expect(readCompactToken(signed('{"alg":"HS256"}', claims))).toBeUndefined();
  });

  it('takes equal names in nested objects for what they are', () => {
    expect(
      readCompactToken(signed('{"alg":"HS256"}', '{"sub":"a","x":{"sub":{"sub":1}},"y":["sub",":"]}')),
    ).toBeDefined();
  });
});
