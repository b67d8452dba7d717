const GOLDEN = 0x6d2b79f5;

/** Chance that repeats itself: the same seed gives the same numbers (mulberry32). */
export function makeChance(seed) {
  let state = seed >>> 0;
  /** From 0 to 1, without 1. */
  const next = () => {
    state = (state + GOLDEN) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (count) => Math.floor(next() * count);
  return {
    next,
    below,
    one: (list) => list[below(list.length)],
    /** 32 hexadecimal digits: what a request is known by, everywhere. */
    nonce: () =>
      Array.from({ length: 4 }, () =>
        below(2 ** 32)
          .toString(16)
          .padStart(8, '0'),
      ).join(''),
  };
}
