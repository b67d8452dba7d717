import { emptyRecord, isRecord, type PhpRecord, type PhpValue } from '../../routing/index.js';

// Yes/no questions about one value, answered as legacy-php's Validators answer them.

/** RFC 5322's dot-atom at a host name of two labels or more; quoted local parts and address literals are refused. */
export const EMAIL =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])$/;
export const PATH_PART = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?$/;
export const PHONE = /^\+[1-9][0-9]{6,14}$/;
export const HEX_COLOUR = /^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/;
const INTEGER = /^(?:0|-?[1-9][0-9]{0,17})$/;
const BLANKS = ' \t\n\r\0\v';
/** Half of a pair, where there is no other half. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

export function isEmail(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 254 && value.indexOf('@') <= 64 && EMAIL.test(value);
}

/** E.164: a plus sign and 7 to 15 digits, the first not zero. */
export function isPhone(value: unknown): boolean {
  return typeof value === 'string' && PHONE.test(value);
}

/** One path segment without surprises: no dots alone, no slash, no control characters. */
export function isPathPart(value: unknown, max: number): boolean {
  return typeof value === 'string' && value.length <= max && PATH_PART.test(value) && !value.includes('..');
}

export function isHexColour(value: unknown): boolean {
  return typeof value === 'string' && HEX_COLOUR.test(value);
}

/** A whole number, also one that is spelt with digits alone. */
export function toInteger(value: unknown): number | undefined {
  if (typeof value === 'string' && INTEGER.test(value)) return Number(value);
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
}

/** Text of `min` to `max` code points in valid UTF-8, without control characters; line breaks and tabs where it is multiline. */
export function isText(value: unknown, min: number, max: number, isMultiline: boolean): boolean {
  if (typeof value !== 'string' || value.length > max * 2 || LONE_SURROGATE.test(value)) return false;
  const length = value.length <= max && value.length >= 2 * min ? value.length : [...value].length;
  return length >= min && length <= max && !hasControl(value, isMultiline);
}

/** Control characters of ASCII; tabs and line breaks are none in multiline text. */
function hasControl(text: string, isMultiline: boolean): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const isBreak = code === 0x09 || code === 0x0a || code === 0x0d;
    if ((code < 0x20 && !(isMultiline && isBreak)) || code === 0x7f) return true;
  }
  return false;
}

/** Bytes that PHP counts; a byte that is no UTF-8 stands as a lone surrogate (see routing/form) and is one. */
export function byteLength(text: string): number {
  if (!LONE_SURROGATE.test(text)) return Buffer.byteLength(text);
  return Buffer.byteLength(text.replace(/[\udc80-\udcff]/g, '?'));
}

/** PHP's `trim`. */
export function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && BLANKS.includes(text.charAt(start))) start += 1;
  while (end > start && BLANKS.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** The members of what PHP holds as a list. An object whose names are 0, 1, 2 … is one; in which order it had them is not known. */
export function listOf(value: PhpValue): readonly PhpValue[] | undefined {
  if (Array.isArray(value)) return value as readonly PhpValue[];
  if (!isRecord(value)) return undefined;
  const names = Object.keys(value);
  return names.every((name, index) => name === String(index)) ? Object.values(value) : undefined;
}

/** A value as PHP's array; an empty list is an empty one, other lists are none. */
export function recordOf(value: PhpValue): PhpRecord | undefined {
  if (isRecord(value)) return value;
  return Array.isArray(value) && value.length === 0 ? emptyRecord() : undefined;
}

/**
 * Bytes of a value as JSON, at least: PHP may write some numbers and characters longer, and decides then.
 * @returns Infinity as soon as `max` is passed
 */
export function jsonSize(value: PhpValue, max: number): number {
  if (typeof value === 'string') return Buffer.byteLength(JSON.stringify(value));
  if (typeof value === 'number') return Math.min(String(value).length, value.toExponential().length);
  if (typeof value !== 'object' || value === null) return String(value).length;
  let size = 2;
  const isList = Array.isArray(value);
  for (const [name, member] of Object.entries(value as PhpRecord)) {
    if (size > 2) size += 1;
    size += (isList ? 0 : Buffer.byteLength(JSON.stringify(name)) + 1) + jsonSize(member, max - size);
    if (size > max) return Infinity;
  }
  return size;
}
