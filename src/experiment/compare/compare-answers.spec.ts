import { describe, expect, it } from '@jest/globals';
import { type Answer, compareAnswers, type CompareSettings, compileRules, type Observation } from '../index.js';

const NOW = Date.UTC(2026, 10, 23);

function answer(body: string | Buffer, change: Partial<Answer> = {}): Answer {
  return { status: 200, headers: [], body: Buffer.from(body), contentType: 'application/json', ms: 5, ...change };
}

function compare(a: string | Answer, b: string | Answer, settings: CompareSettings = {}): Observation {
  const toAnswer = (side: string | Answer): Answer => (typeof side === 'string' ? answer(side) : side);
  return compareAnswers(toAnswer(a), toAnswer(b), compileRules(settings), NOW);
}

function told(observation: Observation): string[] {
  return observation.differences.map(({ kind, field }) => `${kind} ${field}`);
}

describe('compareAnswers on JSON', () => {
  it.each<[string, string, string, string[]]>([
    ['equal trees in other blanks and another order', '{"a":1,"b":[true]}', ' {"b": [true],\n"a":1} ', []],
    ['a missing field', '{"a":1,"b":2}', '{"a":1}', ['missing /b']],
    ['an extra field', '{"a":1}', '{"a":1,"b":2}', ['extra /b']],
    ['another type', '{"a":1}', '{"a":"1"}', ['type /a']],
    ['null for a string', '{"a":"x"}', '{"a":null}', ['type /a']],
    ['an empty array for an empty object', '{"a":{}}', '{"a":[]}', ['type /a']],
    ['another value, in an array', '{"a":[{"b":1},{"b":2}]}', '{"a":[{"b":1},{"b":3}]}', ['value /a/*/b']],
    ['1.0 for 1', '{"a":1}', '{"a":1.0}', ['spelling /a']],
    ['1e2 for 100', '{"a":100}', '{"a":1e2}', ['spelling /a']],
    ['the neighbour of a 64-bit integer', '{"a":9007199254740993}', '{"a":9007199254740992}', ['value /a']],
    ['the 20th digit of a fraction', '{"a":0.10000000000000000001}', '{"a":0.1}', ['value /a']],
    ['a huge exponent', '{"a":1e999999999999}', '{"a":1e999999999998}', ['value /a']],
    ['escapes spelt otherwise', '{"a":"\\u00e9\\/"}', '{"a":"é/"}', []],
    ['a key spelt with escapes', '{"\\u0061":1}', '{"a":1}', []],
    ['duplicate keys: the last counts', '{"a":1,"a":2}', '{"a":2}', []],
    ['duplicate keys that end otherwise', '{"a":2,"a":1}', '{"a":2}', ['value /a']],
    ['the trace id', '{"traceId":"x","a":1}', '{"a":1,"traceId":"y"}', []],
    ['a trace id further down, which is data', '{"a":{"traceId":"x"}}', '{"a":{"traceId":"y"}}', ['value /a/traceId']],
    ['items in another order', '[{"a":1},{"a":2}]', '[{"a":2},{"a":1}]', ['order ']],
    ['one item more', '[1,2]', '[1,2,3]', ['extra /*']],
    ['an array cut short', '[1,2]', '[1]', ['missing /*']],
    ['keys with / and ~', '{"a/b":{"~":1}}', '{"a/b":{"~":2}}', ['value /a~1b/~0']],
    ['__proto__ as a key', '{"__proto__":{"a":1}}', '{"__proto__":{"a":2}}', ['value /__proto__/a']],
    ['a constructor that only one has', '{}', '{"constructor":1}', ['extra /constructor']],
    [
      'a map by id, as one field',
      '{"m":{"12":{"a":1},"13":{"a":1}}}',
      '{"m":{"12":{"a":2},"13":{"a":2}}}',
      ['value /m/*/a', 'value /m/*/a'],
    ],
    ['JSON and a page', '{"a":1}', '<html>', ['type body']],
    ['a byte-order mark before it', '\ufeff{"a":1}', '{"a":1}', []],
  ])('tells %s', (_name, a, b, expected) => {
    const observation = compare(a, b);
    expect(told(observation)).toEqual(expected);
    expect(observation.class).toBe(expected.length === 0 ? 'match' : 'mismatch');
  });

  it('takes another spelling of a number where the route says so', () => {
    expect(compare('[1,-0,10]', '[1.0,0,1e1]', { numberSpelling: 'note' }).class).toBe('match');
  });

  it('notes another order of members, and counts it where the route says so', () => {
    const [a, b] = ['{"a":1,"b":2,"c":3}', '{"a":1,"x":0,"c":3,"b":2}'];
    expect(compare(a, b)).toMatchObject({ reordered: 1, counts: { order: 0, extra: 1 } });
    expect(compare(a, b, { memberOrder: 'mismatch' }).counts.order).toBe(1);
    expect(compare('{"a":1,"b":2}', '{"x":0,"a":1,"b":2}').reordered).toBe(0);
  });

  it('tells two strings of broken UTF-8 apart', () => {
    const broken = (byte: number): Answer => answer(Buffer.from([0x22, byte, 0x22]));
    expect(compare(broken(0xff), broken(0xfe)).class).toBe('mismatch');
    expect(compare(broken(0xff), broken(0xff)).class).toBe('match');
    expect(compare(broken(0xff), '"\ufffd"').class).toBe('mismatch');
  });

  it('finds one wrong field of ten thousand, and names it', () => {
    const fields = Array.from({ length: 10_000 }, (_, at) => `"f${at.toString(36)}x":{"v":${at}}`);
    const wrong = [...fields];
    wrong[7321] = wrong[7321]?.replace('7321}', '7322}') ?? '';
    const observation = compare(`{${fields.join(',')}}`, `{${wrong.join(',')}}`);
    expect(told(observation)).toEqual([`value /f${(7321).toString(36)}x/v`]);
    expect(observation.fields.length).toBeLessThanOrEqual(1010);
  });
});

