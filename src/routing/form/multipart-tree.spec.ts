import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeWith } from '../../../test/setup/parts.js';
import { type PostEcho, startPostEcho } from '../../../test/support/php-fields.js';
import { asText, plain } from '../../../test/support/php-trees.js';
import { textOfBytes } from './field-tree.js';
import { readMultipartTree } from './index.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const TYPE = 'multipart/form-data; boundary=B';

describe('the files of a multipart body', () => {
  const head = (name: string, filename: string, type = 'audio/wav'): string =>
    `--B\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: ${type}\r\n\r\n`;

  it('are told of without a copy of 10 MB', () => {
    const content = Buffer.alloc(10 << 20, 'RIFF');
    const body = Buffer.concat([bytes(head('audio', 'C:\\x\\a.wav')), content, bytes('\r\n--B--\r\n')]);
    readMultipartTree(body, TYPE);
    const before = process.memoryUsage();
    const reading = readMultipartTree(body, TYPE);
    expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(1 << 20);
    const file = reading.kind === 'read' ? reading.value.files.get('audio') : undefined;
    expect(file).toMatchObject({ clientName: 'a.wav', announcedType: 'audio/wav', size: 10 << 20 });
    // A view of the body.
    expect(file !== 'several' && file?.head.buffer).toBe(body.buffer);
  });

  it.each([
    ['more than 20', `${head('a', 'f')}x\r\n`.repeat(21)],
    ['more than 1,000 parts', '--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n'.repeat(1001)],
    ['a delimiter within one', `${head('a]', 'f')}--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n`],
  ])('are refused for %s', (_title, body) => {
    expect(readMultipartTree(bytes(`${body}--B--\r\n`), TYPE).kind).toBe('refused');
  });
});

describeWith('php', 'fields and files of a multipart body, as PHP reads them', (php) => {
  let echo: PostEcho;
  beforeAll(async () => {
    echo = await startPostEcho(php);
  });
  afterAll(async () => echo.stop());

  it('agrees on 400 random multipart bodies, their files and all', async () => {
    const names = fc.constantFrom(
      'a',
      'b',
      'a[]',
      'a[x]',
      'a[x][]',
      'a.b',
      'a b',
      ' a',
      'a[',
      'a]',
      '[a',
      'a[x]y',
      'a[[x]]',
      'a[0]',
      '',
    );
    const filenames = fc.constantFrom('f.wav', 'C:\\x\\f.wav', '/etc/f', 'é', '', 'a;b');
    const eol = fc.constantFrom('\r\n', '\r\n', '\r\n', '\n');
    const part = fc
      .tuple(
        names,
        fc.option(filenames),
        fc.constantFrom('', 'Content-Type: audio/wav; x=y\r\n', 'content-type:text/plain\r\n'),
        eol,
        fc.constantFrom('v', '', 'é', 'x'.repeat(6000)),
      )
      .map(([name, filename, type, end, content]) => {
        const file = filename === null ? '' : `; filename="${filename}"`;
        return `--B\r\nContent-Disposition: form-data; name="${name}"${file}\r\n${type}\r\n${content}${end}`;
      });
    const bodies = fc
      .array(part, { minLength: 1, maxLength: 5 })
      .map((parts) => Buffer.from(`${parts.join('')}--B--\r\n`));
    let files = 0;
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const expected = await echo.tree(TYPE, body);
        const reading = readMultipartTree(body, TYPE);
        if (reading.kind !== 'read') throw new Error('not read');
        expect(plain(reading.value.fields)).toEqual(asText(expected.post));
        const ours = [...reading.value.files].map(([name, file]) => [
          name,
          file === 'several' ? null : { name: file.clientName, type: file.announcedType, size: file.size },
        ]);
        const theirs = [...expected.files].map(([name, file]) => [
          textOfBytes(name),
          file && { name: textOfBytes(file.name), type: file.type, size: file.size },
        ]);
        files += theirs.length;
        expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs));
      }),
      { seed: 20_261_124, numRuns: 400 },
    );
    expect(files).toBeGreaterThan(200);
  }, 60_000);
});
