import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { makeAccessToken } from './development-token.js';
import { JwtVerifier } from './jwt-verifier.js';

const secret = 'a-secret-of-thirty-two-characters-or-more';

describe('JwtVerifier', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('does not remember a verdict beyond the token’s life', async () => {
    jest.useFakeTimers({ now: Date.now(), doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    const verifier = new JwtVerifier({ secret } as ConstructorParameters<typeof JwtVerifier>[0]);
    const token = makeAccessToken(secret, { subject: 'u', roles: ['user'], lifeS: 10 });
    expect(await verifier.verify(token)).toMatchObject({ subject: 'u', roles: ['user'], via: 'jwt' });
    jest.setSystemTime(Date.now() + 9000);
    expect(await verifier.verify(token)).toBeDefined();
    jest.setSystemTime(Date.now() + 2000);
    expect(await verifier.verify(token)).toBeUndefined();
  });

  it('checks issuer and audience where they are set', async () => {
    const settings = { secret, issuer: 'https://id.example', audience: 'donna' };
    const verifier = new JwtVerifier(settings as ConstructorParameters<typeof JwtVerifier>[0]);
    const base = { subject: 'u', roles: [], lifeS: 60 };
    expect(await verifier.verify(makeAccessToken(secret, base))).toBeUndefined();
    expect(
      await verifier.verify(makeAccessToken(secret, { ...base, issuer: 'https://id.example', audience: 'x' })),
    ).toBeUndefined();
    expect(
      await verifier.verify(makeAccessToken(secret, { ...base, issuer: 'https://id.example', audience: 'donna' })),
    ).toBeDefined();
  });

  it('knows nobody without a secret', async () => {
    const verifier = new JwtVerifier({} as ConstructorParameters<typeof JwtVerifier>[0]);
    expect(await verifier.verify(makeAccessToken('', { subject: 'u', roles: [], lifeS: 60 }))).toBeUndefined();
  });
});
