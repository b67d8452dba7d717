import { describe, expect, it } from '@jest/globals';
import { spliceEnvelope, type EnvelopeContext } from './index.js';

const ok: EnvelopeContext = { traceId: 'T1', status: 200, wrap: false, tolerateFirstDocument: false };
const failed: EnvelopeContext = { ...ok, status: 404 };

function splice(body: string | Buffer, context: EnvelopeContext = ok): string {
  const result = spliceEnvelope(Buffer.from(body), context);
  if (result.kind === 'bad') return `bad:${result.reason}`;
  if (result.kind === 'not-json') return result.kind;
  expect(result.byteLength).toBe(result.body.length);
  return `${result.kind}:${result.body.toString('utf8')}`;
}

describe('spliceEnvelope on an object', () => {
  it.each<[string, string, string, EnvelopeContext?]>([
    ['adds both to {}', '{}', 'spliced:{"success":true,"traceId":"T1"}'],
    ['adds both to { }', '{ }', 'spliced:{"success":true,"traceId":"T1" }'],
    ['adds both before what is there', '{"a":1}', 'spliced:{"success":true,"traceId":"T1","a":1}'],
    ['adds only success', '{"traceId":"T1"}', 'spliced:{"success":true,"traceId":"T1"}'],
    ['adds only traceId', '{ "success":true}', 'spliced:{"traceId":"T1", "success":true}'],
    ['leaves a right one alone', '{"success":true,"traceId":"T1"}\n', 'untouched:{"success":true,"traceId":"T1"}\n'],
    ["keeps PHP's own false on 2xx", '{"success":false,"traceId":"T1"}', 'untouched:{"success":false,"traceId":"T1"}'],
    [
      'replaces a success that is not a boolean',
      '{"success":"no","traceId":"T1"}',
      'spliced:{"success":true,"traceId":"T1"}',
    ],
    [
      'replaces a success that is an object',
      '{"success":{"a":[1]},"traceId":"T1"}',
      'spliced:{"success":true,"traceId":"T1"}',
    ],
    ['replaces null', '{"success":null,"traceId":"T1"}', 'spliced:{"success":true,"traceId":"T1"}'],
    [
      'makes success false on 404',
      '{"success":true,"traceId":"T1"}',
      'spliced:{"success":false,"traceId":"T1"}',
      failed,
    ],
    ['adds false on 302', '{}', 'spliced:{"success":false,"traceId":"T1"}', { ...ok, status: 302 }],
    [
      'makes success false when forced',
      '{"success":true,"traceId":"T1"}',
      'spliced:{"success":false,"traceId":"T1"}',
      { ...ok, forceFailure: true },
    ],
    [
      "replaces another request's trace id",
      '{"traceId":"OLD","success":true}',
      'spliced:{"traceId":"T1","success":true}',
    ],
    [
      'replaces a trace id of another type',
      '{"traceId":12e3,"success":true}',
      'spliced:{"traceId":"T1","success":true}',
    ],
    [
      'replaces an escaped spelling of the same id',
      '{"traceId":"\\u00541","success":true}',
      'spliced:{"traceId":"T1","success":true}',
    ],
    [
      'knows a key written with escapes',
      '{"trace\\u0049d":"OLD","\\u0073uccess":1}',
      'spliced:{"trace\\u0049d":"T1","\\u0073uccess":true}',
    ],
    [
      'makes every duplicate right',
      '{"traceId":"T1","traceId":"X","traceId":"Y","success":true}',
      'spliced:{"traceId":"T1","traceId":"T1","traceId":"T1","success":true}',
    ],
    [
      'lets the last duplicate of success decide',
      '{"success":true,"success":false,"traceId":"T1"}',
      'spliced:{"success":false,"success":false,"traceId":"T1"}',
    ],
    [
      'touches nothing deeper',
      '{"data":{"success":0,"traceId":"X"},"success":true,"traceId":"T1"}',
      'untouched:{"data":{"success":0,"traceId":"X"},"success":true,"traceId":"T1"}',
    ],
    [
      'does not take a longer or shorter key for ours',
      '{"traceIds":1,"succes":2,"traceId\\u0000":3}',
      'spliced:{"success":true,"traceId":"T1","traceIds":1,"succes":2,"traceId\\u0000":3}',
    ],
    [
      'keeps spelling byte for byte',
      '{"f":1.0,"i":9007199254740993,"s":"a\\/b\\u00e9é","d":1,"d":2 , "e":-0E+1}',
      'spliced:{"success":true,"traceId":"T1","f":1.0,"i":9007199254740993,"s":"a\\/b\\u00e9é","d":1,"d":2 , "e":-0E+1}',
    ],
    [
      'drops a byte-order mark and blank lines before',
      '\n\r\n\ufeff \ufeff{"success":true,"traceId":"T1"}',
      'untouched:{"success":true,"traceId":"T1"}',
    ],
    ['drops them when it splices, too', '\ufeff\n{}\n', 'spliced:{"success":true,"traceId":"T1"}\n'],
    ['escapes a trace id that needs it', '{}', 'spliced:{"success":true,"traceId":"a\\"é"}', { ...ok, traceId: 'a"é' }],
  ])('%s', (...[, body, expected, context]) => {
    expect(splice(body, context)).toBe(expected);
  });

  it('shares memory with a body that needs nothing', () => {
    const body = Buffer.from('{"success":true,"traceId":"T1"}');
    const result = spliceEnvelope(body, ok);
    expect(result.kind === 'untouched' && result.body === body).toBe(true);
  });

  it('lets invalid UTF-8 inside a string through unchanged', () => {
    const body = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xc3, 0x28]), Buffer.from('"}')]);
    const result = spliceEnvelope(body, ok);
    expect(result.kind === 'spliced' && result.body.subarray(-8).equals(body.subarray(-8))).toBe(true);
  });
});

