import type { DifferenceKind, Observation, ObservationClass } from '../compare/observation.js';

const EFFECTS = 'effects:';

/** The comparison of a write's answers and that of its effects as one: as bad as the worse of the two. */
export function joinObservations(answers: Observation, effects: Observation): Observation {
  const fields = effects.fields.filter(({ field }) => field !== 'status');
  return {
    ...answers,
    class: worse(answers.class, effects.class),
    reason: answers.reason ?? effects.reason,
    differences: [
      ...answers.differences,
      ...effects.differences.map((difference) => ({ ...difference, field: EFFECTS + difference.field })),
    ],
    counts: sum(answers.counts, effects.counts),
    ignored: answers.ignored + effects.ignored,
    noise: answers.noise + effects.noise,
    reordered: answers.reordered + effects.reordered,
    fields: [...answers.fields, ...fields.map((count) => ({ ...count, field: EFFECTS + count.field }))],
    expiredRules: [...new Set([...answers.expiredRules, ...effects.expiredRules])],
  };
}

/** A difference that was found stands, whatever else could not be compared. */
const ORDER: readonly ObservationClass[] = ['match', 'ignored', 'not-comparable', 'candidate-error', 'mismatch'];

function worse(a: ObservationClass, b: ObservationClass): ObservationClass {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}

function sum(a: Observation['counts'], b: Observation['counts']): Observation['counts'] {
  const add = (kind: DifferenceKind): number => a[kind] + b[kind];
  return {
    missing: add('missing'),
    extra: add('extra'),
    type: add('type'),
    value: add('value'),
    spelling: add('spelling'),
    order: add('order'),
  };
}