describe('keyed arrays', () => {
  const settings: CompareSettings = { keyed: { '/data': 'id' } };

  it('are compared item by item, whatever their order', () => {
    const a = '{"data":[{"id":1,"v":"a"},{"id":2,"v":"b"},{"id":3,"v":"c"}]}';
    const b = '{"data":[{"id":3,"v":"c"},{"id":1,"v":"a"},{"id":2,"v":"x"}]}';
    expect(compare(a, b, settings)).toMatchObject({ reordered: 1, counts: { value: 1, order: 0 } });
    expect(told(compare(a, b, settings))).toEqual(['value /data/*/v']);
  });

  it('tell what is missing and what is extra', () => {
    const observation = compare('{"data":[{"id":1},{"id":2}]}', '{"data":[{"id":2},{"id":"1"}]}', settings);
    expect(told(observation)).toEqual(['missing /data/*', 'extra /data/*']);
  });

  it('do not hide that a key stands there twice', () => {
    expect(compare('{"data":[{"id":1},{"id":1}]}', '{"data":[{"id":1}]}', settings).counts.missing).toBe(1);
    expect(
      compare('{"data":[{"id":1,"v":1}]}', '{"data":[{"id":1,"v":1},{"id":1,"v":2}]}', settings).counts.extra,
    ).toBe(1);
    expect(compare('{"data":[1,{"x":1}]}', '{"data":[1,{"x":2}]}', settings).counts.value).toBe(1);
  });
});

describe('ignore rules', () => {
  const rule = { pointer: '/data/*/at', reason: 'PHP rounds', expiresAt: NOW + 1 };

  it('ignore what they name, with their reason, and nothing else', () => {
    const observation = compare('{"data":[{"at":1,"b":1}]}', '{"data":[{"at":{"x":2},"b":1}]}', { ignore: [rule] });
    expect(observation).toMatchObject({ class: 'ignored', ignored: 1, differences: [{ ignored: 'PHP rounds' }] });
    expect(compare('{"data":[{"at":1,"b":1}]}', '{"data":[{"b":2}]}', { ignore: [rule] })).toMatchObject({
      class: 'mismatch',
      ignored: 1,
      counts: { value: 1, missing: 0 },
    });
  });

  it('ignore nothing from their day on, and are reported', () => {
    const observation = compare('{"data":[{"at":1}]}', '{"data":[{"at":2}]}', {
      ignore: [{ ...rule, expiresAt: NOW }],
    });
    expect(observation).toMatchObject({ class: 'mismatch', expiredRules: ['/data/*/at'] });
  });

  it('cover headers by name', () => {
    const [a, b] = [answer('{}', { headers: [['Cache-Control', 'no-store']] }), answer('{}')];
    const header = { ...rule, pointer: 'header:cache-control' };
    expect(compare(a, b).class).toBe('mismatch');
    expect(compare(a, b, { ignore: [header] }).class).toBe('ignored');
    expect(compare(a, b, { ignore: [{ ...header, expiresAt: NOW }] }).class).toBe('mismatch');
  });

  it.each([
    [{ ...rule, reason: ' ' }, /no reason/],
    [{ ...rule, expiresAt: Number.NaN }, /no expiry/],
    [{ ...rule, pointer: '/*' }, /whole body/],
    [{ ...rule, pointer: '/*/*' }, /whole body/],
    [{ ...rule, pointer: '' }, /no JSON pointer/],
    [{ ...rule, pointer: 'status' }, /no JSON pointer/],
    [{ ...rule, pointer: '/data/0/at' }, /write "\*"/],
  ])('%j is refused', (wrong, message) => {
    expect(() => compileRules({ ignore: [wrong] })).toThrow(message);
  });
});

