import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeWith } from '../../../test/setup/parts.js';
import { parseStr, type PhpFields } from '../../../test/support/php-fields.js';
import { type FieldValue, readFormValue, readQueryValue } from './index.js';

const ABSENT = Symbol('absent');
const ARRAY = Symbol('array');
type Expected = string | typeof ABSENT | typeof ARRAY;

/** A query, and what PHP finds in it under `action`. */
const CASES: readonly [query: string, expected: Expected][] = [
  ['', ABSENT],
  ['action=send', 'send'],
  ['action=', ''],
  ['action', ''],
  ['=send', ABSENT],
  ['action=a=b', 'a=b'],
  ['action=a&action=b', 'b'],
  ['&&action=a&&', 'a'],
  ['action=a;action=b', 'a;action=b'],
  ['a=1;action=b', ABSENT],
  ['a=1?action=b', ABSENT],
  // Letters
  ['Action=a', ABSENT],
  ['ACTION=a', ABSENT],
  ['act%69on=a', 'a'],
  ['%61%63%74%69%6F%6e=a', 'a'],
  ['act%2569on=a', ABSENT],
  ['action%3Da', ABSENT],
  ['action=%73end', 'send'],
  ['action=a+b', 'a b'],
  ['action=a%2Bb', 'a+b'],
  ['action=a%26action=b', 'a&action=b'],
  ['action=%C3%A9', 'é'],
  // Broken percent-encoding stays as it is
  ['action=%', '%'],
  ['action=%4', '%4'],
  ['action=%zz', '%zz'],
  ['act%zzion=a', ABSENT],
  // Spaces before the name go, behind it they become "_"
  ['+action=a', 'a'],
  ['%20%20action=a', 'a'],
  ['%09action=a', ABSENT],
  ['action+=a', ABSENT],
  ['action.=a', ABSENT],
  // The name ends at NUL, the value does not
  ['action%00=a', 'a'],
  ['action%00x=a', 'a'],
  ['%00action=a', ABSENT],
  ['action=a%00b', 'a\0b'],
  // Arrays, and what looks like one
  ['action[]=a', ARRAY],
  ['action%5B%5D=a', ARRAY],
  ['action[x]=a', ARRAY],
  ['action[x][y]=a', ARRAY],
  ['action[x]y=a', ARRAY],
  ['action[[]=a', ARRAY],
  ['action[ ]=a', ARRAY],
  ['action=a&action[]=b', ARRAY],
  ['action[]=a&action=b', 'b'],
  ['action[=a', ABSENT],
  ['action]=a', ABSENT],
  ['[action]=a', ABSENT],
  ['[action=a', ABSENT],
  ['[]action=a', ABSENT],
];

/** Names whose spelling PHP changes in every way that it knows. */
const NAMES = ['action', 'a_b', 'a_c', '_a', 'a'];

const toExpected = (value: FieldValue): Expected =>
  value.kind === 'value' ? value.value : value.kind === 'absent' ? ABSENT : ARRAY;
const inPhp = (fields: PhpFields | undefined, name: string): Expected => {
  const value = fields?.get(name);
  return value === undefined ? ABSENT : (value ?? ARRAY);
};
const inQuery = (query: string, name = 'action'): Expected => toExpected(readQueryValue(`?${query}`, name));
const inForm = (body: string, name = 'action'): Expected =>
  toExpected(readFormValue(Buffer.from(body, 'latin1'), name));

describe('a field of a query', () => {
  it.each(CASES)('%j', (query, expected) => expect(inQuery(query)).toBe(expected));

  it('has an unclosed bracket, and dots, spaces and brackets behind it, as "_" in its name', () => {
    expect(inQuery('a.b[c.d e[f=1', 'a_b_c_d_e_f')).toBe('1');
  });

  it('is absent without a query', () => {
    expect(readQueryValue('', 'action')).toEqual({ kind: 'absent' });
    expect(readQueryValue('?', 'action')).toEqual({ kind: 'absent' });
  });

  it('is never guessed past the 1,000 fields that PHP takes by default', () => {
    expect(inQuery(`${'x=1&'.repeat(999)}action=a`)).toBe('a');
    expect(inQuery(`action=a${'&x=1'.repeat(1000)}`)).toBe(ARRAY);
  });

  it('does not count empty pairs, as PHP does not', () => {
    expect(inQuery(`action=a${'&'.repeat(1100)}action=b`)).toBe('b');
  });
});

