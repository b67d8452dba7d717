import type { Answer } from './answer.js';
import { compareSteps } from './compare-answers.js';
import type { CompiledRules } from './compile-rules.js';
import { atOnce, inSlices, type Steps } from './in-slices.js';
import type { JsonNode } from './json-tree.js';
import type { NoiseModel, NoisyField, ValueFormat } from './noise-model.js';
import type { DifferenceKind } from './observation.js';
import { formatsOf, gapMs, isSameFormat } from './value-format.js';

/** Milliseconds that two times may lie apart even though PHP's own never did. */
const MIN_TOLERANCE_MS = 10_000;
/** And those beyond which they are no noise of the clock, whatever PHP does. */
const MAX_TOLERANCE_MS = 3_600_000;
const MAX_FIELDS = 1000;

interface Learned {
  seen: number;
  differed: number;
  /** Undefined until it differed first. */
  formats: ValueFormat[] | undefined;
  unstable: NoisyField['unstable'];
}

/** Learns from pairs of answers of the control to one request which fields differ by themselves, and in what form. */
export class NoiseLearner {
  private readonly fields = new Map<string, Learned>();
  private readonly rules: CompiledRules;
  private pairs = 0;
  private skipped = 0;

  constructor(rules: CompiledRules) {
    // What an earlier model forgives must be seen again to be forgiven again.
    this.rules = { ...rules, noise: new Map() };
  }

  /** Takes one A/A pair. `now`: unix time in ms. */
  observe(first: Answer, second: Answer, now: number): void {
    atOnce(this.steps(first, second, now));
  }

  /** The same in turns of some milliseconds. */
  observeInSlices(first: Answer, second: Answer, now: number): Promise<void> {
    return inSlices(this.steps(first, second, now));
  }

  private *steps(first: Answer, second: Answer, now: number): Steps<void> {
    const differed = new Set<string>();
    const observation = yield* compareSteps(first, second, this.rules, now, (field, kind, a, b) => {
      differed.add(field);
      this.learn(field, kind, a, b);
    });
    if (observation.class === 'not-comparable' || observation.class === 'candidate-error') {
      this.skipped += 1;
      return;
    }
    this.pairs += 1;
    for (const { field, seen, differed: times } of observation.fields) {
      const known = this.fields.get(field) ?? this.open(field);
      if (known === undefined) continue;
      known.seen += seen;
      known.differed += times;
      // A status, a header or bytes: there is no form that would be told apart from anything.
      if (times > 0 && !differed.has(field)) known.unstable = 'value';
    }
  }

  model(): NoiseModel {
    const noisy = [...this.fields].filter(([, { differed, unstable }]) => differed > 0 || unstable !== undefined);
    const fields = noisy.map(([field, { seen, differed, formats = [], unstable }]): [string, NoisyField] => {
      const isLearned = unstable === undefined && formats.length > 0;
      return [
        field,
        { seen, differed, formats: isLearned ? formats : [], unstable: isLearned ? undefined : (unstable ?? 'value') },
      ];
    });
    return { pairs: this.pairs, skipped: this.skipped, fields: Object.fromEntries(fields) };
  }

  private learn(field: string, kind: DifferenceKind, a: JsonNode | undefined, b: JsonNode | undefined): void {
    const known = this.fields.get(field) ?? this.open(field);
    if (known === undefined) return;
    if (kind === 'missing' || kind === 'extra') known.unstable = 'presence';
    else if (kind === 'type') known.unstable = 'type';
    else if (kind !== 'value' || (a?.kind !== 'string' && a?.kind !== 'number') || b?.kind !== a.kind) {
      known.unstable = 'value';
    } else {
      const formats = formatsInCommon(a.kind, a.text, b.text);
      known.formats = known.formats === undefined ? formats : narrow(known.formats, formats);
    }
  }

  private open(field: string): Learned | undefined {
    if (this.fields.size >= MAX_FIELDS) return undefined;
    const made: Learned = { seen: 0, differed: 0, formats: undefined, unstable: undefined };
    this.fields.set(field, made);
    return made;
  }
}

/** Learns from all pairs at once. */
export function learnNoise(
  pairs: Iterable<readonly [first: Answer, second: Answer]>,
  rules: CompiledRules,
  now: number,
): NoiseModel {
  const learner = new NoiseLearner(rules);
  for (const [first, second] of pairs) learner.observe(first, second, now);
  return learner.model();
}

function formatsInCommon(kind: 'string' | 'number', a: string, b: string): ValueFormat[] {
  const others = formatsOf(kind, b);
  return formatsOf(kind, a).flatMap((format) => {
    if (!others.some((other) => isSameFormat(format, other))) return [];
    const gap = gapMs(format, a, b);
    if (gap === undefined) return [format];
    if (gap > MAX_TOLERANCE_MS || !('toleranceMs' in format)) return [];
    return [{ ...format, toleranceMs: Math.max(MIN_TOLERANCE_MS, Math.min(2 * gap, MAX_TOLERANCE_MS)) }];
  });
}

/** The forms of both lists, with the wider tolerance. */
export function narrow(known: readonly ValueFormat[], seen: readonly ValueFormat[]): ValueFormat[] {
  return known.flatMap((format) => {
    const other = seen.find((candidate) => isSameFormat(format, candidate));
    if (other === undefined) return [];
    if (!('toleranceMs' in format) || !('toleranceMs' in other)) return [format];
    return [{ ...format, toleranceMs: Math.max(format.toleranceMs, other.toleranceMs) }];
  });
}