describe('status, headers and bytes', () => {
  const header = (...headers: [string, string][]): Answer => answer('{}', { headers });

  it.each<[string, Answer, Answer, string[]]>([
    ['another status', answer('{}'), answer('{}', { status: 404 }), ['value status']],
    [
      'a charset of JSON, which means nothing',
      answer('{}'),
      answer('{}', { contentType: 'Application/JSON; charset=UTF-8' }),
      [],
    ],
    [
      'a charset of a page',
      answer('a', { contentType: 'text/html; charset=utf-8' }),
      answer('a', { contentType: 'text/html' }),
      ['value header:content-type'],
    ],
    [
      'directives in another order',
      header(['cache-control', 'no-store, private']),
      header(['Cache-Control', 'Private,no-store']),
      [],
    ],
    [
      'another value of a cookie',
      header(['set-cookie', 'a=1; Path=/; HttpOnly']),
      header(['Set-Cookie', 'a=2; httponly; path=/']),
      [],
    ],
    [
      'a cookie without HttpOnly',
      header(['set-cookie', 'a=1; Path=/; HttpOnly']),
      header(['set-cookie', 'a=1; Path=/']),
      ['value header:set-cookie'],
    ],
    [
      'one cookie of two',
      header(['set-cookie', 'a=1'], ['set-cookie', 'b=1']),
      header(['set-cookie', 'a=1']),
      ['value header:set-cookie'],
    ],
    ['another ETag', header(['etag', '"a"']), header(['etag', 'W/"b"']), []],
    ['no Retry-After', header(['retry-after', '5']), header(), ['missing header:retry-after']],
    ['another Location', header(['location', '/a']), header(['location', '/b']), ['value header:location']],
    ['a header that does not count', header(['x-powered-by', 'PHP']), header(), []],
    [
      'other bytes',
      answer('abc', { contentType: 'audio/mpeg' }),
      answer('abd', { contentType: 'audio/mpeg' }),
      ['value body'],
    ],
    ['the same bytes', answer('abc'), answer('abc'), []],
    ['nothing and nothing', answer(''), answer(''), []],
  ])('tells %s', (_name, a, b, expected) => {
    expect(told(compare(a, b))).toEqual(expected);
  });

  it('never keeps the value of a cookie, a location, a string or a long number', () => {
    const secret = 'hunter2hunter2';
    const side = (text: string): Answer =>
      answer(`{"a":"${text}","n":49123456789${text.length},"x@y.example":{"b":"${text}"}}`, {
        headers: [
          ['set-cookie', `a=${text}; Path=/${text.length}`],
          ['location', `/reset?token=${text}`],
        ],
      });
    const observation = compare(side(secret), side(`${secret}${secret}`));
    expect(observation.differences).toHaveLength(5);
    expect(JSON.stringify(observation)).not.toMatch(/hunter2|49123456789|x@y/);
  });

  it('asks the redact hook for each value, and shortens what it gives', () => {
    const settings: CompareSettings = {
      redact: (value, field) => `${field}:${value}\n`.repeat(50),
      bounds: { maxValueLength: 20 },
    };
    const [difference] = compare('{"a":"x"}', '{"a":"y"}', settings).differences;
    expect(difference).toMatchObject({ control: '/a:x\\u000a/a:x\\u000a…', candidate: '/a:y\\u000a/a:y\\u000a…' });
  });
});

describe('what cannot be compared', () => {
  it.each<
    [
      string,
      Answer,
      Answer | { failure: 'threw' | 'timeout' | 'overloaded'; message: string; ms: number },
      string,
      string | undefined,
    ]
  >([
    [
      'a candidate that throws',
      answer('{}'),
      { failure: 'threw', message: 'TypeError', ms: 1 },
      'candidate-error',
      'threw: TypeError',
    ],
    [
      'a candidate that is too slow',
      answer('{}'),
      { failure: 'timeout', message: '2000 ms', ms: 2000 },
      'candidate-error',
      'timeout: 2000 ms',
    ],
    [
      'a candidate that was not asked',
      answer('{}'),
      { failure: 'overloaded', message: '', ms: 0 },
      'not-comparable',
      'overloaded',
    ],
    ['a 500 of the candidate', answer('{}'), answer('{}', { status: 500 }), 'candidate-error', 'status 500'],
    ['a 500 of both', answer('{}', { status: 500 }), answer('{}', { status: 500 }), 'match', undefined],
    ['a dead control', answer('{}', { status: 502 }), answer('{}'), 'not-comparable', 'control-failed'],
    ['a body that was cut short', answer('{}', { isCutShort: true }), answer('{}'), 'not-comparable', 'cut-short'],
    [
      'another status before a body cut short',
      answer('{}', { isCutShort: true }),
      answer('{}', { status: 404 }),
      'mismatch',
      undefined,
    ],
    ['a body over the bound', answer('{}'), answer(`"${'x'.repeat(1_048_576)}"`), 'not-comparable', 'too-large'],
    ['too deep a body', answer('['.repeat(200) + ']'.repeat(200)), answer('[]'), 'not-comparable', 'too-deep'],
    ['too many values', answer(`[${'0,'.repeat(250_000)}0]`), answer('[]'), 'not-comparable', 'too-many-values'],
  ])('%s', (_name, a, b, kind, reason) => {
    expect(compareAnswers(a, b, compileRules(), NOW)).toMatchObject({ class: kind, reason });
  });
});
