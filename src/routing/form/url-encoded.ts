import { hexValue } from '../path/index.js';
import { ABSENT, type FieldValue, NOT_SCALAR } from './field-value.js';
import { phpFieldName } from './php-name.js';

/** PHP's `max_input_vars`: past it, what PHP reads depends on its settings. */
const MAX_FIELDS = 1000;

/** Reads one field of a raw query (`?a=1&b=2`, or '') as PHP's `parse_str` does: the last of several wins, `name[]` makes an array. */
export function readQueryValue(search: string, name: string): FieldValue {
  // Most queries cannot hold the name in any spelling: no need to take them apart.
  if (search.length < 2) return ABSENT;
  return readPairs(search.slice(1), name, false);
}

/** Reads one field of an `application/x-www-form-urlencoded` body, as PHP fills `$_POST`. */
export function readFormValue(body: Buffer, name: string): FieldValue {
  return readPairs(body.toString('latin1'), name, true);
}

/** In a body PHP counts empty pairs (`&&`) towards its limit, in a query it does not. */
function readPairs(text: string, name: string, countsEmpty: boolean): FieldValue {
  let found: FieldValue = ABSENT;
  let fields = 0;
  for (const pair of text.split('&')) {
    if (pair === '' && !countsEmpty) continue;
    if (++fields > MAX_FIELDS) return NOT_SCALAR;
    const equals = pair.indexOf('=');
    const key = phpFieldName(decode(equals === -1 ? pair : pair.slice(0, equals)));
    if (key.name !== name) continue;
    found = key.isArray
      ? NOT_SCALAR
      : { kind: 'value', value: toUtf8(decode(equals === -1 ? '' : pair.slice(equals + 1))) };
  }
  return found;
}

/** PHP's `urldecode`: plus is a space, a percent sign without two hexadecimal digits stays as it is. Bytes as latin1. */
function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  let decoded = '';
  for (let i = 0; i < spaced.length; i++) {
    const high = spaced[i] === '%' ? hexValue(spaced.charCodeAt(i + 1)) : -1;
    const low = high === -1 ? -1 : hexValue(spaced.charCodeAt(i + 2));
    if (low === -1) {
      decoded += spaced[i];
      continue;
    }
    decoded += String.fromCharCode(high * 16 + low);
    i += 2;
  }
  return decoded;
}

function toUtf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
