import { describe, expect, it } from '@jest/globals';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { decodeContent } from './content-coding.js';

const text = Buffer.from(`{"text":"${'donna '.repeat(200)}"}`);

describe('decodeContent', () => {
  it.each([
    ['gzip', gzipSync(text)],
    ['X-GZIP', gzipSync(text)],
    [' deflate ', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['identity', text],
    ['none', text],
    ['UTF-8', text],
    [undefined, text],
  ])('undoes %s', async (coding, body) => {
    expect((await decodeContent(body, coding, text.length))?.equals(text)).toBe(true);
  });

  it('takes an empty body for empty whatever it says', async () => {
    expect((await decodeContent(Buffer.alloc(0), 'gzip', 10))?.length).toBe(0);
  });

  it.each([
    ['gzip', 'a bomb', gzipSync(Buffer.alloc(1_000_000)), 1000],
    ['gzip', 'broken data', Buffer.from('not gzip'), 1000],
    ['gzip', 'data cut short', gzipSync(text).subarray(0, 20), 10_000],
    ['aes128gcm', 'an unknown coding', text, 10_000],
    ['gzip, br', 'codings in a row', gzipSync(text), 10_000],
  ])('gives up %s: %s', async (coding, _case, body, bound) => {
    expect(await decodeContent(body, coding, bound)).toBeUndefined();
  });
});
