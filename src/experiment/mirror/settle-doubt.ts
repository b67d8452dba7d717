import type { Answer, CandidateFailure } from '../compare/answer.js';
import { compareInSlices } from '../compare/compare-answers.js';
import type { CompiledRules } from '../compare/compile-rules.js';
import type { Observation } from '../compare/observation.js';

/**
 * Says again what a mismatch is, now that PHP has answered the same request a second time. The candidate is right where it
 * says what PHP says now; where PHP differs from itself in all that the candidate differs in, nobody can tell; one field besides,
 * in which PHP agrees with itself, and it is a mismatch.
 */
export async function settleDoubt(
  first: Answer,
  second: Answer,
  candidate: Answer | CandidateFailure,
  rules: CompiledRules,
  now: number,
): Promise<Observation> {
  const then = await compareInSlices(first, candidate, rules, now);
  if (then.class !== 'mismatch') return then;
  const later = { ...(await compareInSlices(second, candidate, rules, now)), ms: then.ms };
  if (later.class !== 'mismatch') return later.class === 'not-comparable' ? then : later;
  const unsteady = differing(await compareInSlices(first, second, rules, now));
  if (unsteady.size === 0) return then;
  const inBoth = differing(later);
  const isWrong = [...differing(then)].some((field) => inBoth.has(field) && !unsteady.has(field));
  return isWrong ? then : { ...then, class: 'not-comparable', reason: 'control-unsteady' };
}

function differing({ fields }: Observation): ReadonlySet<string> {
  return new Set(fields.filter(({ differed }) => differed > 0).map(({ field }) => field));
}
