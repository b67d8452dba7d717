import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LatencySketch } from '../index.js';

describe('LatencySketch', () => {
  it('knows every quantile to one part in a hundred', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.02, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 400 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (times, q) => {
          const sketch = new LatencySketch();
          for (const ms of times) sketch.add(ms);
          const exact = times.sort((a, b) => a - b)[Math.floor(q * (times.length - 1))] ?? 0;
          expect(Math.abs((sketch.quantile(q) ?? 0) / exact - 1)).toBeLessThan(0.0101);
        },
      ),
    );
  });

  it('is the same after it was stored', () => {
    const sketch = new LatencySketch();
    for (let at = 0; at < 500; at += 1) sketch.add(at * 1.7);
    const again = new LatencySketch(JSON.parse(JSON.stringify(sketch)));
    expect(again.size).toBe(500);
    for (const q of [0, 0.5, 0.95, 1]) expect(again.quantile(q)).toBe(sketch.quantile(q));
  });

  it('stays small whatever comes', () => {
    const sketch = new LatencySketch();
    for (const ms of [Number.NaN, -1, Infinity, 0, 1e300, Number.MIN_VALUE]) sketch.add(ms);
    expect(sketch.size).toBe(4);
    for (let at = 0; at < 50_000; at += 1) sketch.add(Math.exp(((at * 7919) % 1000) / 40 - 6));
    expect(sketch.toJSON().length).toBeLessThan(1400);
    expect(sketch.quantile(1)).toBeLessThanOrEqual(3_700_000);
  });

  it('bounds a quantile by more the fewer times it has', () => {
    const width = (count: number): number => {
      const sketch = new LatencySketch();
      for (let at = 0; at < count; at += 1) sketch.add(10 + ((at * 7919) % 100));
      const { lower, upper } = sketch.quantileBounds(0.5, 0.95) ?? { lower: 0, upper: Infinity };
      expect(lower).toBeLessThan(62);
      expect(upper).toBeGreaterThan(58);
      return upper - lower;
    };
    expect(width(30)).toBeGreaterThan(width(3000));
    expect(new LatencySketch().quantileBounds(0.5, 0.95)).toBeUndefined();
  });
});
