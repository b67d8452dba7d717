import { readDisposition } from './disposition.js';
import { ABSENT, type FieldValue, NOT_SCALAR } from './field-value.js';
import { phpFieldName } from './php-name.js';

/** Past so many parts what PHP reads depends on its settings: max_input_vars for fields, max_multipart_body_parts for all. */
const MAX_PARTS = 1000;
/** PHP reads lines through a buffer of 5,120 bytes and breaks longer ones apart, where we would not. */
const MAX_LINE_BYTES = 5000;
const LF = 0x0a;
const CR = 0x0d;
const BLANK = /^[ \t\n\v\f\r]/;

/**
 * Reads one field of a `multipart/form-data` body exactly as PHP fills `$_POST` (main/rfc1867.c), not as RFC 7578 says:
 * else a client could show us one `action` and PHP another. The last of several wins, files are passed over. Where PHP's
 * settings decide (too many parts, over-long lines, a delimiter within a file) or the script does (no boundary: PHP leaves
 * the body to `php://input`), the answer is `not-scalar`, so that no policy is picked by guess.
 */
export function readMultipartValue(body: Buffer, contentType: string, name: string): FieldValue {
  const boundary = readBoundary(contentType);
  if (boundary === undefined) return NOT_SCALAR;
  const delimiter = `--${boundary}`;
  const next = Buffer.from(`\n${delimiter}`, 'latin1');
  let found: FieldValue = ABSENT;
  let parts = 0;
  let at = 0;
  while (at < body.length) {
    const head = skipToPart(body, at, delimiter);
    if (head === undefined) return found;
    const part = head < 0 ? undefined : readHead(body, head);
    if (part === undefined) return NOT_SCALAR;
    at = part.end;
    parts += 1;
    if (part.disposition === undefined) continue;
    const spelt = readDisposition(part.disposition);
    if (spelt.name === undefined && spelt.filename === undefined) return found;
    const stop = body.indexOf(next, at);
    const end = stop === -1 ? cutShort(body, at, next) : stop;
    if (spelt.filename === undefined) {
      const field = phpFieldName(spelt.name ?? '');
      if (field.name === name)
        found = parts > MAX_PARTS || field.isArray ? NOT_SCALAR : valueOf(body, at, end, end < body.length);
    } else if (body.subarray(at, end).includes(delimiter, 0, 'latin1')) {
      // A file that PHP does not take (no file name, odd field name, one too many) it passes over by lines, from the
      // first byte on: then a delimiter there starts a part. In a file that it takes it does not.
      return NOT_SCALAR;
    }
    at = end;
  }
  return found;
}

/** Where a value ends that no delimiter ends: before what may be the start of one. */
function cutShort(body: Buffer, from: number, next: Buffer): number {
  for (let at = Math.max(from, body.length - next.length + 1); at < body.length; at += 1) {
    if (next.subarray(0, body.length - at).equals(body.subarray(at))) return at;
  }
  return body.length;
}

function valueOf(body: Buffer, start: number, end: number, isDelimited: boolean): FieldValue {
  const stop = isDelimited && end > start && body[end - 1] === CR ? end - 1 : end;
  return { kind: 'value', value: body.toString('utf8', start, stop) };
}

/** Offset after the next line that is the delimiter and nothing else; undefined: none; -1: a line PHP would break apart. */
function skipToPart(body: Buffer, from: number, delimiter: string): number | undefined {
  for (let at = from; at < body.length;) {
    const end = lineEnd(body, at);
    if (end - at > MAX_LINE_BYTES) return -1;
    if (end === body.length) return undefined;
    if (lineText(body, at, end) === delimiter) return end + 1;
    at = end + 1;
  }
  return undefined;
}

interface PartHead {
  readonly disposition: string | undefined;
  readonly end: number;
}

/** Reads header lines up to an empty one; undefined when a line is too long. The first Content-Disposition counts. */
function readHead(body: Buffer, from: number): PartHead | undefined {
  const headers: [key: string, value: string][] = [];
  let at = from;
  while (at < body.length) {
    const end = lineEnd(body, at);
    if (end - at > MAX_LINE_BYTES) return undefined;
    // What no line feed ends is no line for PHP: it is left to the value.
    if (end === body.length) break;
    const line = lineText(body, at, end);
    at = end + 1;
    if (line === '') break;
    const colon = BLANK.test(line) ? -1 : line.indexOf(':');
    const last = headers.at(-1);
    if (colon !== -1)
      headers.push([line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^[ \t\n\v\f\r]+/, '')]);
    else if (last !== undefined) last[1] += line;
  }
  return { disposition: headers.find(([key]) => key === 'content-disposition')?.[1], end: at };
}

function lineEnd(body: Buffer, from: number): number {
  const end = body.indexOf(LF, from);
  return end === -1 ? body.length : end;
}

/** A line as a C string: without its CR, and up to a NUL byte. */
function lineText(body: Buffer, start: number, end: number): string {
  const stop = end > start && body[end - 1] === CR ? end - 1 : end;
  const text = body.toString('latin1', start, stop);
  const nul = text.indexOf('\0');
  return nul === -1 ? text : text.slice(0, nul);
}

/** As PHP finds it: the first "boundary" anywhere, up to a quote, or a comma or semicolon. */
function readBoundary(contentType: string): string | undefined {
  let at = contentType.indexOf('boundary');
  if (at === -1) at = contentType.toLowerCase().indexOf('boundary');
  const equals = at === -1 ? -1 : contentType.indexOf('=', at);
  if (equals === -1) return undefined;
  const value = contentType.slice(equals + 1);
  if (!value.startsWith('"')) return value.split(/[,;]/, 1)[0];
  const close = value.indexOf('"', 1);
  return close === -1 ? undefined : value.slice(1, close);
}
