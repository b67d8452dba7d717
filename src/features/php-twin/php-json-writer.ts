import { isList, type PhpNode, PhpObject } from './php-node.js';
import { substituteInvalid } from './utf8-substitution.js';

/** Anything but what stands as it is; a surrogate, halved or not, is looked at again. */
const NEEDS_ESCAPE = /[^ !#-[\]-~\u00a0-\u2027\u202a-\ud7ff\ue000-\uffff]/;
const HALF_PAIR = /\p{Surrogate}/u;
/** Digits before the point past which PHP writes a float with an exponent, and zeros behind it. */
const MAX_INTEGER_DIGITS = 17;
const MAX_LEADING_ZEROS = 3;

export interface PhpJsonSpelling {
  /** JSON_PRESERVE_ZERO_FRACTION: 1.0 stays 1.0. */
  readonly keepsZeroFraction: boolean;
}

const KEPT: PhpJsonSpelling = { keepsZeroFraction: true };

/**
 * Writes JSON as PHP's `json_encode` does with slashes and Unicode unescaped: floats in PHP's spelling, U+2028 and U+2029 escaped,
 * and what is no UTF-8 substituted (JSON_INVALID_UTF8_SUBSTITUTE).
 */
export function writePhpJson(node: PhpNode, spelling: PhpJsonSpelling = KEPT): string {
  if (typeof node === 'string') return writeText(node);
  if (typeof node === 'number') return writeFloat(node, spelling);
  if (isList(node)) return `[${node.map((member) => writePhpJson(member, spelling)).join(',')}]`;
  if (node instanceof PhpObject) return writeMembers(node.members, spelling);
  if (node instanceof Map) return writeMembers(node, spelling);
  return String(node);
}

function writeMembers(members: ReadonlyMap<string, PhpNode>, spelling: PhpJsonSpelling): string {
  const parts: string[] = [];
  for (const [name, member] of members) parts.push(`${writeText(name)}:${writePhpJson(member, spelling)}`);
  return `{${parts.join(',')}}`;
}

function writeText(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return `"${text}"`;
  const whole = HALF_PAIR.test(text) ? substituteInvalid(text) : text;
  return JSON.stringify(whole).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

/** PHP's `serialize_precision = -1`: the shortest digits that read back as the same float, as `php_gcvt` sets them. */
function writeFloat(value: number, { keepsZeroFraction }: PhpJsonSpelling): string {
  const zero = keepsZeroFraction ? '.0' : '';
  if (value === 0) return `${Object.is(value, -0) ? '-0' : '0'}${zero}`;
  const sign = value < 0 ? '-' : '';
  const [mantissa = '', exponentText = ''] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(exponentText);
  if (exponent >= MAX_INTEGER_DIGITS || exponent < -MAX_LEADING_ZEROS - 1)
    return `${sign}${digits.slice(0, 1)}.${digits.slice(1).padEnd(1, '0')}e${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return `${sign}${whole}${fraction === '' ? zero : `.${fraction}`}`;
}
