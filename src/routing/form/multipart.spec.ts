import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeWith } from '../../../test/setup/parts.js';
import { type PhpFields, type PostEcho, startPostEcho } from '../../../test/support/php-fields.js';
import { expectCpuBelow } from '../../../test/support/cpu-time.js';
import { type FieldValue, readMultipartValue } from './index.js';

const ABSENT = Symbol('absent');
const NOT_SCALAR = Symbol('not-scalar');
type Expected = string | typeof ABSENT | typeof NOT_SCALAR;
interface Case {
  readonly title: string;
  readonly body: string;
  readonly expected: Expected;
  /** What PHP finds where we are stricter than it. */
  readonly php?: Expected;
  readonly type?: string;
}

const TYPE = 'multipart/form-data; boundary=B';
const FORM_DATA = 'Content-Disposition: form-data; ';
const END = '--B--\r\n';
const part = (head: string, value: string, eol = '\r\n'): string => `--B${eol}${head}${eol}${eol}${value}${eol}`;
const field = (name: string, value: string): string => part(`${FORM_DATA}name="${name}"`, value);
const file = (name: string, content: string, filename = 'f.txt'): string =>
  part(`${FORM_DATA}name="${name}"; filename="${filename}"`, content);
const action = (value: string): string => field('action', value);
/** A part that only those see who look for its delimiter where another part's content stands. */
const HIDDEN = `--B\r\n${FORM_DATA}name="action"\r\n\r\nevil`;

const headers = (...heads: [title: string, parameters: string, expected: Expected][]): Case[] =>
  heads.map(([title, parameters, expected]) => ({ title, body: part(FORM_DATA + parameters, 'a') + END, expected }));

