import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { heldBytes } from '../../test/support/held-bytes.js';
import { WindowCounters } from './window-counters.js';

describe('window counters', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('count up to the limit and past it, and begin anew when the window is over', () => {
    const counters = new WindowCounters();
    const hits = Array.from({ length: 4 }, () => counters.hit('k', 1000, 2));
    expect(hits.map(({ hits: count, isOver }) => [count, isOver])).toEqual([
      [1, false],
      [2, false],
      [3, true],
      [4, true],
    ]);
    jest.advanceTimersByTime(400);
    expect(counters.hit('k', 1000, 2).resetMs).toBeCloseTo(600, 0);
    expect(counters.hit('other', 1000, 2)).toMatchObject({ hits: 1, isOver: false });
    jest.advanceTimersByTime(600);
    expect(counters.hit('k', 1000, 2)).toMatchObject({ hits: 1, isOver: false });
  });

  it('block from the first hit past the limit on, and not anew with each', () => {
    const counters = new WindowCounters();
    counters.hit('k', 1000, 1, 5000);
    jest.advanceTimersByTime(900);
    expect(counters.hit('k', 1000, 1, 5000)).toMatchObject({ isOver: true, resetMs: 5000 });
    jest.advanceTimersByTime(3000);
    expect(counters.hit('k', 1000, 1, 5000)).toMatchObject({ isOver: true, resetMs: 2000 });
    jest.advanceTimersByTime(2000);
    expect(counters.hit('k', 1000, 1, 5000)).toMatchObject({ hits: 1, isOver: false });
  });

  it('tell of a key that is over without counting one that is not', () => {
    const counters = new WindowCounters();
    expect(counters.hitIfOver('k', 1)).toBeUndefined();
    counters.adopt('k', 5, 1000, 1);
    expect(counters.hitIfOver('k', 1)).toMatchObject({ hits: 6, isOver: true });
    expect(counters.hitIfOver('k', 100)).toBeUndefined();
    jest.advanceTimersByTime(1000);
    expect(counters.hitIfOver('k', 1)).toBeUndefined();
  });

  it('hold no more keys than their bound, and drop windows that are over as new ones come', () => {
    const counters = new WindowCounters(1000);
    for (let i = 0; i < 5000; i++) counters.hit(`k${i}`, 1000, 10);
    expect(counters.size).toBe(1000);
    jest.advanceTimersByTime(1001);
    for (let i = 0; i < 600; i++) counters.hit(`fresh${i}`, 1000, 10);
    expect(counters.size).toBeLessThan(700);
  });

  it('keep a key that is nearly refused through a flood of new ones', () => {
    const counters = new WindowCounters(1000);
    for (let i = 0; i < 9; i++) counters.hit('account under attack', 60_000, 10);
    for (let i = 0; i < 50_000; i++) counters.hit(`spoofed ${i}`, 60_000, 10);
    expect(counters.hit('account under attack', 60_000, 10)).toMatchObject({ hits: 10, isOver: false });
    expect(counters.hit('account under attack', 60_000, 10)).toMatchObject({ hits: 11, isOver: true });
  });

  it('hold 100,000 of 200,000 addresses, in bounded memory', () => {
    jest.useRealTimers();
    const counters = new WindowCounters();
    const held = heldBytes(() => {
      for (let i = 0; i < 200_000; i++) counters.hit(`ip:2001:db8:${i.toString(16)}:1::/64`, 60_000, 100);
    });
    expect(counters.size).toBe(100_000);
    expect(held).toBeLessThan(120 * 1024 * 1024);
  });
});
