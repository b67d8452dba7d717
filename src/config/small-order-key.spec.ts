import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { isSmallOrderKey } from './small-order-key.js';
import { ed25519KeyCheck } from './value-checks.js';

describe('a public key of small order', () => {
  it.each([
    ['the identity', `01${'00'.repeat(31)}`],
    ['all zeros', '00'.repeat(32)],
  ])('is refused at start, since anybody could sign for it: %s', (_name, hex) => {
    const key = Buffer.from(hex, 'hex').toString('base64');
    expect(isSmallOrderKey(key)).toBe(true);
    expect(ed25519KeyCheck(key)).toMatch('anybody could sign');
  });

  it('is told by its y, whatever the sign bit', () => {
    for (const y of ['00'.repeat(31), `ec${'ff'.repeat(30)}`])
      for (const top of y.startsWith('ec') ? ['7f', 'ff'] : ['00', '80'])
        expect(isSmallOrderKey(Buffer.from(y + top, 'hex').toString('base64'))).toBe(true);
  });

  it('is none of the keys that are made', () => {
    for (let i = 0; i < 50; i++) {
      const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
      expect(ed25519KeyCheck(Buffer.from(x, 'base64url').toString('base64'))).toBeUndefined();
    }
  });

  it('is refused in a second spelling of its base64, as any key is', () => {
    expect(ed25519KeyCheck(`${'A'.repeat(42)}B=`)).toMatch('must be the base64');
  });
});
