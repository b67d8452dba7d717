import type { DryRunDeclaration } from '../../routing/index.js';
import type { Answer } from '../compare/answer.js';
import { compareAnswers } from '../compare/compare-answers.js';
import type { CompareSettings } from '../compare/compare-rules.js';
import { type CompiledRules, compileRules } from '../compare/compile-rules.js';
import type { Observation } from '../compare/observation.js';
import type { ControlEffects, OwnerEffects } from './effects-source.js';
import { joinObservations } from './join-observations.js';
import { renameIds } from './rename-ids.js';

/** Milliseconds that the times which both sides write may be apart: they work one after the other at worst. */
const TOLERANCE_MS = 60_000;

/** What became of a mirrored write on both sides. */
export interface WriteOutcome {
  readonly control: Answer;
  readonly candidate: Answer;
  /** The owner's document from which both began, and as PHP left it. */
  readonly effects: Pick<ControlEffects, 'before' | 'after'>;
  /** The owner's document as the candidate would leave it. */
  readonly left: string | undefined;
}

/** The rules by which answers of a write are compared. @throws RangeError */
export function compileAnswerRules(settings: CompareSettings, { generated = [] }: DryRunDeclaration): CompiledRules {
  return compileRules({ ...settings, generated: { pointers: generated, toleranceMs: TOLERANCE_MS } });
}

/** Compares the answers of a write, then what either side's data would be after it. Fields of the data begin with `effects:`. */
export function compareWrite(
  { control, candidate, effects: { before, after }, left }: WriteOutcome,
  rules: CompiledRules,
  owner: Pick<OwnerEffects, 'canonical'>,
  { generated = [], generatedEffects = [], keyedEffects = {} }: DryRunDeclaration,
  now: number,
): Observation {
  const answers = compareAnswers(control, candidate, rules, now);
  if (answers.class === 'candidate-error' || answers.class === 'not-comparable') return answers;
  const [base, made] = [owner.canonical(before), owner.canonical(after)];
  const effectRules = compileRules({
    keyed: keyedEffects,
    generated: { pointers: generatedEffects, toleranceMs: TOLERANCE_MS, old: keptTexts(base, made) },
    redact: rules.redact,
    bounds: rules.bounds,
  });
  const renamed = left === undefined ? undefined : renameIds(left, candidate.body, control.body, generated);
  const effects = compareAnswers(asAnswer(made), asAnswer(owner.canonical(renamed)), effectRules, now);
  return joinObservations(answers, effects);
}

function asAnswer(document: string): Answer {
  return { status: 200, headers: [], body: Buffer.from(document), contentType: 'application/json', ms: 0 };
}

/**
 * Every string of the document before that stands no more often in the one after: neither side has made it. One that came again
 * was made, by chance as it stood there: PHP gives writes that meet in a millisecond the same time.
 */
function keptTexts(before: string, after: string): ReadonlySet<string> {
  const [old, made] = [countTexts(before), countTexts(after)];
  return new Set([...old.keys()].filter((text) => (made.get(text) ?? 0) <= (old.get(text) ?? 0)));
}

function countTexts(document: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const waiting: unknown[] = [parse(document)];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value === 'string') counts.set(value, (counts.get(value) ?? 0) + 1);
    else if (typeof value === 'object' && value !== null) waiting.push(...Object.values(value).filter(isThere));
  }
  return counts;
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