const CASES: readonly Case[] = [
  { title: 'a plain field', body: action('send') + END, expected: 'send' },
  { title: 'an empty value', body: action('') + END, expected: '' },
  { title: 'an empty body', body: '', expected: ABSENT },
  { title: 'UTF-8', body: action('\u00c3\u00a9') + END, expected: 'é' },
  { title: 'a NUL byte in a value', body: action('a\0b') + END, expected: 'a\0b' },
  { title: 'no action', body: field('x', 'a') + END, expected: ABSENT },
  { title: 'the last of several', body: action('a') + field('x', 'y') + action('b') + END, expected: 'b' },

  // Content-Disposition
  ...headers(
    ['single quotes', "name='action'", 'a'],
    ['no quotes', 'name=action', 'a'],
    ['no quotes, up to a space', 'name=action x', 'a'],
    ['an unclosed quote', 'name="action', 'a'],
    ['the last name= wins', 'name="x"; name="action"', 'a'],
    ['the last name= wins, if it is another', 'name="action"; name="x"', ABSENT],
    ['upper case', 'NAME="action"', 'a'],
    ['several equals signs', 'name=="action"', 'a'],
    ['a space before the equals sign', 'name ="action"', ABSENT],
    ['a space behind it', 'name= "action"', 'a'],
    ['an escaped quote', 'name="act\\"ion"', ABSENT],
    ['an escaped backslash', 'name="\\\\action"', ABSENT],
    ['a semicolon in quotes', 'x="; name=y"; name="action"', 'a'],
    ['a name in the quotes of another', 'x="; name=action"', ABSENT],
    ['a file name in the quotes of another', 'x="; filename=y"; name="action"', 'a'],
    ['a file', 'name="action"; filename="f"', ABSENT],
    ['a file whose name is empty', 'name="action"; filename=""', ABSENT],
    ['a file, its name first', 'filename=f; name="action"', ABSENT],
    ['a file name of RFC 5987, which PHP does not know', `name="action"; filename*=UTF-8''f`, 'a'],
    ['a name of RFC 5987, which PHP does not know', `name*=UTF-8''action`, ABSENT],
    ['neither a name nor a file name', 'x="action"', ABSENT],
    ['leading spaces', 'name="  action"', 'a'],
    ['a trailing space', 'name="action "', ABSENT],
    ['a trailing dot', 'name="action."', ABSENT],
    ['no percent-decoding', 'name="act%69on"', ABSENT],
    ['an array', 'name="action[]"', NOT_SCALAR],
    ['an array with a key', 'name="action[x]"', NOT_SCALAR],
    ['an unclosed bracket', 'name="action["', ABSENT],
    ['a leading bracket', 'name="[action"', ABSENT],
    ['a NUL byte in the name', 'name="action\0x"', 'a'],
  ),

  // Headers
  { title: 'line feeds alone', body: `${part(`${FORM_DATA}name="action"`, 'a', '\n')}--B--\n`, expected: 'a' },
  { title: 'line feeds within the head', body: `--B\r\n${FORM_DATA}name="action"\n\na\r\n${END}`, expected: 'a' },
  {
    title: 'a folded header',
    body: part('Content-Disposition: form-data;\r\n name="action"', 'a') + END,
    expected: 'a',
  },
  {
    title: 'a name that is folded',
    body: part(`${FORM_DATA}name="act\r\nion"`, 'a') + END,
    expected: 'a',
  },
  {
    title: 'another disposition',
    body: part('Content-Disposition: attachment; name="action"', 'a') + END,
    expected: 'a',
  },
  { title: 'no disposition type', body: part('Content-Disposition: name="action"', 'a') + END, expected: 'a' },
  { title: 'upper case', body: part('CONTENT-DISPOSITION:name="action"', 'a') + END, expected: 'a' },
  { title: 'a space before the colon', body: part('Content-Disposition : name="action"', 'a') + END, expected: ABSENT },
  {
    title: 'the first header of two',
    body: part(`${FORM_DATA}name="x"\r\n${FORM_DATA}name="action"`, 'a') + END,
    expected: ABSENT,
  },
  { title: 'a head that a NUL byte ends', body: part(`\0${FORM_DATA}name="action"`, 'a') + END, expected: ABSENT },
  {
    title: 'a part without a disposition, and what follows it',
    body: part('X: y', 'z') + action('a') + END,
    expected: 'a',
  },
  {
    title: 'nothing behind a part without a name',
    body: action('a') + part(FORM_DATA, 'z') + action('b') + END,
    expected: 'a',
  },
  {
    title: 'other headers',
    body: part(`Content-Type: text/plain\r\n${FORM_DATA}name="action"\r\nX: y`, 'a') + END,
    expected: 'a',
  },

  // Delimiters
  { title: 'a preamble', body: `hello\r\n${action('a')}${END}`, expected: 'a' },
  { title: 'a delimiter in the middle of a line', body: action(`se--B\r\n--Bnd`) + END, expected: 'se--B' },
  {
    title: 'a delimiter behind other text',
    body: `x --B\r\n${FORM_DATA}name="action"\r\n\r\na\r\n${END}`,
    expected: ABSENT,
  },
  {
    title: 'a longer line than the delimiter',
    body: `--Bx\r\n${FORM_DATA}name="action"\r\n\r\nz\r\n${END}`,
    expected: ABSENT,
  },
  {
    title: 'a delimiter with spaces behind it',
    body: `--B \r\n${FORM_DATA}name="action"\r\n\r\nz\r\n${END}`,
    expected: ABSENT,
  },
  {
    title: 'a delimiter with a NUL byte behind it',
    body: `--B\0x\r\n${FORM_DATA}name="action"\r\n\r\na\r\n${END}`,
    expected: 'a',
  },
  { title: 'a part behind the closing delimiter', body: action('a') + END + action('b') + END, expected: 'b' },
  { title: 'no closing delimiter', body: action('a'), expected: 'a' },
  { title: 'a body that ends within a value', body: `--B\r\n${FORM_DATA}name="action"\r\n\r\nse`, expected: 'se' },
  { title: 'a body that ends within a delimiter', body: `${action('a')}--`, expected: 'a' },
  { title: 'a body that ends within a head', body: `--B\r\n${FORM_DATA}name="action"`, expected: ABSENT },
  { title: 'a value that ends in CR', body: action('a\r') + END, expected: 'a\r' },
  {
    title: 'a value longer than PHP\u2019s buffer',
    body: action('z'.repeat(12_000)) + END,
    expected: 'z'.repeat(12_000),
  },
  {
    title: 'a delimiter that lies across the end of PHP\u2019s buffer',
    body: action('z'.repeat(5058)) + action('b') + END,
    expected: 'b',
  },

  // The boundary
  { title: 'boundary in quotes', type: 'multipart/form-data; boundary="B"', body: action('a') + END, expected: 'a' },
  { title: 'xboundary=', type: 'multipart/form-data; xboundary=B; boundary=C', body: action('a') + END, expected: 'a' },
  {
    title: 'the first of two',
    type: 'multipart/form-data; boundary=B; boundary=C',
    body: action('a') + END,
    expected: 'a',
  },
  {
    title: 'boundary up to a comma',
    type: 'multipart/form-data; boundary=B,C',
    body: action('a') + END,
    expected: 'a',
  },
  { title: 'BOUNDARY', type: 'Multipart/Form-Data;BOUNDARY=B', body: action('a') + END, expected: 'a' },
  {
    title: 'a lower-case one wins',
    type: 'multipart/form-data; Boundary=C; boundary=B',
    body: action('a') + END,
    expected: 'a',
  },
  {
    title: 'boundary with an equals sign further on',
    type: 'multipart/form-data; boundary x=B',
    body: action('a') + END,
    expected: 'a',
  },
  {
    title: 'an empty boundary',
    type: 'multipart/form-data; boundary=',
    body: action('a').replace('--B', '--'),
    expected: 'a',
  },
  // PHP leaves such a body to php://input, where a script may read it as JSON.
  { title: 'no boundary', type: 'multipart/form-data', body: '{"action":"evil"}', expected: NOT_SCALAR, php: ABSENT },
  {
    title: 'an unclosed boundary',
    type: 'multipart/form-data; boundary="B',
    body: action('a') + END,
    expected: NOT_SCALAR,
    php: ABSENT,
  },

  // Files
  { title: 'a file beside it', body: file('x', 'y') + action('a') + file('z', 'y') + END, expected: 'a' },
  { title: 'a file of the same name', body: action('a') + file('action', 'y') + END, expected: 'a' },
  { title: 'an empty file', body: file('x', '') + action('a') + END, expected: 'a' },
  { title: 'a file that was not chosen', body: file('x', '', '') + action('a') + END, expected: 'a' },
  // Regression: PHP passes over a file that it does not take by lines, and finds parts that look like its content.
  {
    title: 'a part within a file of an odd field name',
    body: file('x]', HIDDEN) + END,
    expected: NOT_SCALAR,
    php: 'evil',
  },
  {
    title: 'a part within a file without a name',
    body: file('x', HIDDEN, '') + END,
    expected: NOT_SCALAR,
    php: 'evil',
  },
  {
    title: 'a part within the 21st file',
    body: file('x', '1').repeat(20) + file('x', HIDDEN) + END,
    expected: NOT_SCALAR,
    php: 'evil',
  },
  {
    title: 'a part within a file, where PHP breaks long lines',
    body: file('x]', 'z'.repeat(5120) + HIDDEN) + END,
    expected: NOT_SCALAR,
    php: 'evil',
  },
  { title: 'a part within a file that PHP takes', body: file('x', HIDDEN) + END, expected: NOT_SCALAR, php: ABSENT },

  // Limits
  { title: 'the 1,000th field', body: field('x', '1').repeat(999) + action('a') + END, expected: 'a' },
  {
    title: 'the 1,001st field',
    body: field('x', '1').repeat(1000) + action('a') + END,
    expected: NOT_SCALAR,
    php: ABSENT,
  },
  // Regression: PHP stops at 1,020 parts of any kind (max_multipart_body_parts), files too.
  {
    title: 'an action behind 1,020 files',
    body: action('evil') + file('x', '1').repeat(1020) + action('good') + END,
    expected: NOT_SCALAR,
    php: 'evil',
  },
  {
    title: 'a header longer than PHP\u2019s buffer',
    body: part(`X: ${'y'.repeat(9000)}\r\n${FORM_DATA}name="action"`, 'a') + END,
    expected: NOT_SCALAR,
    php: 'a',
  },
];

