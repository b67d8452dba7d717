import {
  BACKSLASH,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  TOO_DEEP,
  byteAt,
  faultFor,
  readScalar,
  readString,
  skipBlank,
} from './json-token.js';

/** Where the value of a watched top-level key stands; `name` is the index into the watched names. */
export interface Member {
  readonly name: number;
  readonly start: number;
  readonly end: number;
}

/** As PHP's json_encode and json_decode have it. */
export const DEFAULT_MAX_DEPTH = 512;
const NOT_WATCHED = -1;
/** A closing brace or bracket is its opening one plus two, in ASCII. */
const TO_CLOSING = 2;

/** The open containers. Shared by all calls, which is safe because a scan is synchronous and never re-entered. */
let open = new Uint8Array(DEFAULT_MAX_DEPTH);

/**
 * Validates the one JSON document at `start` strictly (RFC 8259), iteratively and in one pass.
 * @returns the offset after the document, or CUT_SHORT, MALFORMED or TOO_DEEP
 * @param found receives, in order, every member of a top-level object whose key is one of `names`
 */
export function scanDocument(
  bytes: Buffer,
  start: number,
  maxDepth: number,
  names: readonly Buffer[],
  found: Member[],
): number {
  if (open.length < maxDepth) open = new Uint8Array(maxDepth);
  let pos = start;
  let depth = 0;
  let watched = NOT_WATCHED;
  let valueStart = start;
  for (;;) {
    // A value stands at pos.
    if (depth === 1) valueStart = pos;
    const first = byteAt(bytes, pos);
    if (first === QUOTE) {
      pos = readString(bytes, pos + 1);
    } else if (first === OPEN_BRACE || first === OPEN_BRACKET) {
      if (depth >= maxDepth) return TOO_DEEP;
      const next = skipBlank(bytes, pos + 1);
      if (byteAt(bytes, next) === first + TO_CLOSING) {
        pos = next + 1;
      } else {
        open[depth] = first;
        depth += 1;
        pos = next;
        if (first === OPEN_BRACKET) continue;
        pos = readKey(bytes, next);
        if (pos < 0) return pos;
        if (depth === 1) watched = nameOf(bytes, next, names);
        continue;
      }
    } else {
      pos = readScalar(bytes, pos);
    }
    if (pos < 0) return pos;

    // After a value: close what ends here, then go on to the next value.
    for (;;) {
      if (depth === 0) return pos;
      if (depth === 1 && watched !== NOT_WATCHED) {
        found.push({ name: watched, start: valueStart, end: pos });
        watched = NOT_WATCHED;
      }
      pos = skipBlank(bytes, pos);
      const byte = byteAt(bytes, pos);
      const container = byteAt(open, depth - 1);
      if (byte === COMMA) {
        const next = skipBlank(bytes, pos + 1);
        pos = next;
        if (container === OPEN_BRACKET) break;
        pos = readKey(bytes, next);
        if (pos < 0) return pos;
        if (depth === 1) watched = nameOf(bytes, next, names);
        break;
      }
      if (byte !== container + TO_CLOSING) return faultFor(byte);
      depth -= 1;
      pos += 1;
    }
  }
}

/** Reads a key and its colon; returns the offset of the value. */
function readKey(bytes: Uint8Array, pos: number): number {
  const byte = byteAt(bytes, pos);
  if (byte !== QUOTE) return faultFor(byte);
  const end = readString(bytes, pos + 1);
  if (end < 0) return end;
  // The way json_encode writes it; kept small, so that V8 inlines it (a third of the scan's time).
  if (byteAt(bytes, end) === COLON && byteAt(bytes, end + 1) > 0x20) return end + 1;
  return readColon(bytes, end);
}

function readColon(bytes: Uint8Array, pos: number): number {
  const colon = skipBlank(bytes, pos);
  const found = byteAt(bytes, colon);
  return found === COLON ? skipBlank(bytes, colon + 1) : faultFor(found);
}

/** Which of `names` the valid key with its opening quote at `pos` spells, escapes (`trace\u0049d`) included. */
function nameOf(bytes: Buffer, pos: number, names: readonly Buffer[]): number {
  for (let name = 0; name < names.length; name += 1) {
    const wanted = names[name];
    if (wanted !== undefined && isKey(bytes, pos, wanted)) return name;
  }
  return NOT_WATCHED;
}

function isKey(bytes: Buffer, pos: number, wanted: Buffer): boolean {
  let at = pos + 1;
  for (let index = 0; index < wanted.length; index += 1, at += 1) {
    const byte = byteAt(bytes, at);
    if (byte === BACKSLASH) return isEscapedKey(bytes, pos, wanted);
    if (byte !== wanted[index]) return false;
  }
  return byteAt(bytes, at) === QUOTE;
}

/** Rare, so it may allocate; no spelling is longer than six bytes for each byte of the name. */
function isEscapedKey(bytes: Buffer, pos: number, wanted: Buffer): boolean {
  const end = readString(bytes, pos + 1);
  if (end - pos - 2 > wanted.length * 6) return false;
  const key: unknown = JSON.parse(bytes.toString('utf8', pos, end));
  return typeof key === 'string' && wanted.equals(Buffer.from(key));
}
