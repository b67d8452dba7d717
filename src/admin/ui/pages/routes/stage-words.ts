import type { RouteView, StageName, StageView } from '../../../admin-api.js';

export const STAGE_ORDER: readonly StageName[] = ['proxy', 'mirror', 'canary', 'replaced'];

export const STAGE_MEANING: Readonly<Record<StageName, string>> = {
  proxy: 'PHP answers everybody.',
  mirror: 'PHP answers everybody; the native handler runs beside it and is compared.',
  canary: 'The native handler answers a share of the callers, PHP the others.',
  replaced: 'The native handler answers everybody.',
};

/** What a change comes to, in sentences for whoever is about to confirm it. */
export function consequencesOf(route: RouteView, to: StageView): readonly string[] {
  const told = [whoAnswers(to), 'It holds from the next request on, in every instance, and outlives a restart.'];
  if (route.policies.cache !== undefined) told.push('Cached answers of this route are thrown away.');
  if (to.stage !== route.effective.stage || to.weight !== route.effective.weight)
    if (to.stage === 'mirror' || to.stage === 'canary') told.push('Evidence is gathered anew from here.');
  if (isSkipping(route.effective.stage, to.stage))
    told.push('This passes over a stage: nothing has been proved there.');
  return told;
}

function whoAnswers({ stage, weight = 0 }: StageView): string {
  if (stage !== 'canary') return STAGE_MEANING[stage];
  if (weight === 0) return 'PHP answers everybody still: the weight is 0.';
  return `The native handler answers ${weight} of 100 callers, PHP the others. A caller stays with one of them.`;
}

function isSkipping(from: StageName, to: StageName): boolean {
  return STAGE_ORDER.indexOf(to) - STAGE_ORDER.indexOf(from) > 1;
}