const read = (body: Buffer, type = TYPE, name = 'action'): Expected => toExpected(readMultipartValue(body, type, name));
const toExpected = (value: FieldValue): Expected =>
  value.kind === 'value' ? value.value : value.kind === 'absent' ? ABSENT : NOT_SCALAR;
const bytes = (body: string): Buffer => Buffer.from(body, 'latin1');

describe('a field of a multipart body', () => {
  it.each(CASES)('$title', ({ body, type, expected }) => expect(read(bytes(body), type)).toBe(expected));

  it('has a backslash in its name where two are written', () => {
    expect(read(bytes(part(`${FORM_DATA}name="a\\\\b"`, '1') + END), TYPE, 'a\\b')).toBe('1');
  });

  it('is read from any bytes without throwing', () => {
    const token = fc.oneof(
      fc.constantFrom('--B', '\r\n', '\n', FORM_DATA, 'name=', '"', 'action', ';', '\0', '--'),
      fc.string({ unit: 'binary-ascii', maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(token), fc.string(), (tokens, boundary) => {
        const body = bytes(tokens.join(''));
        for (const type of [TYPE, `multipart/form-data; boundary=${boundary}`, boundary])
          expect(['absent', 'value', 'not-scalar']).toContain(readMultipartValue(body, type, 'action').kind);
      }),
      { seed: 42 },
    );
  });

  it('is what fetch sends', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: fc.constantFrom(...'aZ9é€😀-"; \0\r\n') }), async (value) => {
        const text = value.replaceAll(/\r\n|\r|\n/g, '\r\n');
        const form = new FormData();
        form.append('file', new Blob([text]), 'f.txt');
        form.append('action', text);
        form.append('x', text);
        const sent = new Request('http://127.0.0.1', { method: 'POST', body: form });
        const type = sent.headers.get('content-type') ?? '';
        expect(read(Buffer.from(await sent.arrayBuffer()), type)).toBe(text);
      }),
      { seed: 42, numRuns: 50 },
    );
  });

  it('is read from a hostile body in linear time', () => {
    const bodies = [
      `--B\r\n${FORM_DATA}${';name="'.repeat(50_000)}`,
      `--B\r\nContent-Disposition: x\r\n${' ;name=a\r\n'.repeat(50_000)}\r\n`,
      '--B\r\n\r\n'.repeat(50_000),
      `${field('x', '\n--Bx'.repeat(80_000))}${END}`,
      `${file('x', '\r\n--\n-'.repeat(80_000))}${END}`,
    ];
    for (const body of bodies) {
      // Some milliseconds; in quadratic time, many seconds.
      expectCpuBelow(4000, () => read(bytes(body)));
    }
  });
});

