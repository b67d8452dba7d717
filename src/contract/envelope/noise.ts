import { DEFAULT_MAX_DEPTH, scanDocument } from './json-scanner.js';
import { MALFORMED, OPEN_BRACE, OPEN_BRACKET, byteAt, skipBlank } from './json-token.js';

/** How PHP's display_errors begins what it prints, with html_errors on and off. */
const PHP_DIAGNOSTICS = ['<br />\n<b>', 'Notice: ', 'Warning: ', 'Deprecated: ', 'Fatal error: ', 'PHP '].map((text) =>
  Buffer.from(text),
);
/** Length of `{}` or `[]`. */
const EMPTY = 2;
const MAX_CANDIDATES = 32;
const MAX_SEARCH_BYTES = 65_536;

/** Offset of the first byte of the answer proper: byte-order marks (one per included file) and blanks go. */
export function skipBomAndBlank(bytes: Buffer): number {
  let at = skipBlank(bytes, 0);
  while (byteAt(bytes, at) === 0xef && byteAt(bytes, at + 1) === 0xbb && byteAt(bytes, at + 2) === 0xbf) {
    at = skipBlank(bytes, at + 3);
  }
  return at;
}

/**
 * Whether a complete, non-empty object or array stands behind text that cannot start JSON: a PHP notice or debug output,
 * not a page. It must reach the end of the body, or the text must begin as PHP's own diagnostics do; so an HTML page
 * with JSON in a script, or a JavaScript file, stays what it is. Bounded: a handful of candidates in the first 64 KiB.
 */
export function hidesDocument(bytes: Buffer, start: number): boolean {
  const isDiagnostic = PHP_DIAGNOSTICS.some((text) => bytes.subarray(start, start + text.length).equals(text));
  const limit = Math.min(bytes.length, start + MAX_SEARCH_BYTES);
  let candidates = 0;
  for (let at = start; at < limit && candidates < MAX_CANDIDATES; at += 1) {
    const byte = byteAt(bytes, at);
    if (byte !== OPEN_BRACE && (byte !== OPEN_BRACKET || !startsLine(bytes, at))) continue;
    candidates += 1;
    const end = scanDocument(bytes, at, DEFAULT_MAX_DEPTH, [], []);
    if (end < 0 || end - at === EMPTY) continue;
    if (isDiagnostic || skipBlank(bytes, end) === bytes.length) return true;
    at = end - 1;
  }
  return false;
}

/** Brackets are common in plain text ("see [1]"), so an array counts only at the start of a line or after a tag. */
function startsLine(bytes: Buffer, at: number): boolean {
  const before = byteAt(bytes, at - 1);
  return before === 0x0a || before === 0x3e;
}

/** Whether another document, complete or cut short, stands at `pos`; a log line in brackets does not count. */
export function startsDocument(bytes: Buffer, pos: number): boolean {
  const end = scanDocument(bytes, pos, DEFAULT_MAX_DEPTH, [], []);
  const isContainer = byteAt(bytes, pos) === OPEN_BRACE || byteAt(bytes, pos) === OPEN_BRACKET;
  return isContainer ? end !== MALFORMED : end > 0 && skipBlank(bytes, end) === bytes.length;
}
