import { beforeEach, describe, expect, it } from '@jest/globals';
import { type SharedState, StateUnavailableError } from '../state/index.js';
import { Revocations } from './revocations.js';

const nowS = (): number => Date.now() / 1000;

describe('Revocations', () => {
  /** key → milliseconds for which it is kept. */
  const kept = new Map<string, number>();
  let isReachable = true;
  const values = new Map<string, string>();
  const map = {
    get: (key: string) => values.get(key),
    set: (key: string, value: string, ttlMs: number) => {
      values.set(key, value);
      kept.set(key, ttlMs);
      return isReachable ? Promise.resolve() : Promise.reject(new StateUnavailableError());
    },
  };
  const revocations = new Revocations({ replicatedMap: () => map } as unknown as SharedState, { accessTokenTtlS: 900 });

  beforeEach(() => {
    kept.clear();
    values.clear();
    isReachable = true;
  });

  it('keeps a token’s revocation until the token expires, and none for one that has', async () => {
    await revocations.revokeToken('a', nowS() + 100);
    await revocations.revokeToken('b', nowS() - 1);
    expect([...kept.keys()]).toEqual(['jti:a']);
    expect(kept.get('jti:a')).toBeGreaterThan(99_000);
    expect(kept.get('jti:a')).toBeLessThanOrEqual(100_000);
  });

  it('keeps a session’s as long as a token that was issued at the same moment', async () => {
    await revocations.revokeSession('s');
    expect(kept.get('sid:s')).toBeGreaterThanOrEqual(900_000);
    await revocations.revokeSession('t', nowS() + 5000);
    expect(kept.get('sid:t')).toBeGreaterThan(4_990_000);
  });

  it('keeps a subject’s as long as any token may live', async () => {
    await revocations.revokeSubject('u');
    expect(kept.get('sub:u')).toBeGreaterThanOrEqual(366 * 86_400_000);
  });

  it.each([
    ['an older token', -1, true],
    ['one of the same second', 0, true],
    ['one of the same second, told with its fraction', 0.9, true],
    ['one of the next second', 1, false],
  ])('weighs %s by the moment of its subject’s revocation', async (_title, offsetS, isRevoked) => {
    await revocations.revokeSubject('u');
    const moment = Number(values.get('sub:u'));
    expect(revocations.isRevoked({ subject: 'u', issuedAt: moment + offsetS })).toBe(isRevoked);
  });

  it('takes a token that does not say when it was issued for an older one', async () => {
    expect(revocations.isRevoked({ subject: 'u' })).toBe(false);
    await revocations.revokeSubject('u');
    expect(revocations.isRevoked({ subject: 'u' })).toBe(true);
    expect(revocations.isRevoked({ subject: 'v' })).toBe(false);
  });

  it('says when the other instances could not be told, and holds here', async () => {
    isReachable = false;
    await expect(revocations.revokeToken('a', nowS() + 100)).rejects.toBeInstanceOf(StateUnavailableError);
    expect(revocations.isRevoked({ subject: 'u', id: 'a' })).toBe(true);
  });
});
