import { normalQuantile } from './normal-quantile.js';

const { log, log2, max, sqrt } = Math;
/** The share of the chance to err that the first look may use; the doublings after it and the looks between have the rest. */
const FIRST_SHARE = 1 / 8;
const PER_DOUBLING = 3;

/**
 * How many standard errors wide a bound is that is looked at again and again from a first look on, `growth` times as many
 * observations later. It widens with the logarithm of the doublings, so that all looks together err as rarely as one may:
 * for 0.95 it begins at 2.5, where one look would take 1.64.
 */
export function lastingZ(confidence: number, growth: number): number {
  const first = normalQuantile(1 - (1 - confidence) * FIRST_SHARE);
  return sqrt(first * first + PER_DOUBLING * log(1 + log2(max(1, growth))));
}
