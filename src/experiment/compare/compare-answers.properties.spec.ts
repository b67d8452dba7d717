import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Answer, compareAnswers, type CompareSettings, compileRules, type Observation } from '../index.js';

const NOW = 0;

function answer(body: string | Uint8Array, change: Partial<Answer> = {}): Answer {
  return {
    status: 200,
    headers: [],
    body: typeof body === 'string' ? Buffer.from(body) : Buffer.from(body),
    contentType: 'application/json',
    ms: 1,
    ...change,
  };
}

function compare(a: unknown, b: unknown, settings: CompareSettings = {}): Observation {
  return compareAnswers(answer(JSON.stringify(a)), answer(JSON.stringify(b)), compileRules(settings), NOW);
}

/** Keys that are names, so that a pointer shows them as they are. */
const name = fc.constantFrom('name', 'status', 'a/b', '~', 'items', 'total', 'é', 'A B');
const leaf = fc.oneof(fc.boolean(), fc.integer(), fc.string({ maxLength: 8 }), fc.constant(null));
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(name, tie('tree'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));
const document = fc.dictionary(name, tree, { minKeys: 1, maxKeys: 6, noNullPrototype: true });

/** All places of a document where a scalar stands. */
function leaves(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([key, child]) => leaves(child, [...path, key]));
}

function withChanged(value: unknown, path: readonly (string | number)[]): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value === 'changed!' ? 'changed?' : 'changed!';
  if (Array.isArray(value)) return value.map((item: unknown, at) => (at === key ? withChanged(item, rest) : item));
  const entries = Object.entries(value as object).map(([k, v]: [string, unknown]) => [
    k,
    k === key ? withChanged(v, rest) : v,
  ]);
  return Object.fromEntries(entries);
}

function pointerOf(path: readonly (string | number)[]): string {
  const segments = path.map((key) =>
    // Nor is what no program would call a member: somebody may have written it.
    typeof key === 'number' || /[^\w/~]/.test(key) ? '*' : key.replaceAll('~', '~0').replaceAll('/', '~1'),
  );
  return segments.map((segment) => `/${segment}`).join('');
}

function withKeysReversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withKeysReversed(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, withKeysReversed(item)]),
  );
}

describe('compareAnswers, for any answers', () => {
  it('finds that an answer matches itself', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), fc.uint8Array()), (body) => {
        expect(compareAnswers(answer(body), answer(body), compileRules(), NOW)).toMatchObject({
          class: 'match',
          differences: [],
        });
      }),
      { numRuns: 500 },
    );
  });

  it('finds any single leaf that was changed, by its pointer, and nothing else', () => {
    fc.assert(
      fc.property(document, fc.nat(), (value, seed) => {
        const places = leaves(value);
        fc.pre(places.length > 0);
        const place = places[seed % places.length] ?? [];
        const observation = compare(value, withChanged(value, place));
        expect(observation.class).toBe('mismatch');
        expect(observation.differences.map(({ field }) => field)).toEqual([pointerOf(place)]);
        expect(observation.fields.filter(({ differed }) => differed > 0)).toMatchObject([
          { field: pointerOf(place), differed: 1 },
        ]);
      }),
      { numRuns: 500 },
    );
  });

  it('counts as missing one way what is extra the other way', () => {
    fc.assert(
      fc.property(document, document, (a, b) => {
        const [there, back] = [compare(a, b), compare(b, a)];
        expect(back.counts).toEqual({ ...there.counts, missing: there.counts.extra, extra: there.counts.missing });
        expect(back.reordered).toBe(there.reordered);
        expect(there.class === 'match').toBe(back.class === 'match');
      }),
      { numRuns: 500 },
    );
  });

  it('does not care about the order of keys', () => {
    fc.assert(
      fc.property(document, (value) => {
        expect(compare(value, withKeysReversed(value))).toMatchObject({ class: 'match', noise: 0 });
      }),
    );
  });

  it('matches a keyed array with any permutation of itself', () => {
    const items = fc.uniqueArray(fc.record({ id: fc.integer(), v: tree }), { selector: ({ id }) => id, maxLength: 8 });
    const permuted = items.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length })),
    );
    fc.assert(
      fc.property(permuted, ([list, other]) => {
        const observation = compare({ data: list }, { data: other }, { keyed: { '/data': 'id' } });
        expect(observation.class).toBe('match');
        const isSame = list.every((item, at) => item === other[at]);
        expect(observation.reordered).toBe(isSame ? 0 : 1);
        // Without the key another order is a difference, unless the items are alike.
        expect(compare({ data: list }, { data: other }).class).toBe(isSame ? 'match' : 'mismatch');
      }),
    );
  });

  it('tells two spellings of one number from two numbers', () => {
    const digits = fc.stringMatching(/^(?:0|[1-9]\d{0,24})$/);
    fc.assert(
      fc.property(
        digits,
        fc.stringMatching(/^\d{0,12}$/),
        fc.nat(8),
        fc.boolean(),
        (whole, fraction, zeros, isNegative) => {
          const sign = isNegative ? '-' : '';
          const plain = `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`;
          const same = `${sign}${whole}.${fraction}${'0'.repeat(zeros + 1)}`;
          const shifted = `${sign}${whole}${fraction}e-${fraction.length}`.replace(/^(-?)0+(?=\d)/, '$1');
          const next = `${sign}${whole}.${fraction}${'0'.repeat(zeros)}1`;
          const kindsOf = (a: string, b: string): unknown =>
            compareAnswers(answer(a), answer(b), compileRules(), NOW).differences.map(({ kind }) => kind);
          expect(kindsOf(plain, same)).toEqual(['spelling']);
          expect(kindsOf(plain, shifted)).toEqual(['spelling']);
          expect(kindsOf(plain, next)).toEqual(['value']);
          expect(kindsOf(plain, plain)).toEqual([]);
        },
      ),
    );
  });

  it('never throws, whatever the bytes, the headers and the status', () => {
    const soup = fc
      .array(
        fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', '\\u', '1', 'e', '-', ' ', 'null', '\ufeff', 'é'),
        { maxLength: 20 },
      )
      .map((parts) => parts.join(''));
    const body = fc.oneof(soup, fc.json(), fc.uint8Array({ maxLength: 50 }));
    const header = fc.tuple(
      fc.oneof(fc.constantFrom('Set-Cookie', 'cache-control', 'ALLOW', 'location'), fc.string()),
      fc.string(),
    );
    const any = fc
      .tuple(
        body,
        fc.array(header, { maxLength: 4 }),
        fc.option(fc.string(), { nil: undefined }),
        fc.integer({ min: 100, max: 599 }),
      )
      .map(([bytes, headers, contentType, status]) => answer(bytes, { headers, contentType, status }));
    const rules = compileRules({ keyed: { '': 'a', '/*': '' }, bounds: { maxDepth: 5, maxValues: 8, maxFields: 3 } });
    fc.assert(
      fc.property(any, any, (a, b) => {
        expect(JSON.parse(JSON.stringify(compareAnswers(a, b, rules, NOW)))).toHaveProperty('class');
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps nothing of what it was given longer than it may', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 500, maxLength: 3000 }), { minLength: 1, maxLength: 20 }),
        (values) => {
          const a = Object.fromEntries(values.map((value, at) => [`k${at}`, value]));
          const observation = compare(a, {}, { redact: (value) => value });
          for (const { control } of observation.differences) expect(control?.length).toBeLessThanOrEqual(121);
        },
      ),
    );
  });
});
