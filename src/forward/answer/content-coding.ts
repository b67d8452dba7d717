import { promisify } from 'node:util';
import { brotliDecompress, inflate, inflateRaw, unzip } from 'node:zlib';

type Decoder = (body: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

const viaZlib: Decoder = promisify(inflate);
const raw: Decoder = promisify(inflateRaw);
const DEFLATED = 8;

/** `deflate` means the zlib format, but much software sends the bare stream (RFC 9110, section 8.4.1.2). */
const undeflate: Decoder = (body, options) => (((body[0] ?? 0) & 0x0f) === DEFLATED ? viaZlib : raw)(body, options);

const decoders: ReadonlyMap<string, Decoder> = new Map([
  ['gzip', promisify(unzip)],
  ['x-gzip', promisify(unzip)],
  ['deflate', undeflate],
  ['br', promisify(brotliDecompress)],
]);

/** Codings that are none: PHP scripts say `none` to get round compression, or mistake the field for the charset's. */
const NO_CODINGS = new Set(['', 'identity', 'none', 'utf-8', 'utf8', 'binary', '8bit']);

/** Whether a content coding says that there is none. */
export function isPlain(coding: string | undefined): boolean {
  return coding === undefined || NO_CODINGS.has(coding.trim().toLowerCase());
}

/**
 * Undoes an answer's content coding (RFC 9110, section 8.4) within a bound on what comes out.
 * Undefined when the coding is unknown, the data broken or the result too long.
 */
export async function decodeContent(
  body: Buffer,
  coding: string | undefined,
  maxBytes: number,
): Promise<Buffer | undefined> {
  if (isPlain(coding) || body.byteLength === 0) return body;
  const decode = decoders.get(coding?.trim().toLowerCase() ?? '');
  if (decode === undefined) return undefined;
  try {
    return await decode(body, { maxOutputLength: maxBytes });
  } catch {
    return undefined;
  }
}
