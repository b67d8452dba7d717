import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeWith } from '../../../test/setup/parts.js';
import { parseStrTrees, type PostEcho, startPostEcho } from '../../../test/support/php-fields.js';
import { asText, plainReading } from '../../../test/support/php-trees.js';
import { textOfBytes } from './field-tree.js';
import { hasTooManyFields, readFormTree, readQueryTree } from './index.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

const TREES: readonly [query: string, expected: unknown][] = [
  ['', {}],
  ['a=1&b=2&a=3', { a: '3', b: '2' }],
  ['a[]=1&a[]=2', { a: ['1', '2'] }],
  ['a[x]=1&a[y][]=2&a[y][]=3', { a: { x: '1', y: ['2', '3'] } }],
  ['a[1]=x&a[]=y&a[0]=z', { a: { 0: 'z', 1: 'x', 2: 'y' } }],
  ['a[0]=x&a[1]=y', { a: ['x', 'y'] }],
  ['a[01]=x&a[]=y', { a: { '01': 'x', 0: 'y' } }],
  ['a=1&a[]=2', { a: ['2'] }],
  ['a[]=1&a=2', { a: '2' }],
  ['a[b]=1&a[b][c]=2', { a: { b: { c: '2' } } }],
  ['a.b[c.d e]=1', { a_b: { 'c.d e': '1' } }],
  ['a[b]c=1', { a: { b: '1' } }],
  ['a[b][c=1', { a: { b: '1' } }],
  ['a[b]c[d]=1', { a: { b: '1' } }],
  ['a[[b]=1', { a: { '[b': '1' } }],
  ['a[ ]=1&a[ b]=2', { a: { 0: '1', ' b': '2' } }],
  ['a[%ff]=%fe', { a: { [textOfBytes('\u00ff')]: textOfBytes('\u00fe') } }],
  ['a[][b]=1&a[][b]=2', { a: [{ b: '1' }, { b: '2' }] }],
  ['0=a&1=b', { 0: 'a', 1: 'b' }],
  ['constructor[x]=1&toString=2', { constructor: { x: '1' }, toString: '2' }],
  ['..Host-a=1&__Host-b=2', { '__Host-b': '2' }],
];

describe('all fields of a query or a form', () => {
  it.each(TREES)('%s', (query, expected) => {
    expect(plainReading(readQueryTree(`?${query}`))).toEqual(expected);
    expect(plainReading(readFormTree(bytes(query)))).toEqual(expected);
  });

  it.each([
    ['a prototype', '__proto__=1'],
    ['a prototype in brackets', 'a[__proto__][polluted]=1'],
    ['a prototype that PHP spells so', '.%5fproto_%5f=1'],
    ['a constructor\u2019s prototype', 'constructor[prototype][x]=1'],
    ['a NUL byte in a name', 'a%00b=1'],
    ['65 levels', `a${'[x]'.repeat(65)}=1`],
    ['more than 1,000 fields', 'a=1&'.repeat(1001)],
    ['a name of 9 KB', `${'x'.repeat(9000)}=1`],
    ['a key of 9 KB', `a[${'x'.repeat(9000)}]=1`],
  ])('are refused for %s', (_title, query) => {
    expect(readQueryTree(`?${query}`).kind).toBe('refused');
    expect(readFormTree(bytes(query)).kind).toBe('refused');
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('are taken at 64 levels, and at 1,000 fields', () => {
    expect(readQueryTree(`?a${'[x]'.repeat(64)}=1`).kind).toBe('read');
    expect(readFormTree(bytes(`${'a=1&'.repeat(999)}b=2`)).kind).toBe('read');
    expect(hasTooManyFields(`?${'a=1&'.repeat(1000)}`)).toBe(false);
    expect(hasTooManyFields(`?${'a=1&'.repeat(1001)}`)).toBe(true);
  });

  it('have no prototype', () => {
    const reading = readQueryTree('?a[b]=1');
    const value = reading.kind === 'read' ? reading.value : {};
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.getPrototypeOf(value['a'])).toBeNull();
  });
});

describeWith('php', 'all fields, as PHP reads them', (php) => {
  let echo: PostEcho;
  beforeAll(async () => {
    echo = await startPostEcho(php);
  });
  afterAll(async () => echo.stop());

  const PIECES =
    'a b x 0 1 01 -1 7 . + %20 %09 %zz = & & [ ] [] [] [x] [0] [1] [[ ]] [x][ %5b %5D %e9 %C3%A9 \u00ff __Host- ..Host-';
  const piece = fc.constantFrom(...PIECES.split(' '), ' ', '[ ]');
  const pair = fc
    .tuple(
      fc.constantFrom('a', 'a', 'b', 'a.b', '', '_'),
      fc.array(piece, { maxLength: 5 }),
      fc.constantFrom('=1', '=2', '=', ''),
    )
    .map(([start, middle, end]) => start + middle.join('') + end);
  const queries = fc
    .array(pair, { minLength: 1, maxLength: 6 })
    .map((pairs) => pairs.join('&'))
    .filter((query) => query !== '');

  it('agrees on the table', () => {
    const some = TREES.filter(([query]) => query !== '');
    const trees = parseStrTrees(
      php,
      some.map(([query]) => query),
    );
    expect(trees.map(asText)).toEqual(some.map(([, expected]) => expected));
  });

  it('agrees on 4,000 random queries, and on as many forms', async () => {
    const samples = fc.sample(queries, { numRuns: 4000, seed: 20_261_123 });
    const trees = parseStrTrees(php, samples);
    let nested = 0;
    for (const [i, query] of samples.entries()) {
      const expected = asText(trees[i] ?? {});
      if (JSON.stringify(expected).includes('[') || JSON.stringify(expected).includes(':{')) nested += 1;
      expect([query, plainReading(readQueryTree(`?${query}`))]).toEqual([query, expected]);
      expect([query, plainReading(readFormTree(bytes(query)))]).toEqual([query, expected]);
    }
    // The samples are worth something.
    expect(nested).toBeGreaterThan(1000);
    for (const query of samples.slice(0, 100)) {
      const { post } = await echo.tree('application/x-www-form-urlencoded', bytes(query));
      expect([query, plainReading(readFormTree(bytes(query)))]).toEqual([query, asText(post)]);
    }
  }, 60_000);
});