describeWith('php', 'a multipart body, as PHP reads it', (php) => {
  let echo: PostEcho;
  beforeAll(async () => {
    echo = await startPostEcho(php);
  });
  afterAll(async () => echo.stop());

  const inPhp = (fields: PhpFields, name: string): Expected => {
    const value = fields.get(name);
    return value === undefined ? ABSENT : (value ?? NOT_SCALAR);
  };

  it.each(CASES)('agrees: $title', async ({ body, type, expected, php: inPhpOnly }) => {
    const fields = await echo.post(type ?? TYPE, bytes(body));
    expect(inPhp(fields, 'action')).toBe(inPhpOnly ?? expected);
  });

  it('agrees on a backslash in a name', async () => {
    const body = part(`${FORM_DATA}name="a\\\\b"`, '1') + END;
    expect(await echo.post(TYPE, bytes(body))).toEqual(new Map([['a\\b', '1']]));
  });

  /** Not-scalar may be stricter than PHP; what else we say must be what it says. */
  const agree = async (body: string, type: string, tally: Tally): Promise<void> => {
    const fields = await echo.post(type, bytes(body));
    for (const name of ['action', 'a_b']) {
      const ours = read(bytes(body), type, name);
      const theirs = inPhp(fields, name);
      if (typeof theirs === 'string') tally.values += 1;
      if (ours !== NOT_SCALAR) expect([name, ours]).toEqual([name, theirs]);
      else if (theirs !== NOT_SCALAR) tally.stricter += 1;
    }
  };
  interface Tally {
    values: number;
    stricter: number;
  }

  const mostly = (usual: string, ...odd: string[]): fc.Arbitrary<string> =>
    fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...odd) });
  const eol = mostly('\r\n', '\n', '\r\r\n', '\r');
  const names = mostly(
    'action',
    ' action',
    'action[]',
    'action[x',
    'a.b',
    'a b',
    'a[b',
    'x]',
    '[action',
    'action\0x',
    '',
  );
  const quote = mostly('"', "'", '');
  const odd = mostly(
    '',
    '; name="x"',
    '; filename="f"',
    '; filename=""',
    '; x="; filename=y"',
    ";x='; name=z",
    '; x="\\"',
    ';',
    ';\r\n name=action',
    ';\n\tfilename=f',
    '\r\nX: y',
    '\r\nContent-Disposition: form-data; name="action"',
    ' x',
    '\\',
  );
  const head = fc
    .tuple(
      mostly(
        FORM_DATA,
        'Content-Disposition: ',
        'content-disposition:attachment;',
        'Content-Disposition :',
        'X: y\r\n',
        ' ',
      ),
      odd,
      quote,
      names,
      quote,
      odd,
    )
    .map(([start, before, open, name, close, after]) => `${start}x${before};name=${open}${name}${close}${after}`);
  const content = mostly(
    'send',
    'v',
    '',
    '--B',
    'x--B\r\ny',
    '\r\n--Bx',
    'a\0b',
    '\r',
    '\n',
    HIDDEN,
    '--',
    'z'.repeat(5110),
    'é',
  );
  const parts = fc
    .tuple(mostly('--B', '--B--', ' --B', '--Bx', '--B\0', ''), eol, head, eol, eol, content, eol)
    .map((pieces) => pieces.join(''));
  const bodies = fc
    .tuple(
      mostly('', 'preamble\r\n', '\r\n'),
      fc.array(parts, { minLength: 1, maxLength: 4 }),
      mostly(END, '', '--B', '--'),
    )
    .map(([start, some, end]) => start + some.join('') + end);
  const types = mostly(
    TYPE,
    'multipart/form-data; xboundary=B; boundary=C',
    'multipart/form-data;boundary="B"',
    'multipart/form-data; Boundary=B, x',
  );

  it('agrees on 500 random bodies of odd parts', async () => {
    const tally: Tally = { values: 0, stricter: 0 };
    const property = fc.asyncProperty(bodies, types, (body, type) => agree(body, type, tally));
    await fc.assert(property, { seed: 20_260_101, numRuns: 500 });
    // The samples are worth something, and strictness is the exception.
    expect(tally.values).toBeGreaterThan(150);
    expect(tally.stricter).toBeLessThan(100);
  }, 60_000);

  it('agrees on 400 random heaps of what bodies are made of', async () => {
    const token = fc.constantFrom(
      '--B',
      '--B',
      '\r\n--B\r\n',
      '\r\n',
      '\n',
      '\r\n\r\n',
      'val',
      '--',
      'x: y',
      ' fold',
      '\r',
      ':',
      '\0',
      `${FORM_DATA}name="action"`,
      `${FORM_DATA}name="action"; filename="f"`,
      `${FORM_DATA}name=a.b`,
      `${HIDDEN}\r\n`,
    );
    const heaps = fc.array(token, { minLength: 1, maxLength: 14 }).map((tokens) => `--B\r\n${tokens.join('')}`);
    const tally: Tally = { values: 0, stricter: 0 };
    const property = fc.asyncProperty(heaps, (body) => agree(body, TYPE, tally));
    await fc.assert(property, { seed: 20_260_102, numRuns: 400 });
    expect(tally.values).toBeGreaterThan(50);
  }, 60_000);
});
