import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { spliceEnvelope, type EnvelopeContext } from './index.js';

const context: EnvelopeContext = { traceId: 'trace-1', status: 200, wrap: false, tolerateFirstDocument: false };

const key = fc.oneof(
  fc.constantFrom('success', 'traceId', 'Success', 'traceid', 'data', '', '__proto__x', 'a"b', 'é\u0000'),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const object = fc.dictionary(
  key.filter((name) => name !== '__proto__'),
  fc.jsonValue(),
  { noNullPrototype: true },
);
const seed = fc.array(fc.nat(9), { minLength: 1, maxLength: 40 });

/** Prints JSON with white space where RFC 8259 allows it, chosen by `noise`. */
function print(value: unknown, noise: readonly number[]): string {
  let turn = 0;
  const blank = (): string =>
    ['', '', '', '', '', '', ' ', '\n', '\t\r', '  '][noise[turn++ % noise.length] ?? 0] ?? '';
  const write = (part: unknown): string => {
    if (Array.isArray(part))
      return `[${blank()}${part.map((item) => write(item)).join(`${blank()},${blank()}`)}${blank()}]`;
    if (typeof part !== 'object' || part === null) return JSON.stringify(part);
    const members = Object.entries(part).map(
      ([name, item]) => `${JSON.stringify(name)}${blank()}:${blank()}${write(item)}`,
    );
    return `{${blank()}${members.join(`${blank()},${blank()}`)}${blank()}}`;
  };
  return blank() + write(value) + blank();
}

function isAccepted(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('spliceEnvelope, for any input', () => {
  it('sets success and traceId and changes no other value', () => {
    fc.assert(
      fc.property(
        object,
        seed,
        fc.constantFrom(200, 201, 302, 404, 500),
        fc.boolean(),
        (value, noise, status, force) => {
          const result = spliceEnvelope(Buffer.from(print(value, noise)), { ...context, status, forceFailure: force });
          if (result.kind !== 'spliced' && result.kind !== 'untouched') throw new Error(JSON.stringify(result));
          const isOk = status < 300 && !force;
          const own = Object.hasOwn(value, 'success') ? value['success'] : undefined;
          const success = isOk && (typeof own === 'boolean' ? own : true);
          // JSON.stringify knows no -0, so the value is compared as it was written.
          const written = JSON.parse(JSON.stringify(value)) as object;
          expect(JSON.parse(result.body.toString())).toEqual({ ...written, success, traceId: 'trace-1' });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('leaves every byte outside the spliced places as it was', () => {
    fc.assert(
      fc.property(object, seed, (value, noise) => {
        const { success: _success, traceId: _traceId, ...rest } = value;
        const text = print(rest, noise).trimStart();
        const result = spliceEnvelope(Buffer.from(text), context);
        const comma = Object.keys(rest).length === 0 ? '' : ',';
        expect(result.kind === 'spliced' && result.body.toString()).toBe(
          `{"success":true,"traceId":"trace-1"${comma}${text.slice(1)}`,
        );
      }),
    );
  });

  it('is idempotent', () => {
    fc.assert(
      fc.property(object, seed, (value, noise) => {
        const once = spliceEnvelope(Buffer.from(print(value, noise)), context);
        if (once.kind !== 'spliced' && once.kind !== 'untouched') throw new Error(once.kind);
        const twice = spliceEnvelope(once.body, context);
        expect(twice.kind === 'untouched' && twice.body.equals(once.body)).toBe(true);
      }),
    );
  });

  it('never serves an object that was cut short', () => {
    fc.assert(
      fc.property(object, seed, fc.nat(), (value, noise, at) => {
        const whole = Buffer.from(print(value, noise).trim());
        const cut = whole.subarray(0, at % whole.length);
        const expected = cut.length === 0 ? { kind: 'not-json' } : { kind: 'bad', reason: 'cut-short' };
        expect(spliceEnvelope(cut, context)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('never throws on arbitrary bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.boolean(),
        fc.boolean(),
        (bytes, wrap, tolerateFirstDocument) => {
          expect(() => spliceEnvelope(Buffer.from(bytes), { ...context, wrap, tolerateFirstDocument })).not.toThrow();
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('accepts exactly what JSON.parse accepts', () => {
    const token = fc.constantFrom(
      ...'{}[],:"\\/ \n\t01.5eE+-ux'.split(''),
      'true',
      'null',
      '"a"',
      '\\u00e9',
      '\\n',
      '\u0001',
      'é',
    );
    const soup = fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join(''));
    const mutated = fc.tuple(fc.jsonValue(), seed, fc.nat(), token).map(([value, noise, at, insert]) => {
      const text = print(value, noise);
      const place = at % (text.length + 1);
      return text.slice(0, place) + insert + text.slice(place + (at % 3));
    });
    fc.assert(
      fc.property(fc.oneof(soup, mutated, fc.string()), (text) => {
        const { kind } = spliceEnvelope(Buffer.from(text), context);
        expect(kind === 'spliced' || kind === 'untouched').toBe(isAccepted(text.replace(/^[ \n\r\t\ufeff]*/, '')));
      }),
      { numRuns: 3000 },
    );
  });
});
