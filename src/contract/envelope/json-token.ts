/** Byte-level readers of one JSON token (RFC 8259), each in one pass and without allocation. */

/** Faults are negative, so that a reader returns either the offset after its token or a fault. */
export const CUT_SHORT = -1;
export const MALFORMED = -2;
export const TOO_DEEP = -3;

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const OPEN_BRACE = 0x7b;
const MINUS = 0x2d;
const ZERO = 0x30;
const END = -1;

/** The byte at `index`, or -1 past the end. */
export function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? END;
}

/** Offset of the first byte at or after `pos` that is not JSON white space (RFC 8259 §2). */
export function skipBlank(bytes: Uint8Array, pos: number): number {
  let at = pos;
  for (;;) {
    const byte = byteAt(bytes, at);
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return at;
    at += 1;
  }
}

/** Reads a string whose opening quote is before `pos`; invalid UTF-8 is let through, since the bytes go on unchanged. */
export function readString(bytes: Uint8Array, pos: number): number {
  let at = pos;
  for (;;) {
    let byte = byteAt(bytes, at);
    // Most bytes of most answers pass here.
    while (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) byte = byteAt(bytes, ++at);
    if (byte === QUOTE) return at + 1;
    if (byte !== BACKSLASH) return faultFor(byte);
    at = readEscape(bytes, at + 1);
    if (at < 0) return at;
  }
}

function readEscape(bytes: Uint8Array, pos: number): number {
  switch (byteAt(bytes, pos)) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return pos + 1;
    case 0x75: // u
      for (let at = pos + 1; at < pos + 5; at += 1) {
        const byte = byteAt(bytes, at);
        if (!isHexDigit(byte)) return faultFor(byte);
      }
      return pos + 5;
    default:
      return faultFor(byteAt(bytes, pos));
  }
}

/** Reads a number or a literal whose first byte is at `pos`. */
export function readScalar(bytes: Uint8Array, pos: number): number {
  const byte = byteAt(bytes, pos);
  if (byte === MINUS || isDigit(byte)) return readNumber(bytes, pos);
  if (byte === 0x74) return readLiteral(bytes, pos, TRUE);
  if (byte === 0x66) return readLiteral(bytes, pos, FALSE);
  if (byte === 0x6e) return readLiteral(bytes, pos, NULL);
  return faultFor(byte);
}

function readNumber(bytes: Uint8Array, pos: number): number {
  let at = byteAt(bytes, pos) === MINUS ? pos + 1 : pos;
  if (byteAt(bytes, at) === ZERO) at += 1;
  else at = readDigits(bytes, at);
  if (at < 0) return at;
  if (byteAt(bytes, at) === 0x2e) {
    at = readDigits(bytes, at + 1);
    if (at < 0) return at;
  }
  if ((byteAt(bytes, at) | 0x20) === 0x65) {
    const sign = byteAt(bytes, at + 1);
    at = readDigits(bytes, sign === 0x2b || sign === MINUS ? at + 2 : at + 1);
  }
  return at;
}

function readDigits(bytes: Uint8Array, pos: number): number {
  let at = pos;
  while (isDigit(byteAt(bytes, at))) at += 1;
  return at === pos ? faultFor(byteAt(bytes, at)) : at;
}

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

function readLiteral(bytes: Uint8Array, pos: number, literal: Uint8Array): number {
  for (let index = 1; index < literal.length; index += 1) {
    const byte = byteAt(bytes, pos + index);
    if (byte !== literal[index]) return faultFor(byte);
  }
  return pos + literal.length;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

/** What is wrong when `byte` stands where it must not: nothing there means that the document was cut short. */
export function faultFor(byte: number): number {
  return byte === END ? CUT_SHORT : MALFORMED;
}
