import { promisify } from 'node:util';
import { brotliDecompress, inflate, unzip } from 'node:zlib';

const decoders: Readonly<Record<string, (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>> = {
  gzip: promisify(unzip),
  'x-gzip': promisify(unzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/**
 * Undoes an answer's content coding (RFC 9110, section 8.4) within a bound on what comes out.
 * Undefined when the coding is unknown, the data broken or the result too long.
 */
export async function decodeContent(
  body: Buffer,
  coding: string | undefined,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const name = coding?.trim().toLowerCase() ?? 'identity';
  if (name === 'identity' || name === '' || body.byteLength === 0) return body;
  const decode = decoders[name];
  if (decode === undefined) return undefined;
  try {
    return await decode(body, { maxOutputLength: maxBytes });
  } catch {
    return undefined;
  }
}
