import type { DryRunDeclaration } from '../../routing/index.js';
import type { Answer } from '../compare/answer.js';
import { compareAnswers } from '../compare/compare-answers.js';
import type { CompiledRules } from '../compare/compile-rules.js';
import type { NotComparableReason, Observation } from '../compare/observation.js';
import { compareWrite } from './compare-write.js';
import type { ControlEffects, OwnerEffects } from './effects-source.js';
import type { Trial } from './run-trial.js';

/** What is known of PHP's side of a write. */
export interface ControlFacts {
  readonly control: Answer;
  /** Undefined where PHP did not tell. */
  readonly effects: ControlEffects | undefined;
  /** Somebody else wrote, or may have written, the same data meanwhile. */
  readonly isRaced: boolean;
}

/** What a mirrored write came to. It counts only where both sides began from the same, and what PHP left is its own doing alone. */
export function concludeWrite(
  { control, effects, isRaced }: ControlFacts,
  trial: Trial | undefined,
  { rules, declaration }: { readonly rules: CompiledRules; readonly declaration: DryRunDeclaration },
  owner: Pick<OwnerEffects, 'canonical'>,
  now: number,
): Observation {
  const notComparable = (reason: NotComparableReason): Observation => {
    const unasked = compareAnswers(control, { failure: 'overloaded', message: '', ms: 0 }, rules, now);
    // A control that failed is a reason of its own.
    return unasked.reason === 'control-failed' ? unasked : { ...unasked, reason };
  };
  if (isRaced) return notComparable('raced');
  if (effects === undefined || trial?.kind !== 'tried') return notComparable('no-effects');
  const { answer, left } = trial;
  if ('failure' in answer) return compareAnswers(control, answer, rules, now);
  return compareWrite({ control, candidate: answer, effects, left }, rules, owner, declaration, now);
}
