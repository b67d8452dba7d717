import { describe, expect, it } from '@jest/globals';
import { canaryBuckets } from './canary-bucket.js';

const SECRET = 'secret-of-the-buckets-0123456789abcdef';
const CALLERS = Array.from({ length: 20_000 }, (_, i) => `subject\0user-${i}`);

describe('canaryBuckets', () => {
  it('spreads callers evenly over a hundred places', () => {
    const bucketOf = canaryBuckets(SECRET, 'conversations.list');
    const counts = Array.from({ length: 10 }, () => 0);
    for (const caller of CALLERS) {
      const bucket = bucketOf(caller);
      expect(bucket).toBeGreaterThanOrEqual(0);
      expect(bucket).toBeLessThan(100);
      counts[Math.floor(bucket / 10)] = (counts[Math.floor(bucket / 10)] ?? 0) + 1;
    }
    // 2000 each; six standard deviations of the binomial are 255.
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(255);
  });

  it('keeps the place of a caller, so that a greater weight only adds callers', () => {
    const [one, two] = [canaryBuckets(SECRET, 'r'), canaryBuckets(SECRET, 'r')];
    const chosen = (weight: number): Set<string> => new Set(CALLERS.filter((caller) => one(caller) < weight));
    const [ten, twenty] = [chosen(10), chosen(20)];
    expect([...ten].every((caller) => twenty.has(caller))).toBe(true);
    expect(twenty.size).toBeGreaterThan(ten.size);
    expect(CALLERS.every((caller) => one(caller) === two(caller))).toBe(true);
    expect(chosen(0).size).toBe(0);
    expect(chosen(100).size).toBe(CALLERS.length);
  });

  it('does not choose the same people for every route', () => {
    const [list, create] = [canaryBuckets(SECRET, 'list'), canaryBuckets(SECRET, 'create')];
    const both = CALLERS.filter((caller) => list(caller) < 10 && create(caller) < 10).length;
    // Independent: one of a hundred, 200; not the 2000 that one hash for all would give.
    expect(both).toBeGreaterThan(110);
    expect(both).toBeLessThan(290);
  });

  it('cannot be told without the secret', () => {
    const [ours, theirs] = [canaryBuckets(SECRET, 'r'), canaryBuckets('another-secret', 'r')];
    const same = CALLERS.filter((caller) => ours(caller) < 10 === theirs(caller) < 10).length;
    // By chance 82 of 100 agree.
    expect(same / CALLERS.length).toBeLessThan(0.86);
  });
});
