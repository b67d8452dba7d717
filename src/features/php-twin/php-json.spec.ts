import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isUtf8 } from 'node:buffer';
import { describeWith } from '../../../test/setup/parts.js';
import { jsonText } from '../../../test/support/json-texts.js';
import { runPhp } from '../../../test/support/run-php.js';
import { type PhpJsonOptions, readPhpJson } from './php-json-reader.js';
import { writePhpJson } from './php-json-writer.js';
import { substituteInvalid } from './utf8-substitution.js';

const REENCODE = (depth: number, isAssociative: boolean): string => `
foreach ($in as $text) {
    $value = json_decode($text, ${isAssociative}, ${depth});
    out(json_last_error() === 0 ? 'ok ' . json_encode($value, FLAGS) : 'no');
}`;
const NONE = 'no';

function reencode(text: string, options: PhpJsonOptions): string {
  const node = readPhpJson(text, options);
  return node === undefined ? NONE : `ok ${writePhpJson(node)}`;
}

const HAND_WRITTEN = [
  ['1', '-1', '0', '-0', '-0.0', '0.0', '1.0', '1.10', '1e2', '1E+2', '-0e0', '01', '+1', '1.', '.5', '-', '1e', '--1'],
  ['9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809', '9007199254740993'],
  [
    '99999999999999999999',
    '123456789012345678.0',
    '1e15',
    '1e16',
    '1e17',
    '1e18',
    '0.0001',
    '0.00001',
    '5e-324',
    '1.7e308',
  ],
  [
    '{}',
    '[]',
    '[[]]',
    '[{}]',
    '{"a":{}}',
    '{"a":[]}',
    '{"0":1}',
    '{"1":1,"0":2}',
    '{"0":1,"1":2}',
    '{"a":1,"b":2,"a":3}',
  ],
  [
    '{"01":1,"1":2}',
    '{"-0":1}',
    '{"":1}',
    '{"\\u0000a":1}',
    '{"a\\u0000":"\\u0000"}',
    '{"__proto__":{"a":1}}',
    '{"a":1,}',
    '{"a"}',
  ],
  [
    '"\\ud83d\\ude00"',
    '"\\ud83d"',
    '"\\ude00"',
    '"\\u2028\\u2029"',
    '"\u2028/\\/"',
    '"\\x"',
    '"\\u12"',
    '"a\tb"',
    '"',
    '""',
    '"\u007f\u0085"',
  ],
  [
    'true',
    'TRUE',
    'nul',
    'null',
    ' \r\n\t1 ',
    '\u00a01',
    '\ufeff1',
    '',
    ' ',
    '1 2',
    '[1 2]',
    '[1,]',
    '{1:2}',
    "{'a':1}",
    '[1]x',
  ],
  [30, 31, 32, 33, 63, 64].flatMap((levels) => [nested('[', ']', levels), nested('{"a":', '}', levels, '1')]),
].flat();

function nested(open: string, close: string, levels: number, middle = ''): string {
  return open.repeat(levels) + middle + close.repeat(levels);
}

describeWith('php', 'JSON in PHP’s spelling', (php) => {
  it.each([
    ['objects', 32],
    ['arrays', 32],
    ['arrays', 64],
  ] as const)('reads into %s of depth %i and writes back as PHP does', (objectsAs, depth) => {
    const generated = fc.sample(jsonText, { numRuns: 400, seed: 20_261_123 });
    const texts = [...HAND_WRITTEN, ...generated];
    const expected = runPhp(php, REENCODE(depth, objectsAs === 'arrays'), texts);
    // Otherwise nothing would have been read.
    expect(expected.filter((answer) => answer !== NONE).length).toBeGreaterThan(400);
    expect(expected.filter((answer) => answer === NONE).length).toBeGreaterThan(20);
    expect(texts.map((text) => [text, reencode(text, { depth, objectsAs })])).toEqual(
      texts.map((text, index) => [text, expected[index]]),
    );
  });

  it('leaves out the zero fraction where PHP is not asked to keep it', () => {
    const texts = ['1.0', '-0.0', '1e17', '0.5', '[2.0,{"a":100.0}]'];
    const script = `foreach ($in as $text) out(json_encode(json_decode($text, true), JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES));`;
    const spelling = { keepsZeroFraction: false };
    const written = texts.map((text) =>
      writePhpJson(readPhpJson(text, { depth: 9, objectsAs: 'arrays' }) ?? null, spelling),
    );
    expect(written).toEqual(runPhp(php, script, texts));
  });

  it('puts U+FFFD where and as often as PHP does for bytes that are no UTF-8', () => {
    const byte = fc.oneof(
      fc.constantFrom(0x41, 0x80, 0xbf, 0xc0, 0xc2, 0xe0, 0xe2, 0xed, 0xf0, 0xf4, 0xf5, 0xff),
      fc.nat(255),
    );
    const samples = fc
      .sample(
        fc
          .uint8Array({ minLength: 1, maxLength: 8 })
          .chain((bytes) => fc.array(byte, { minLength: 1, maxLength: bytes.length })),
        {
          numRuns: 2000,
          seed: 7,
        },
      )
      .map((bytes) => Buffer.from(bytes))
      .filter((bytes) => !isUtf8(bytes));
    expect(samples.length).toBeGreaterThan(500);
    // As routing/form hands such bytes on.
    const asText = (bytes: Buffer): string =>
      String.fromCharCode(...[...bytes].map((one) => (one < 0x80 ? one : 0xdc00 + one)));
    const expected = runPhp(php, `foreach ($in as $bytes) out(json_encode($bytes, FLAGS));`, samples);
    expect(samples.map((bytes) => JSON.stringify(substituteInvalid(asText(bytes))))).toEqual(expected);
  });
});
