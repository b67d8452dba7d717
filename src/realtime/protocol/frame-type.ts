import { byteAt, skipBlank } from '../../contract/index.js';

/** What a frame says it is. `start` and `end`: where the value stands, quotes included, so that it can be replaced. */
export type FrameType =
  | { readonly kind: 'typed'; readonly type: string; readonly start: number; readonly end: number }
  /** A JSON object without a text `type`, as far as it was read. */
  | { readonly kind: 'untyped' }
  | { readonly kind: 'malformed' };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
/** No event has a longer name, and no spelling of `type` a longer one in escapes. */
const MAX_NAME_BYTES = 128;
const MALFORMED: FrameType = { kind: 'malformed' };
const UNTYPED: FrameType = { kind: 'untyped' };

/**
 * Finds the top-level `type` of a frame without parsing it: texts, of which audio is most, are skipped by a search for
 * their end. The whole object is walked, so that a second `type`, which another reader might take, is `malformed`.
 */
export function readFrameType(bytes: Buffer): FrameType {
  return read(bytes, bytes.length, false);
}

/** The same for a sender that writes `type` near the beginning: nothing after it, or after `within` bytes, is looked at. */
export function peekFrameType(bytes: Buffer, within: number): FrameType {
  return read(bytes, within, true);
}

function read(bytes: Buffer, within: number, isFirstEnough: boolean): FrameType {
  let found: FrameType = UNTYPED;
  let pos = skipBlank(bytes, 0);
  if (byteAt(bytes, pos) !== OPEN_BRACE) return MALFORMED;
  pos = skipBlank(bytes, pos + 1);
  if (byteAt(bytes, pos) === CLOSE_BRACE) return isEnd(bytes, pos + 1) ? UNTYPED : MALFORMED;
  while (pos < within) {
    if (byteAt(bytes, pos) !== QUOTE) return MALFORMED;
    const keyEnd = endOfText(bytes, pos + 1);
    if (keyEnd < 0) return MALFORMED;
    const isType = isTypeKey(bytes, pos, keyEnd);
    pos = skipBlank(bytes, keyEnd);
    if (byteAt(bytes, pos) !== COLON) return MALFORMED;
    const start = skipBlank(bytes, pos + 1);
    const end = endOfValue(bytes, start);
    if (end < 0) return MALFORMED;
    if (isType) {
      if (found.kind === 'typed') return MALFORMED;
      const type = textOf(bytes, start, end);
      if (type === undefined) return MALFORMED;
      found = { kind: 'typed', type, start, end };
      if (isFirstEnough) return found;
    }
    pos = skipBlank(bytes, end);
    const byte = byteAt(bytes, pos);
    if (byte === CLOSE_BRACE) return isEnd(bytes, pos + 1) ? found : MALFORMED;
    if (byte !== COMMA) return MALFORMED;
    pos = skipBlank(bytes, pos + 1);
  }
  return isFirstEnough ? found : MALFORMED;
}

function isEnd(bytes: Buffer, pos: number): boolean {
  return skipBlank(bytes, pos) >= bytes.length;
}

/** The offset after the closing quote, or -1. Each run of backslashes is counted once: linear. */
function endOfText(bytes: Buffer, from: number): number {
  let search = from;
  for (;;) {
    const quote = bytes.indexOf(QUOTE, search);
    if (quote < 0) return -1;
    let escapes = quote;
    while (escapes > search && bytes[escapes - 1] === BACKSLASH) escapes -= 1;
    if ((quote - escapes) % 2 === 0) return quote + 1;
    search = quote + 1;
  }
}

function endOfValue(bytes: Buffer, start: number): number {
  const first = byteAt(bytes, start);
  if (first === QUOTE) return endOfText(bytes, start + 1);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return endOfContainer(bytes, start);
  let pos = start;
  while (isScalarByte(byteAt(bytes, pos))) pos += 1;
  return pos === start ? -1 : pos;
}

/** Brackets are only counted: whether they match in kind is for who parses the frame. */
function endOfContainer(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let pos = start; pos < bytes.length; pos += 1) {
    const byte = bytes[pos];
    if (byte === QUOTE) {
      pos = endOfText(bytes, pos + 1) - 1;
      if (pos < 0) return -1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) return pos + 1;
    }
  }
  return -1;
}

/** Of a number, `true`, `false` or `null`. */
function isScalarByte(byte: number): boolean {
  const isDigit = byte >= 0x30 && byte <= 0x39;
  const isLetter = (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a);
  return isDigit || isLetter || byte === 0x2b || byte === 0x2d || byte === 0x2e;
}

function isTypeKey(bytes: Buffer, start: number, end: number): boolean {
  return textOf(bytes, start, end) === 'type';
}

/** A short text, its escapes undone; undefined for what is none. */
function textOf(bytes: Buffer, start: number, end: number): string | undefined {
  if (byteAt(bytes, start) !== QUOTE || end - start > MAX_NAME_BYTES) return undefined;
  const inner = bytes.toString('utf8', start + 1, end - 1);
  if (!inner.includes('\\')) return inner;
  try {
    const value: unknown = JSON.parse(`"${inner}"`);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
