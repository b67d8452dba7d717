import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { isOnCurve } from './telnyx.check.js';

describe('a point of Ed25519', () => {
  it('is every public key, in RFC 8032, section 7.1, and as Node makes them', () => {
    expect(isOnCurve(Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex'))).toBe(
      true,
    );
    expect(isOnCurve(Buffer.from('278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e', 'hex'))).toBe(
      true,
    );
    for (let i = 0; i < 20; i++) {
      const { publicKey } = generateKeyPairSync('ed25519');
      expect(isOnCurve(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32))).toBe(true);
    }
  });

  it('is about one in two of whatever else has 32 bytes', () => {
    const points = Array.from({ length: 200 }, () => isOnCurve(randomBytes(32))).filter(Boolean).length;
    // Chance leaves these bounds once in a billion runs.
    expect(points).toBeGreaterThan(55);
    expect(points).toBeLessThan(145);
  });

  it('is not a number beyond the field', () => {
    expect(isOnCurve(Buffer.alloc(32, 0xff))).toBe(false);
  });
});
