import { narrow } from './learn-noise.js';
import type { NoiseModel, NoisyField } from './noise-model.js';

const MAX_FIELDS = 1000;

export const NO_NOISE: NoiseModel = { pairs: 0, skipped: 0, fields: {} };

/** What two models say together: a field is forgiven by the forms that both found in it, and not at all where one found none. */
export function mergeNoise(a: NoiseModel, b: NoiseModel): NoiseModel {
  const fields = new Map(Object.entries(a.fields));
  for (const [field, other] of Object.entries(b.fields)) {
    const known = fields.get(field);
    if (known !== undefined) fields.set(field, mergeField(known, other));
    else if (fields.size < MAX_FIELDS) fields.set(field, other);
  }
  return { pairs: a.pairs + b.pairs, skipped: a.skipped + b.skipped, fields: Object.fromEntries(fields) };
}

function mergeField(a: NoisyField, b: NoisyField): NoisyField {
  const counts = { seen: a.seen + b.seen, differed: a.differed + b.differed };
  const unstable = a.unstable ?? b.unstable;
  const formats = unstable === undefined ? narrow(a.formats, b.formats) : [];
  return { ...counts, formats, unstable: unstable ?? (formats.length === 0 ? 'value' : undefined) };
}
