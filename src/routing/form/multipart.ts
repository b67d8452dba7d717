import { readDisposition } from './disposition.js';
import { ABSENT, type FieldValue, NOT_SCALAR } from './field-value.js';
import { phpFieldName } from './php-name.js';

/** Past so many parts what PHP reads depends on its settings: max_input_vars for fields, max_multipart_body_parts for all. */
export const MAX_PARTS = 1000;
/** PHP reads lines through a buffer of 5,120 bytes and breaks longer ones apart, where we would not. */
const MAX_LINE_BYTES = 5000;
/** RFC 2046, section 5.1.1, allows 70; looking for one of kilobytes in a body of look-alikes takes half a minute. */
const MAX_BOUNDARY_BYTES = 200;
/** What is no value and no file, in all: lines before and between parts, and their heads, which are read line by line. */
const MAX_LINES_BYTES = 512 * 1024;
const LF = 0x0a;
const CR = 0x0d;
const BLANK = /^[ \t\n\v\f\r]/;

/** One part of a body: what its Content-Disposition says, and where its content stands. */
export interface Part {
  readonly name: string | undefined;
  readonly filename: string | undefined;
  /** As the client announces it, '' where it does not. */
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Reads one field of a `multipart/form-data` body exactly as PHP fills `$_POST`. The last of several wins, files are passed
 * over. Where only PHP's settings or the script can tell what it says, the answer is `not-scalar`, so that no policy is
 * picked by guess.
 */
export function readMultipartValue(body: Buffer, contentType: string, name: string): FieldValue {
  let found: FieldValue = ABSENT;
  const outcome = walkParts(body, contentType, (part) => {
    if (part.filename !== undefined) return;
    const field = phpFieldName(part.name ?? '');
    if (field.name !== name) return;
    found = field.isArray ? NOT_SCALAR : { kind: 'value', value: body.toString('utf8', part.start, part.end) };
  });
  return outcome === 'read' ? found : NOT_SCALAR;
}

/**
 * Visits the parts of a `multipart/form-data` body as PHP takes it apart (main/rfc1867.c), not as RFC 7578 says: else a
 * client could show us one field and PHP another. Nothing is copied.
 * @returns `unclear` where PHP's settings decide (over-long lines, a delimiter within a file) or the script does (no
 * boundary: PHP leaves the body to `php://input`), and where no honest client writes so (a long boundary, megabytes of
 * heads); `too many` past MAX_PARTS
 */
export function walkParts(
  body: Buffer,
  contentType: string,
  visit: (part: Part) => void,
): 'read' | 'unclear' | 'too many' {
  const boundary = readBoundary(contentType);
  if (boundary === undefined || boundary.length > MAX_BOUNDARY_BYTES) return 'unclear';
  const delimiter = `--${boundary}`;
  const next = Buffer.from(`\n${delimiter}`, 'latin1');
  let count = 0;
  let at = 0;
  let lines = 0;
  while (at < body.length) {
    // No further than the bytes that are left for lines: beyond them there is nothing to be told.
    const limit = at + MAX_LINES_BYTES - lines;
    const start = skipToPart(body, at, delimiter, limit);
    if (start === undefined) return 'read';
    const head = start < 0 ? undefined : readHead(body, start, limit);
    if (head === undefined) return 'unclear';
    lines += head.end - at;
    at = head.end;
    count += 1;
    if (count > MAX_PARTS) return 'too many';
    if (head.disposition === undefined) continue;
    const { name, filename } = readDisposition(head.disposition);
    if (name === undefined && filename === undefined) return 'read';
    const stop = body.indexOf(next, at);
    const end = stop === -1 ? cutShort(body, at, next) : stop;
    // A file that PHP does not take (no file name, odd field name, one too many) it passes over by lines, from the
    // first byte on: then a delimiter there starts a part. In a file that it takes it does not.
    if (filename !== undefined && body.subarray(at, end).includes(delimiter, 0, 'latin1')) return 'unclear';
    const hasCr = end < body.length && end > at && body[end - 1] === CR;
    visit({ name, filename, type: head.type, start: at, end: hasCr ? end - 1 : end });
    at = end;
  }
  return 'read';
}

/** Where a value ends that no delimiter ends: before what may be the start of one. */
function cutShort(body: Buffer, from: number, next: Buffer): number {
  for (let at = Math.max(from, body.length - next.length + 1); at < body.length; at += 1) {
    if (next.subarray(0, body.length - at).equals(body.subarray(at))) return at;
  }
  return body.length;
}

/** Offset after the next line that is the delimiter and nothing else; undefined: none; -1: not up to `limit`, or a line PHP would break apart. */
function skipToPart(body: Buffer, from: number, delimiter: string, limit: number): number | undefined {
  for (let at = from; at < body.length;) {
    const end = lineEnd(body, at);
    if (end - at > MAX_LINE_BYTES || at > limit) return -1;
    if (end === body.length) return undefined;
    if (lineText(body, at, end) === delimiter) return end + 1;
    at = end + 1;
  }
  return undefined;
}

interface PartHead {
  readonly disposition: string | undefined;
  readonly type: string;
  readonly end: number;
}

/** Reads header lines up to an empty one; undefined when a line is too long, or past `limit`. Of several with one name the first counts. */
function readHead(body: Buffer, from: number, limit: number): PartHead | undefined {
  const headers: [key: string, value: string][] = [];
  let at = from;
  while (at < body.length) {
    const end = lineEnd(body, at);
    if (end - at > MAX_LINE_BYTES || at > limit) return undefined;
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
  const valueOf = (name: string): string | undefined => headers.find(([key]) => key === name)?.[1];
  return { disposition: valueOf('content-disposition'), type: valueOf('content-type') ?? '', end: at };
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
