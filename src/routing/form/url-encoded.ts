import { hexValue } from '../path/index.js';
import { FieldTree, textOfBytes } from './field-tree.js';
import { ABSENT, type FieldValue, NOT_SCALAR } from './field-value.js';
import { phpFieldName } from './php-name.js';
import type { PhpRecord, Reading } from './php-value.js';

/** PHP's `max_input_vars`: past it, what PHP reads depends on its settings. */
export const MAX_FIELDS = 1000;
const PLUS = 0x2b;
const SPACE = 0x20;
const PERCENT = 0x25;
const TOO_MANY = { kind: 'refused', problem: `There are more than ${MAX_FIELDS} fields.` } as const;

/** Reads one field of a raw query (`?a=1&b=2`, or '') as PHP's `parse_str` does: the last of several wins, `name[]` makes an array. */
export function readQueryValue(search: string, name: string): FieldValue {
  // Most queries cannot hold the name in any spelling: no need to take them apart.
  if (search.length < 2) return ABSENT;
  return readPair(search.slice(1), name, false);
}

/** Reads one field of an `application/x-www-form-urlencoded` body, as PHP fills `$_POST`. */
export function readFormValue(body: Buffer, name: string): FieldValue {
  return readPair(body.toString('latin1'), name, true);
}

/** Reads all fields of a raw query, as PHP fills `$_GET`. */
export function readQueryTree(search: string): Reading<PhpRecord> {
  return readTree(search.slice(1), false);
}

/** Reads all fields of an `application/x-www-form-urlencoded` body, as PHP fills `$_POST`. */
export function readFormTree(body: Buffer): Reading<PhpRecord> {
  return readTree(body.toString('latin1'), true);
}

/** Whether a raw query has more fields than PHP takes by default, and so leaves to the script what they say. */
export function hasTooManyFields(search: string): boolean {
  // Shorter than this it cannot.
  if (search.length < 2 * MAX_FIELDS) return false;
  return eachPair(search.slice(1), false, () => undefined) === 'too many';
}

function readPair(text: string, name: string, countsEmpty: boolean): FieldValue {
  let found: FieldValue = ABSENT;
  const outcome = eachPair(text, countsEmpty, (rawName, rawValue) => {
    const key = phpFieldName(decode(rawName));
    if (key.name !== name) return;
    found = key.isArray
      ? NOT_SCALAR
      : { kind: 'value', value: Buffer.from(decode(rawValue), 'latin1').toString('utf8') };
  });
  return outcome === 'all' ? found : NOT_SCALAR;
}

function readTree(text: string, countsEmpty: boolean): Reading<PhpRecord> {
  const tree = new FieldTree();
  const outcome = eachPair(text, countsEmpty, (name, value) => tree.add(decode(name), textOfBytes(decode(value))));
  return outcome === 'all' ? tree.finish() : TOO_MANY;
}

/** Visits each pair, still encoded. In a body PHP counts empty pairs (`&&`) towards its limit, in a query it does not. */
function eachPair(
  text: string,
  countsEmpty: boolean,
  visit: (name: string, value: string) => void,
): 'all' | 'too many' {
  let fields = 0;
  for (let at = 0; at <= text.length;) {
    const ampersand = text.indexOf('&', at);
    const end = ampersand === -1 ? text.length : ampersand;
    if (end > at || countsEmpty) {
      fields += 1;
      if (fields > MAX_FIELDS) return 'too many';
      const pair = text.slice(at, end);
      const equals = pair.indexOf('=');
      if (equals === -1) visit(pair, '');
      else visit(pair.slice(0, equals), pair.slice(equals + 1));
    }
    at = end + 1;
  }
  return 'all';
}

/** PHP's `urldecode`: plus is a space, a percent sign without two hexadecimal digits stays as it is. Bytes as latin1. */
function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  // Over bytes, in place: a text that grows by characters costs seconds for a body of megabytes.
  const bytes = Buffer.from(text, 'latin1');
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    let byte = bytes[at] ?? 0;
    if (byte === PLUS) byte = SPACE;
    else if (byte === PERCENT) {
      const high = hexValue(bytes[at + 1] ?? 0);
      const low = high === -1 ? -1 : hexValue(bytes[at + 2] ?? 0);
      if (low !== -1) {
        byte = high * 16 + low;
        at += 2;
      }
    }
    bytes[length] = byte;
    length += 1;
  }
  return bytes.toString('latin1', 0, length);
}
