import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mismatchBounds, upperBound } from '../index.js';
import { differenceBounds } from './binomial-bounds.js';
import { oddsAbove } from './rate-evidence.js';

/** P(X ≤ k) term by term, in logarithms. */
function cumulative(k: number, n: number, p: number): number {
  let term = n * Math.log1p(-p);
  let sum = Math.exp(term);
  for (let at = 1; at <= k; at += 1) {
    term += Math.log((n - at + 1) / at) + Math.log(p) - Math.log1p(-p);
    sum += Math.exp(term);
  }
  return sum;
}

describe('bounds of a rate', () => {
  it.each([
    // By scipy.stats.beta.ppf(0.95, k + 1, n - k).
    [0, 3000, 0.000998079],
    [1, 10, 0.394163],
    [5, 100, 0.102253],
  ])('agree with the tables for %i of %i', (k, n, expected) => {
    expect(upperBound(k, n)).toBeCloseTo(expected, 6);
  });

  it('show that no mismatch in 3000 bounds the rate by 0.1 %, as the rule of three has it', () => {
    const { upper, lower, ruleOfThree } = mismatchBounds(0, 3000);
    expect(ruleOfThree).toBe(0.001);
    expect(upper).toBeLessThan(0.001);
    expect(upper).toBeGreaterThan(0.00099);
    expect(lower).toBe(0);
  });

  it('are exact: at the upper bound so few hits have the chance of 5 %', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.nat(60), (n, hits) => {
        const k = Math.min(hits, n - 1);
        expect(cumulative(k, n, upperBound(k, n))).toBeCloseTo(0.05, 6);
        const { lower } = mismatchBounds(k, n);
        if (k > 0) expect(1 - cumulative(k - 1, n, lower)).toBeCloseTo(0.05, 6);
      }),
    );
  });

  it('know nothing where nothing was tried, and stay within 0 and 1', () => {
    expect(mismatchBounds(0, 0)).toEqual({ upper: 1, lower: 0, ruleOfThree: undefined });
    expect(mismatchBounds(7, 7).upper).toBe(1);
    expect(mismatchBounds(7, 7).lower).toBeCloseTo(0.05 ** (1 / 7), 9);
    expect(mismatchBounds(0, 2).ruleOfThree).toBe(1);
  });
});

describe('differenceBounds', () => {
  it('agrees with the example of Newcombe 1998 (56/70 against 48/80, two-sided 95 %)', () => {
    const { lower, upper } = differenceBounds({ k: 48, n: 80 }, { k: 56, n: 70 }, 1.959964);
    expect(lower).toBeCloseTo(0.0524, 4);
    expect(upper).toBeCloseTo(0.3339, 4);
  });
});

describe('oddsAbove', () => {
  it('is an e-value: at the limit its mean is 1 or less', () => {
    for (const limit of [0.001, 0.02, 0.3]) {
      let chance = 100 * Math.log1p(-limit);
      let mean = 0;
      for (let k = 0; k <= 100; k += 1) {
        mean += Math.exp(chance) * oddsAbove(k, 100, limit);
        chance += Math.log((100 - k) / (k + 1)) + Math.log(limit) - Math.log1p(-limit);
      }
      expect(mean).toBeCloseTo(1, 6);
    }
  });

  it('does not condemn for one hit, and does for five in a hundred where one in a thousand may be', () => {
    expect(oddsAbove(1, 30, 0.001)).toBeLessThan(100);
    expect(oddsAbove(5, 100, 0.001)).toBeGreaterThan(1000);
    expect(oddsAbove(0, 5000, 0.001)).toBeLessThan(1);
  });
});
