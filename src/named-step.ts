import type { GatewayError } from './contract/index.js';
import { codeOfWord, type Exchange } from './trace/index.js';

/** A refusal ends the request's way; `answered` means that the step has sent the answer itself. */
export type StepResult = GatewayError | 'answered' | undefined;
export type Step = (exchange: Exchange) => StepResult | Promise<StepResult>;

/** The word of each step in a timeline; negative where the clock is read for it. */
const words = new WeakMap<Step, number>();
const UNNAMED = 0;

/** Gives a step its name in the timeline of a request. */
export function named(name: string, step: Step): Step {
  words.set(step, codeOfWord(name));
  return step;
}

/** The same for a step that may take longer than a few microseconds, or within which calls are noted: it has a time of its own. */
export function timed(name: string, step: Step): Step {
  words.set(step, -codeOfWord(name));
  return step;
}

/** Steps in their order, and their words beside them; 0 for those that note themselves what they do. */
export interface Way {
  readonly steps: readonly Step[];
  readonly words: readonly number[];
}

export function wayOf(steps: readonly Step[]): Way {
  return { steps, words: steps.map((step) => words.get(step) ?? UNNAMED) };
}

/** Follows a way until a step has a result; stays synchronous as long as they do. */
export function follow(way: Way, exchange: Exchange, from = 0): StepResult | Promise<StepResult> {
  const { steps, words: named } = way;
  const { timeline } = exchange;
  for (let i = from; i < steps.length; i++) {
    const word = named[i] ?? UNNAMED;
    const place = word === UNNAMED ? -1 : timeline.step(word);
    const result = steps[i]?.(exchange);
    if (result === undefined) continue;
    if (!(result instanceof Promise)) return result;
    timeline.wait(place);
    return result.then((settled) => {
      timeline.now();
      return settled ?? follow(way, exchange, i + 1);
    });
  }
  return undefined;
}