describe('spliceEnvelope on arrays and scalars', () => {
  it.each(['[1, {"success":0}]', '"a"', '12', '-0.5e3', 'true', 'null', ' [] '])('leaves %s alone', (body) => {
    expect(splice(body)).toBe(`untouched:${body.trimStart()}`);
  });

  it.each([
    ['[1.0, 2]', '{"success":true,"traceId":"T1","data":[1.0, 2]}'],
    [' "a" \n', '{"success":true,"traceId":"T1","data":"a"}'],
    ['\ufeffnull', '{"success":true,"traceId":"T1","data":null}'],
  ])('wraps %s where the route says so', (body, expected) => {
    expect(splice(body, { ...ok, wrap: true })).toBe(`spliced:${expected}`);
  });

  it('wraps with success false on an error, and never wraps an object', () => {
    expect(splice('[]', { ...failed, wrap: true })).toBe('spliced:{"success":false,"traceId":"T1","data":[]}');
    expect(splice('{}', { ...ok, wrap: true })).toBe('spliced:{"success":true,"traceId":"T1"}');
  });
});

describe('spliceEnvelope on what is broken', () => {
  it.each([
    ['', 'not-json'],
    [' \n', 'not-json'],
    ['<html>{"a":1}</html>', 'not-json'],
    ['<!doctype html><script>x={"a":1}</script>', 'not-json'],
    ['OK', 'not-json'],
    ['nothing here', 'not-json'],
    ['body{color:red}', 'not-json'],
    ['see [1]', 'not-json'],
    ['<br />\n<b>Notice</b>: x in <b>/a.php</b> on line <b>3</b><br />\n{"a":1}', 'bad:leading-noise'],
    ['<br />\n<b>Notice</b>: x<br />\n{"a":1}\n<br />\n<b>Warning</b>', 'bad:leading-noise'],
    ['Warning: Undefined variable {$x} in a.php on line 3\n[1]\n', 'bad:leading-noise'],
    ['debug{"a":1}', 'bad:leading-noise'],
    ['{"a":1}{"b":2}', 'bad:second-document'],
    ['{"a":1}\n[2]', 'bad:second-document'],
    ['{"a":1}{"b":', 'bad:second-document'],
    ['1\n2', 'bad:second-document'],
    ['{"a":1}\n<br />\n<b>Warning</b>', 'bad:trailing-bytes'],
    ['{"a":1}[12-Nov-2025] PHP Notice', 'bad:trailing-bytes'],
    ['{"a":1}}', 'bad:trailing-bytes'],
    ['404 Not Found', 'bad:trailing-bytes'],
    ['{"a":"b', 'bad:cut-short'],
    ['{"a":"b\\', 'bad:cut-short'],
    ['{"a":"\\u00', 'bad:cut-short'],
    ['{"a":tr', 'bad:cut-short'],
    ['[1,', 'bad:cut-short'],
    ['-', 'bad:cut-short'],
    ['{"a":1,}', 'bad:malformed'],
    ['[1,]', 'bad:malformed'],
    ['{a:1}', 'bad:malformed'],
    ["{'a':1}", 'bad:malformed'],
    ['{"a":01}', 'bad:malformed'],
    ['{"a":1.}', 'bad:malformed'],
    ['{"a":+1}', 'bad:malformed'],
    ['{"a":TRUE}', 'bad:malformed'],
    ['{"a":"\t"}', 'bad:malformed'],
    ['{"a":"\\x"}', 'bad:malformed'],
    ['{"a":"\\u12g4"}', 'bad:malformed'],
    ['[1}', 'bad:malformed'],
    ['{"a"\n<b>Notice</b>:1}', 'bad:malformed'],
    ['{"a":1,"b":<br />', 'bad:malformed'],
  ])('%j is %s', (body, expected) => {
    expect(splice(body)).toBe(expected);
  });

  it('bounds the depth without recursion', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(splice(nested(512))).toBe(`untouched:${nested(512)}`);
    expect(splice(nested(513))).toBe('bad:too-deep');
    expect(splice('['.repeat(1_000_000))).toBe('bad:too-deep');
    expect(splice('{"a":[[]]}', { ...ok, maxDepth: 2 })).toBe('bad:too-deep');
    expect(splice(nested(600), { ...ok, maxDepth: 600 })).toBe(`untouched:${nested(600)}`);
  });

  it('keeps the first document where the route tolerates it', () => {
    const tolerant = { ...ok, tolerateFirstDocument: true };
    expect(splice('{"a":1}{"b":2}', tolerant)).toBe('spliced:{"success":true,"traceId":"T1","a":1}');
    expect(splice('[1]\n<br />\n<b>Warning</b>', tolerant)).toBe('untouched:[1]');
    expect(splice('404 Not Found', tolerant)).toBe('bad:trailing-bytes');
    expect(splice('{"a":1', tolerant)).toBe('bad:cut-short');
  });
});
