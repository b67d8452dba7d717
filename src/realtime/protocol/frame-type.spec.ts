import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { peekFrameType, readFrameType } from './frame-type.js';

const read = (text: string) => readFrameType(Buffer.from(text));

describe('readFrameType', () => {
  it('finds the type of any JSON object, wherever it stands and however it is spelt, as JSON.parse does', () => {
    const key = fc.oneof(fc.string(), fc.constantFrom('type', 'audio', 'ty\\pe', '"', '\\'));
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue(), { maxKeys: 6 }), fc.boolean(), (object, isSpaced) => {
        const text = JSON.stringify(object, undefined, isSpaced ? 2 : 0);
        const found = read(text);
        const wanted = object['type'];
        if (!('type' in object)) expect(found).toEqual({ kind: 'untyped' });
        else if (typeof wanted !== 'string' || Buffer.byteLength(JSON.stringify(wanted)) > 128)
          expect(found).toEqual({ kind: 'malformed' });
        else {
          expect(found).toMatchObject({ kind: 'typed', type: wanted });
          if (found.kind !== 'typed') return;
          const spliced = Buffer.concat([
            Buffer.from(text).subarray(0, found.start),
            Buffer.from('"other"'),
            Buffer.from(text).subarray(found.end),
          ]);
          expect(JSON.parse(spliced.toString())).toEqual(JSON.parse(JSON.stringify({ ...object, type: 'other' })));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws and never finds a type in what is no text of an object', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(['typed', 'untyped', 'malformed']).toContain(readFrameType(Buffer.from(bytes)).kind);
      }),
    );
    for (const text of [
      '',
      ' ',
      '[]',
      '"type"',
      '1',
      'null',
      '{',
      '{"type"',
      '{"type":',
      '{"type":"a"',
      '{"type":"a"}}',
      '{"type":"a"} x',
      '{type:"a"}',
      "{'type':'a'}",
      '{"a":{"type":"x"}',
      '{,"type":"a"}',
      '{"type":}',
      '{"a" "type":"b"}',
    ])
      expect(read(text)).toEqual({ kind: 'malformed' });
  });

  it.each([
    ['twice', '{"type":"response.create","type":"session.update"}'],
    ['twice, one escaped', '{"type":"response.create","t\\u0079pe":"session.update"}'],
    ['first as a number', '{"type":1,"type":"session.update"}'],
  ])('refuses a type that another reader could take differently: %s', (_title, text) => {
    expect(read(text)).toEqual({ kind: 'malformed' });
  });

  it('is not led astray by braces, quotes and types inside texts and objects', () => {
    expect(read('{"a":"\\\\","b":{"type":"x","c":["}\\"",{}]},"type":"real"}')).toMatchObject({ type: 'real' });
    expect(read('{"a":"\\\\\\"type\\":1","type":"real"}')).toMatchObject({ type: 'real' });
  });

  it('takes time in proportion to the frame for texts made of escapes', () => {
    const text = (count: number) => Buffer.from(`{"audio":"${'\\"'.repeat(count)}","type":"a"}`);
    expect(readFrameType(text(500_000))).toMatchObject({ kind: 'typed' });
    expect(readFrameType(Buffer.from(`{"audio":"${'\\'.repeat(1_000_000)}","type":"a"}`))).toMatchObject({ type: 'a' });
  });
});

describe('peekFrameType', () => {
  it('looks at the beginning only', () => {
    const frame = Buffer.from('{"type":"response.output_audio.delta","delta":"AAAA…');
    expect(peekFrameType(frame, 64)).toMatchObject({ type: 'response.output_audio.delta', start: 8 });
    const late = Buffer.from(`{"a":"${'x'.repeat(100)}","type":"t"}`);
    expect(peekFrameType(late, 64)).toEqual({ kind: 'untyped' });
    expect(peekFrameType(late, 1000)).toMatchObject({ type: 't' });
  });
});
