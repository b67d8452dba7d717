import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { makeStandIn } from './make-stand-in.js';
import { StandIns } from './stand-ins.js';
import { numberShape, shapeOf } from './value-shape.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const LONG_ENOUGH = 8;

describe('stand-ins', () => {
  it.each([
    ['alice@example.com', 'email'],
    ['https://alice.example/me?x=1', 'url'],
    ['+49 170 1234567', 'phone:+99 999 9999999'],
    ['2025-05-12T08:41:00.000Z', 'time:past:9999-99-99T99:99:99.999Z'],
    ['2031-05-12', 'time:future:9999-99-99'],
    ['123456', 'digits:6'],
    ['Alice', 'word:5'],
    ['Alice Smith', 'text:11:'],
    ['Zoë Müller', 'text:10:2'],
    ['山田太郎', 'text:4:3'],
    ['two\nlines', 'text:9:n'],
    ['conv_0123456789abcdef01234567', 'id:conv_{hex:24}'],
    // A name is no prefix that a server makes.
    ['smith_0123456789abcdef', 'id:{any:22}'],
    ['3f2504e0-4f89-41d3-9a0c-0305e82c3301', 'id:{uuid}'],
    ['  ', 'blank:  '],
    ['2025-99-99T', 'text:11:'],
  ])('tells %j by its shape alone: %s', (value, shape) => {
    expect(shapeOf(value, false, NOW)).toBe(shape);
  });

  it('have the shape of what they stand for, so that rules on it say the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 1, max: 5000 }), (value, n) => {
        const shape = shapeOf(value, false, NOW);
        if (shape.startsWith('text:') && Number(shape.split(':')[1]) < LONG_ENOUGH) return;
        expect(shapeOf(makeStandIn(shape, n), false, NOW)).toBe(shape);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    'a@b.example',
    '+15550100101',
    '2025-05-12T08:41:00.000Z',
    '2999-05-12',
    '7',
    '4711',
    'x',
    'word',
    'text with words',
  ])('of %j has its shape', (value) => {
    const shape = shapeOf(value, false, NOW);
    expect(shapeOf(makeStandIn(shape, 3), false, NOW)).toBe(shape);
  });

  it.each(['0', '-1.50', '123456.78', '9007199254740993'])('of the number %s is spelt as it is', (spelling) => {
    const standIn = makeStandIn(numberShape(spelling), 12);
    expect(numberShape(standIn)).toBe(numberShape(spelling));
    expect(() => JSON.parse(standIn) as unknown).not.toThrow();
  });

  it('of ids are bounded, whatever a file says of their length', () => {
    for (const kind of ['any', 'hex', 'digits'])
      expect(makeStandIn(`id:msg_{${kind}:99999999999}`, 1).length).toBeLessThan(10_000);
  });

  it('are the same for the same value wherever it stands, and other ones for others', () => {
    const standIns = new StandIns(() => NOW);
    const [alice, bob] = [standIns.ofText('Alice Smith', false), standIns.ofText('Bobby Brown', false)];
    expect(standIns.ofText('Alice Smith', false)).toBe(alice);
    expect(bob).not.toBe(alice);
    expect(bob).toHaveLength('Bobby Brown'.length);
    // The id of an answer is found in the next request, be it a number there and a text here.
    expect(standIns.ofNumber('42', true)).toBe('{{#id:1}}');
    expect(standIns.ofText('42', true)).toBe('{{id:1}}');
  });

  it('are made in the same order from the same traffic, whatever the values are', () => {
    const of = (...values: readonly string[]): readonly string[] => {
      const standIns = new StandIns(() => NOW);
      return values.map((value) => standIns.ofText(value, false));
    };
    expect(of('Alice Smith', 'a@b.example', 'Alice Smith')).toEqual(of('Zoran Ilicc', 'z@y.example', 'Zoran Ilicc'));
  });

  it('link what is known of a caller to variables of the caller', () => {
    const standIns = new StandIns(() => NOW);
    expect(standIns.caller('user', { subject: 'user_eve', email: 'eve@donna.example', name: 'Eve Example' })).toBe(
      'user:1',
    );
    expect(standIns.caller('user', { subject: 'user_bob' })).toBe('user:2');
    expect(standIns.ofText('user_eve', true)).toBe('{{user:1}}');
    expect(standIns.ofText('eve@donna.example', false)).toBe('{{user:1.email}}');
    expect(standIns.ofText('Eve Example', false)).toBe('{{user:1.name}}');
  });

  it('are bounded: a flood of values is replaced all the same', () => {
    const standIns = new StandIns(() => NOW);
    for (let i = 0; i < 25_000; i++) standIns.ofText(`Person number ${i}`, false);
    expect(standIns.ofText('Person number 24999', false)).not.toContain('24999');
    expect(standIns.variables.size).toBe(0);
  });
});
