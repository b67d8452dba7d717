import { describe, expect, it } from '@jest/globals';
import { SequentialTest, type SequentialState } from '../index.js';
import { differenceBounds } from './binomial-bounds.js';
import { lastingZ } from './lasting-z.js';
import { lastingUpperBound, oddsBelow } from './promotion-bound.js';

const { imul, sqrt } = Math;
const CONFIDENCE = 0.95;
const NEEDED = 1 / (1 - CONFIDENCE);

/** Mulberry32: the same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Three standard errors of `runs` runs above `rate`. */
const atMost = (rate: number, runs: number): number => rate + 3 * sqrt((rate * (1 - rate)) / runs);

describe('the bound of mismatches, asked after every comparison', () => {
  const LIMIT = 0.01;

  /** Comparisons until each run was promoted, ascending; `Infinity` for those that never were. */
  function promotedAfter(rate: number, upTo: number, runs: number): number[] {
    const found = Array.from({ length: runs }, (_, run) => {
      const random = seeded(run * 7919 + 29);
      let k = 0;
      for (let n = 1; n <= upTo; n += 1) {
        if (random() < rate) k += 1;
        if (n >= 300 && oddsBelow(k, n, LIMIT) >= NEEDED) return n;
      }
      return Infinity;
    });
    return found.sort((a, b) => a - b);
  }
  const share = (found: readonly number[]): number => found.filter(Number.isFinite).length / found.length;

  it('promotes a candidate at the limit in one of twenty runs at most; a bound for one look did so in one of five', () => {
    // Ten times the limit's 3/n, as 30,000 comparisons are for a limit of one in a thousand.
    expect(share(promotedAfter(LIMIT, 3000, 600))).toBeLessThanOrEqual(atMost(1 - CONFIDENCE, 600));
    expect(share(promotedAfter(LIMIT * 1.5, 3000, 300))).toBeLessThanOrEqual(atMost(0.01, 300));
  });

  it('promotes one without a difference after 3/limit comparisons, as the rule of three has it', () => {
    const first = Array.from({ length: 40 }, (_, at) => 2980 + at).find((n) => oddsBelow(0, n, 0.001) >= NEEDED);
    expect(first).toBeLessThanOrEqual(3000);
    expect(lastingUpperBound(0, 3000, CONFIDENCE)).toBeLessThanOrEqual(0.001);
    expect(lastingUpperBound(0, 2900, CONFIDENCE)).toBeGreaterThan(0.001);
  });

  it('promotes one that differs at a tenth of the limit, which takes longer', () => {
    const found = promotedAfter(LIMIT / 10, 4000, 60);
    expect(share(found)).toBeGreaterThan(0.9);
    expect(found[30]).toBeLessThan(2000);
  });

  it('holds with the confidence that it says at all looks together', () => {
    for (const rate of [0.002, 0.05]) {
      let missed = 0;
      for (let run = 0; run < 200; run += 1) {
        const random = seeded(run + 1);
        let k = 0;
        for (let n = 1; n <= 2000; n += 1) {
          if (random() < rate) k += 1;
          // Above the truth where the odds that the rate is below it were never reached.
          if (oddsBelow(k, n, rate) < NEEDED) continue;
          missed += 1;
          break;
        }
      }
      expect(missed / 200).toBeLessThanOrEqual(atMost(1 - CONFIDENCE, 200));
    }
  });
});

describe('the bound of the difference in errors, asked again and again', () => {
  /** Share of runs in which a candidate with `increase` more errors is ever found to be within `limit`. */
  function everWithin(limit: number, increase: number, runs: number): number {
    const FROM = 200;
    let found = 0;
    for (let run = 0; run < runs; run += 1) {
      const random = seeded(run * 104_729 + 7);
      const [a, b] = [
        { k: 0, n: 0 },
        { k: 0, n: 0 },
      ];
      for (let n = 1; n <= 10_000; n += 1) {
        a.n = n;
        b.n = n;
        if (random() < 0.02) a.k += 1;
        if (random() < 0.02 + increase) b.k += 1;
        if (n < FROM || n % 10 !== 0) continue;
        if (differenceBounds(a, b, lastingZ(CONFIDENCE, n / FROM)).upper > limit) continue;
        found += 1;
        break;
      }
    }
    return found / runs;
  }

  it('passes a candidate at the limit in one of twenty runs at most, one that is like PHP nearly always', () => {
    expect(everWithin(0.03, 0.03, 300)).toBeLessThanOrEqual(atMost(1 - CONFIDENCE, 300));
    expect(everWithin(0.03, 0, 100)).toBeGreaterThan(0.95);
  });
});

describe('two instances that see half of the traffic each', () => {
  interface Run {
    readonly candidate: number;
    readonly requests: number;
    readonly runs: number;
  }
  const CONTROL = 0.01;

  /** Requests of the candidate, both instances together, until any of them rolled back; they tell each other now and then. */
  function rolledBackAfter({ candidate, requests, runs }: Run): number[] {
    const found: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const random = seeded(run * 31 + 5);
      const tests = [new SequentialTest(), new SequentialTest()];
      let asked = 0;
      for (let at = 0; at < requests; at += 1) {
        if (at % 50 === 0) {
          const [one, two] = tests.map((test): SequentialState => test.toJSON());
          if (one !== undefined && two !== undefined) [two, one].forEach((peer, i) => tests[i]?.usePeers([peer]));
        }
        const isCandidate = random() < 0.1;
        if (isCandidate) asked += 1;
        const isError = random() < (isCandidate ? candidate : CONTROL);
        const test = tests[at % 2];
        if (test?.observe(isCandidate ? 'candidate' : 'control', isError) !== 'roll-back') continue;
        found.push(asked);
        break;
      }
    }
    return found.sort((a, b) => a - b);
  }
  const quantile = (sorted: readonly number[], q: number): number | undefined =>
    sorted[Math.floor(q * (sorted.length - 1))];

  it('roll a good canary back no more often than one of them alone may', () => {
    const runs = 200;
    const found = rolledBackAfter({ candidate: CONTROL, requests: 6000, runs });
    expect(found.length / runs).toBeLessThanOrEqual(atMost(0.01, runs));
  });

  it.each([
    ['always fails', 1, 10, 14],
    ['fails every second time', 0.5, 20, 40],
    ['fails one time in ten', 0.11, 150, 350],
  ])('roll back one that %s as soon as one that saw all of it', (_name, candidate, half, nearlyAll) => {
    const found = rolledBackAfter({ candidate, requests: 60_000, runs: 60 });
    expect(found).toHaveLength(60);
    expect(quantile(found, 0.5)).toBeLessThanOrEqual(half);
    expect(quantile(found, 0.95)).toBeLessThanOrEqual(nearlyAll);
  });

  it('go on where one of them ended', () => {
    const random = seeded(3);
    const whole = new SequentialTest();
    let part = new SequentialTest();
    for (let at = 0; at < 2000; at += 1) {
      const arm = at % 3 === 0 ? 'candidate' : 'control';
      const isError = random() < 0.02;
      whole.observe(arm, isError);
      part.observe(arm, isError);
      if (at % 300 !== 299) continue;
      const next = new SequentialTest();
      next.resume(part.toJSON());
      part = next;
    }
    expect(part.cleared).toBe(whole.cleared);
    expect(part.toJSON().control).toEqual(whole.toJSON().control);
  });
});
