const REPLACEMENT = 0xfffd;

/**
 * Puts U+FFFD for what is no UTF-8, where and as often as PHP's `php_next_utf8_char` finds it. Such a text comes from a form
 * and has a lone surrogate (U+DC80 + n) for each byte past ASCII (see routing/form).
 */
export function substituteInvalid(text: string): string {
  const bytes = Uint8Array.from(text, (unit) => unit.charCodeAt(0) & 0xff);
  const points: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const { point, length } = nextCharacter(bytes, at);
    points.push(point);
    at += length;
  }
  return points.map((point) => String.fromCodePoint(point)).join('');
}

interface Character {
  readonly point: number;
  /** Bytes that it takes, or that are passed over. */
  readonly length: number;
}

/** Smallest character of 2, 3 and 4 bytes; a smaller one is spelt too long. */
const SMALLEST = [0, 0, 0x80, 0x800, 0x10000];

function nextCharacter(bytes: Uint8Array, at: number): Character {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return { point: first, length: 1 };
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0) return invalid(1);
  let point = first & (0x7f >> length);
  for (let i = 1; i < length; i += 1) {
    const byte = bytes[at + i];
    if (byte === undefined || (byte & 0xc0) !== 0x80) return invalid(skipped(bytes, at, length));
    point = (point << 6) | (byte & 0x3f);
  }
  const isSurrogate = point >= 0xd800 && point <= 0xdfff;
  return point < (SMALLEST[length] ?? 0) || isSurrogate || point > 0x10ffff ? invalid(length) : { point, length };
}

/** A broken character goes as far as the first byte that could begin another one, or to the end. */
function skipped(bytes: Uint8Array, at: number, length: number): number {
  for (let i = 1; i < length; i += 1) {
    const byte = bytes[at + i];
    if (byte === undefined || canBegin(byte)) return i;
  }
  return length;
}

function canBegin(byte: number): boolean {
  return byte < 0x80 || (byte >= 0xc2 && byte <= 0xf4);
}

function invalid(length: number): Character {
  return { point: REPLACEMENT, length };
}