describe('a field of a form', () => {
  it.each(CASES)('%j', (body, expected) => expect(inForm(body)).toBe(expected));

  it('ends its name, but not its value, at a raw NUL byte', () => {
    expect(inForm('action\0x=a\0b')).toBe('a\0b');
  });

  it('counts empty pairs towards the limit, as PHP does: else it reads an action that PHP never gets to', () => {
    expect(inForm(`action=evil${'&'.repeat(1001)}action=good`)).toBe(ARRAY);
    expect(inForm(`${'&'.repeat(999)}action=a`)).toBe('a');
  });

  it('is read from any bytes without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (bytes, name) => {
        expect(['absent', 'value', 'not-scalar']).toContain(readFormValue(Buffer.from(bytes), name).kind);
      }),
      { seed: 42 },
    );
  });

  it('is what URLSearchParams wrote', () => {
    const text = fc.string({ unit: fc.constantFrom(...'aZ09é€😀&=+%; ._[]\0\r\n') });
    fc.assert(
      fc.property(text, text, (other, value) => {
        const body = new URLSearchParams({ action: value, [`x${other}`]: value }).toString();
        expect(inForm(body)).toBe(value);
      }),
      { seed: 42 },
    );
  });
});

describeWith('php', 'a query or a form, as PHP reads it', (php) => {
  const piece = fc.constantFrom(
    'act',
    'ion',
    '%61',
    'a',
    'b',
    'c',
    '_',
    'x',
    '1',
    '.',
    ' ',
    '+',
    '%20',
    '%09',
    '%00',
    '%zz',
    '%',
    '=',
    '&',
    ';',
    '[',
    ']',
    '[]',
    '[x]',
    '%5b',
    '%5D',
    '%e9',
    '%C3%A9',
    '\u00ff',
  );
  const pieces = fc.array(piece, { maxLength: 4 }).map((some) => some.join(''));
  const name = fc.constantFrom('action', 'act%69on', 'a', 'a.b', 'a[c', '_a', '');
  const pair = fc
    .tuple(
      fc.oneof({ weight: 3, arbitrary: fc.constant('') }, pieces),
      name,
      pieces,
      fc.constantFrom('=', '=1', ''),
      pieces,
    )
    .map((parts) => parts.join(''));
  const queries = fc
    .array(pair, { minLength: 1, maxLength: 4 })
    .map((pairs) => pairs.join('&'))
    .filter((query) => query !== '');

  it('agrees on the table', () => {
    const answers = parseStr(
      php,
      CASES.map(([query]) => query),
    );
    expect(CASES.map(([query], i) => [query, inPhp(answers[i], 'action')])).toEqual(CASES);
  });

  it('agrees on the name of an unclosed bracket', () => {
    expect(parseStr(php, ['a.b[c.d e[f=1'])).toEqual([new Map([['a_b_c_d_e_f', '1']])]);
  });

  it('agrees on 4,000 random ones', () => {
    const samples = fc.sample(queries, { numRuns: 4000, seed: 20_260_101 });
    const answers = parseStr(php, samples);
    expect(answers).toHaveLength(samples.length);
    const tally = { values: 0, arrays: 0 };
    const differences: unknown[] = [];
    for (const [i, query] of samples.entries())
      for (const name of NAMES) {
        const expected = inPhp(answers[i], name);
        if (typeof expected === 'string') tally.values += 1;
        if (expected === ARRAY) tally.arrays += 1;
        for (const read of [inQuery, inForm])
          if (read(query, name) !== expected) differences.push([query, name, read.name, expected]);
      }
    expect(differences).toEqual([]);
    // The samples are worth something.
    expect(tally.values).toBeGreaterThan(500);
    expect(tally.arrays).toBeGreaterThan(100);
  });
});
