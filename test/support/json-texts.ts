import fc from 'fast-check';

const names = fc.oneof(
  fc.constantFrom('a', 'b', '0', '1', '2', '10', '-1', '01', 'é', '😀', ''),
  fc.string({ unit: 'grapheme', maxLength: 4 }).filter((name) => !name.includes('\0')),
);
const numbers = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }).map(String),
  fc
    .tuple(fc.integer(), fc.integer({ min: -30, max: 30 }))
    .map(([digits, exponent]) => `${digits}.${Math.abs(digits)}e${exponent}`),
  fc.constantFrom('1.0', '-0', '-0.0', '1e2', '0.10'),
);
const strings = fc
  .string({ unit: 'binary', maxLength: 8 })
  .filter((text) => !/\p{Surrogate}/u.test(text))
  .map((text) => JSON.stringify(text));

/** JSON in all its spellings: numbers that JavaScript cannot tell apart, names given twice, blanks. */
export const { value: jsonText, object: jsonObjectText } = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    numbers,
    fc.constantFrom('true', 'false', 'null', '{}', '[]'),
    strings,
    fc.array(tie('value'), { maxLength: 4 }).map((members) => `[${members.join(',')}]`),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(names, tie('value')), { maxLength: 5, depthIdentifier: 'json' })
    .map((members) => `{${members.map(([name, member]) => `${JSON.stringify(name)}: ${member}`).join(' , ')}}`),
}));
