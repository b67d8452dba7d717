import { describe, expect, it } from '@jest/globals';
import { expectCpuBelow } from '../../../test/support/cpu-time.js';
import { SequentialTest, type SequentialSettings } from '../index.js';

/** Asked for once: a test's globals are looked up slowly. */
const { imul } = Math;

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

interface Traffic {
  readonly control: number;
  /** Share of errors of the candidate at its n-th request. */
  readonly candidate: number | ((served: number) => number);
  readonly weight: number;
  readonly requests: number;
  readonly runs: number;
}

interface Outcome {
  readonly rolledBack: number;
  /** Requests that the candidate served before each roll-back, ascending. */
  readonly served: readonly number[];
  /** Runs whose first round cleared the candidate. */
  readonly cleared: number;
}

function simulate(traffic: Traffic, settings: Partial<SequentialSettings> = {}): Outcome {
  const { control, candidate, weight, requests, runs } = traffic;
  const served: number[] = [];
  let cleared = 0;
  for (let run = 0; run < runs; run += 1) {
    const random = seeded(run * 7919 + 13);
    const test = new SequentialTest(settings);
    let asked = 0;
    for (let at = 0; at < requests; at += 1) {
      const isCandidate = random() < weight;
      if (isCandidate) asked += 1;
      const rate = isCandidate ? (typeof candidate === 'number' ? candidate : candidate(asked)) : control;
      if (test.observe(isCandidate ? 'candidate' : 'control', random() < rate) === 'roll-back') {
        served.push(asked);
        break;
      }
    }
    if (test.cleared > 0) cleared += 1;
  }
  return { rolledBack: served.length / runs, served: served.sort((a, b) => a - b), cleared: cleared / runs };
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN;
}

describe('SequentialTest, by simulation', () => {
  it.each([
    ['never fails', 0, 0],
    ['fails as rarely as PHP', 0.01, 0.01],
    ['fails as often as a shaky PHP', 0.2, 0.2],
    ['fails less than PHP', 0.05, 0.01],
  ])(
    'rolls a candidate back that %s no more often than alpha, looking at every request',
    (_name, control, candidate) => {
      const { rolledBack } = simulate({ control, candidate, weight: 0.2, requests: 5000, runs: 300 }, { alpha: 0.05 });
      // 0.05 and three standard errors of 300 runs.
      expect(rolledBack).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt(0.0475 / 200));
    },
  );

  it('keeps alpha though the canary gets nearly all of the traffic, or hardly any', () => {
    for (const weight of [0.02, 0.9]) {
      const traffic = { control: 0.03, candidate: 0.03, weight, requests: 3000, runs: 150 };
      expect(simulate(traffic, { alpha: 0.05 }).rolledBack).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt(0.0475 / 150));
    }
  });

  it.each([
    ['always fails', 1, 8],
    ['fails every second time', 0.5, 25],
    ['fails one time in ten', 0.11, 220],
    ['fails three in a hundred more than PHP', 0.04, 1500],
  ])(
    'rolls back every canary that %s, nine of ten within the requests that the table says',
    (_name, candidate, within) => {
      const { rolledBack, served } = simulate({ control: 0.01, candidate, weight: 0.1, requests: 60_000, runs: 40 });
      expect(rolledBack).toBe(1);
      expect(quantile(served, 0.9)).toBeLessThanOrEqual(within);
    },
  );

  it('clears a good canary soon, and one at the smallest effect no more often than beta', () => {
    const good = simulate({ control: 0.01, candidate: 0.01, weight: 0.2, requests: 5000, runs: 100 });
    expect(good.cleared).toBeGreaterThan(0.8);
    const spotless = simulate({ control: 0, candidate: 0, weight: 0.2, requests: 2000, runs: 5 });
    expect(spotless.cleared).toBe(1);
    const bad = simulate({ control: 0.01, candidate: 0.03, weight: 0.2, requests: 8000, runs: 150 });
    expect(bad.cleared).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt(0.0475 / 150));
  });

  it('finds a canary that goes bad after two thousand good requests as quickly', () => {
    const turning = (served: number): number => (served > 2000 ? 0.5 : 0.01);
    const { rolledBack, served } = simulate({
      control: 0.01,
      candidate: turning,
      weight: 0.2,
      requests: 20_000,
      runs: 40,
    });
    expect(rolledBack).toBe(1);
    expect(quantile(served, 0.9) - 2000).toBeLessThanOrEqual(60);
  });
});

describe('SequentialTest', () => {
  it('goes on where another process left it', () => {
    const random = seeded(5);
    const whole = new SequentialTest();
    let parts = new SequentialTest();
    for (let at = 0; at < 3000; at += 1) {
      const arm = random() < 0.3 ? 'candidate' : 'control';
      const isError = random() < (arm === 'candidate' ? 0.04 : 0.02);
      whole.observe(arm, isError);
      parts.observe(arm, isError);
      if (at % 100 !== 0) continue;
      parts = new SequentialTest({}, JSON.parse(JSON.stringify(parts)));
      expect(parts.toJSON()).toEqual(whole.toJSON());
    }
  });

  it('keeps a decision to roll back', () => {
    const test = new SequentialTest();
    for (let at = 0; at < 50; at += 1) {
      test.observe('control', false);
      test.observe('candidate', true);
    }
    expect(test.observe('candidate', false)).toBe('roll-back');
    for (let at = 0; at < 5000; at += 1) test.observe(at % 2 === 0 ? 'control' : 'candidate', false);
    expect(test.toJSON().decision).toBe('roll-back');
  });

  it('says nothing while nobody knows how the control fares', () => {
    const test = new SequentialTest();
    for (let at = 0; at < 1000; at += 1) expect(test.observe('candidate', true)).toBe('continue');
    for (let at = 0; at < 20; at += 1) test.observe('control', false);
    for (let at = 0; at < 20; at += 1) test.observe(at % 2 === 0 ? 'control' : 'candidate', at % 2 === 1);
    expect(test.toJSON().decision).toBe('roll-back');
  });

  it('holds a canary with all of the traffic against what mirror knows of the control', () => {
    const baseline = { requests: 3000, errors: 15 };
    const bad = new SequentialTest({ baseline });
    for (let at = 1; at <= 100; at += 1) bad.observe('candidate', at % 5 === 0);
    expect(bad.toJSON().decision).toBe('roll-back');
    const good = new SequentialTest({ baseline });
    for (let at = 1; at <= 20_000; at += 1) good.observe('candidate', at % 200 === 0);
    expect(good.toJSON().decision).toBe('continue');
    expect(good.cleared).toBeGreaterThan(0);
  });

  it('refuses settings that promise nothing', () => {
    for (const settings of [{ alpha: 0 }, { beta: 1 }, { minEffect: Number.NaN }, { expectedErrorRate: -1 }]) {
      expect(() => new SequentialTest(settings)).toThrow(RangeError);
    }
  });

  it('takes an outcome in some microseconds', () => {
    const test = new SequentialTest();
    expectCpuBelow(3000, () => {
      for (let at = 0; at < 100_000; at += 1) test.observe(at % 10 === 0 ? 'candidate' : 'control', at % 97 === 0);
    });
  });
});
