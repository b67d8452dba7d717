import type { Staging } from '../../routing/index.js';

const REPLACED: Staging = { stage: 'replaced', weight: 0 };

/** Where a candidate that is good enough goes from here: the first step above its weight; after the last one it replaces PHP. */
export function nextStaging({ stage, weight }: Staging, steps: readonly number[]): Staging {
  const reached = stage === 'canary' ? weight : -1;
  const next = steps.find((step) => step > reached);
  return next === undefined ? REPLACED : { stage: 'canary', weight: next };
}
