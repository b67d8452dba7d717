import { MAX_DEPTH, MAX_NAME_LENGTH } from './php-value.js';

/** A field's name as PHP files it. */
export interface PhpFieldName {
  readonly name: string;
  /** `name[…]`: the field becomes an array. */
  readonly isArray: boolean;
}

/** Where PHP files a field: its name, then a key for each `[…]`; null for `[]`, the next number. */
export interface PhpFieldPath {
  readonly name: string;
  readonly keys: readonly (string | null)[];
  /** PHP makes the arrays on the way, and drops the value. */
  readonly isDropped: boolean;
}

const NOWHERE: PhpFieldPath = { name: '', keys: [], isDropped: true };
/** Names that a browser guards in cookies: PHP lets no other spelling become one. */
const GUARDED = ['__Host-', '__Secure-'];

/** The name and whether it makes an array; the name is '' where PHP drops the field. */
export function phpFieldName(decoded: string): PhpFieldName {
  const { name, keys } = phpFieldPath(decoded);
  return { name, isArray: keys.length > 0 };
}

/**
 * Turns a decoded field name into the place where PHP files it (`php_register_variable_ex`): the name ends at a NUL
 * byte, leading spaces go, `.` and space become `_` up to the first `[`, and each `[…]` makes an array. An unclosed `[`
 * becomes `_`, and so does every `.`, space and `[` after it; behind a first `[…]` it is dropped with all that follows, as
 * is text behind a `]`. A name that begins with `[` is dropped: its name here is ''.
 */
export function phpFieldPath(decoded: string): PhpFieldPath {
  const nul = decoded.indexOf('\0');
  const text = withoutLeadingSpaces(nul === -1 ? decoded : decoded.slice(0, nul));
  const bracket = text.indexOf('[');
  const name = underscored(bracket === -1 ? text : text.slice(0, bracket));
  if (name === '' || isForged(name, text)) return NOWHERE;
  if (bracket === -1) return { name, keys: [], isDropped: false };
  const keys: (string | null)[] = [];
  // One more than anybody takes tells that there are too many.
  for (let at = bracket; text[at] === '[' && keys.length <= MAX_DEPTH;) {
    const isAppended = text[at + 1] === ']' || (/\s/.test(text[at + 1] ?? '') && text[at + 2] === ']');
    const close = text.indexOf(']', at);
    if (close === -1) break;
    keys.push(isAppended ? null : text.slice(at + 1, close));
    at = close + 1;
  }
  if (keys.length > 0) {
    const forged = keys.findIndex((key) => key !== null && isForged(key, text));
    return { name, keys: forged === -1 ? keys : keys.slice(0, forged + 1), isDropped: forged !== -1 };
  }
  const joined = `${name}_${underscored(text.slice(bracket + 1))}`;
  return isForged(joined, text) ? NOWHERE : { name: joined, keys, isDropped: false };
}

/** A loop: `/^ +/` keeps a place to go back to for each space, and a body of a million of them leaves no room for those. */
function withoutLeadingSpaces(text: string): string {
  let from = 0;
  while (text[from] === ' ') from += 1;
  return text.slice(from);
}

/** What PHP has in place of characters that no variable may have; left undone in what is too long to be anybody's name. */
function underscored(text: string): string {
  return text.length > MAX_NAME_LENGTH ? text : text.replace(/[. []/g, '_');
}

/** A guarded name that was not spelt so from the start. */
function isForged(name: string, sent: string): boolean {
  return GUARDED.some((guarded) => name.startsWith(guarded) && !sent.startsWith(guarded));
}
