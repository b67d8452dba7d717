import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodePercent } from './index.js';

describe('decodePercent', () => {
  it.each([
    ['', ''],
    ['/a+b', '/a+b'],
    ['%2f%2F', '//'],
    ['%252f', '%2f'],
    ['%C3%A9', '\u00c3\u00a9'],
    ['%00', '\0'],
    ['%', undefined],
    ['%4', undefined],
    ['a%4g', undefined],
    ['%g4', undefined],
    ['% 4', undefined],
    ['%u0041', undefined],
    ['%%41', undefined],
  ])('%j → %j', (text, decoded) => expect(decodePercent(text)).toBe(decoded));

  it('gives back every byte that was encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.boolean(), (bytes, isUpper) => {
        const hex = Buffer.from(bytes).toString('hex').replaceAll(/../g, '%$&');
        expect(decodePercent(isUpper ? hex.toUpperCase() : hex)).toBe(Buffer.from(bytes).toString('latin1'));
      }),
      { seed: 42 },
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('%', '4', 'f', 'G', '\u00ff', '\ud800') }), (text) => {
        expect(['string', 'undefined']).toContain(typeof decodePercent(text));
      }),
      { seed: 42 },
    );
  });
});
