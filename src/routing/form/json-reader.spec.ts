import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeWith } from '../../../test/setup/parts.js';
import { decodeJson } from '../../../test/support/php-fields.js';
import { plain } from '../../../test/support/php-trees.js';
import { expectCpuBelow } from '../../../test/support/cpu-time.js';
import { readJsonTree } from './json-reader.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('all values of a JSON document', () => {
  it.each([
    ['a prototype', '{"a":{"__proto__":{"polluted":1}}}'],
    ['an escaped prototype', '{"\\u005f_proto__":1}'],
    ['a constructor\u2019s prototype', '{"constructor":{"prototype":{"polluted":1}}}'],
    ['65 levels', '['.repeat(65) + ']'.repeat(65)],
    ['a megabyte of brackets', '['.repeat(1 << 20)],
    ['a megabyte of objects', '{"a":'.repeat(200_000)],
    ['a number past all doubles', '{"a":1e999}'],
    ['a number of 400 digits', `[-${'9'.repeat(400)}]`],
    ['NUL in a name', '{"a\\u0000b":1}'],
    ['a name of 9 KB', `{"${'x'.repeat(9000)}":1}`],
    ['more than 100,000 values', `[${'[],'.repeat(100_001)}[]]`],
  ])('are refused for %s', (_title, text) => {
    expectCpuBelow(3000, () => expect(readJsonTree(Buffer.from(text)).kind).toBe('refused'));
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('are read from a hostile document in linear time', () => {
    const bodies = [
      `{"a":"${'\\n'.repeat(500_000)}"}`,
      `{"a":"${'\\ud83d\\ude00'.repeat(100_000)}"}`,
      `{${Array.from({ length: 90_000 }, (_, i) => `"k${i}":0`).join()}}`,
      `{${'"a":1,'.repeat(90_000)}"a":2}`,
      `[${'1'.repeat(300)},${' '.repeat(1_000_000)}1]`,
      `"${'a'.repeat(14_000_000)}"`,
      `[${`"${'a'.repeat(5000)}\\n",`.repeat(2000)}1]`,
    ];
    for (const body of bodies) {
      // Some tens of milliseconds; in quadratic time, minutes.
      expectCpuBelow(8000, () => expect(readJsonTree(Buffer.from(body)).kind).toBe('read'));
    }
  });

  it.each([
    ['plain', 'x'.repeat(5000), true],
    ['with an escape', `${'x'.repeat(5000)}\\n`, true],
    ['with a line break', `${'x'.repeat(5000)}\n`, false],
    ['that begins with an escaped quote', `\\"${'x'.repeat(5000)}`, true],
    ['beyond ASCII', 'é😀'.repeat(3000), true],
  ])('are read as JSON.parse does in a long string, %s', (_title, text, isTaken) => {
    const document = `{"a":"${text}","b":1}`;
    const reading = readJsonTree(Buffer.from(document));
    expect(reading.kind).toBe(isTaken ? 'read' : 'malformed');
    if (reading.kind === 'read') expect(plain(reading.value)).toEqual(JSON.parse(document));
  });

  it('are what JSON.parse reads of what JSON.stringify wrote', () => {
    const keys = fc.string().filter((key) => !key.includes('\0') && key !== '__proto__' && key !== 'prototype');
    const values = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'grapheme' }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.constantFrom(null, true, false),
        fc.array(tie('value')),
        fc.dictionary(keys, tie('value')),
      ),
    })).value;
    fc.assert(
      fc.property(values, fc.constantFrom(undefined, ' ', '\t'), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const reading = readJsonTree(Buffer.from(text));
        expect(reading.kind === 'read' && plain(reading.value)).toEqual(JSON.parse(text));
      }),
      { seed: 42 },
    );
  });
});

describeWith('php', 'a JSON document, as PHP reads it', (php) => {
  it('agrees on 3,000 random JSON texts', () => {
    const TOKENS =
      '{ } [ ] , : "a" "b" "a":1 1 -1 01 1.5 - -0 1e3 1E+2 0 true TRUE null " \\ "\\u00e9" "\\ud83d\\ude00" "\\ud83d" "\\ude00" "\\x" "\xc3\xa9" "\xff" "\x01" \xef\xbb\xbf';
    const token = fc.constantFrom(...TOKENS.split(' '), ' ', '\n', '\t', '\f', '"": 2');
    const object = fc.array(fc.tuple(fc.constantFrom('"a"', '"b"', '""', '"\\u0061"'), token), { maxLength: 3 });
    const texts = fc.oneof(
      fc.array(token, { minLength: 1, maxLength: 6 }).map((tokens) => tokens.join('')),
      fc.array(token, { maxLength: 4 }).map((tokens) => `[${tokens.join(',')}]`),
      object.map((members) => `{${members.map(([name, member]) => `${name}:${member}`).join(', ')}}`),
    );
    const samples = fc.sample(texts, { numRuns: 3000, seed: 20_261_125 });
    const decoded = decodeJson(php, samples);
    let taken = 0;
    for (const [i, text] of samples.entries()) {
      const reading = readJsonTree(bytes(text));
      const theirs = decoded[i];
      if (theirs !== undefined) taken += 1;
      expect([text, reading.kind]).toEqual([text, theirs === undefined ? 'malformed' : 'read']);
      if (reading.kind === 'read' && theirs !== undefined)
        expect([text, plain(reading.value)]).toEqual([text, JSON.parse(theirs)]);
    }
    expect(taken).toBeGreaterThan(500);
  });
});
