/** A field's name as PHP files it. */
export interface PhpFieldName {
  readonly name: string;
  /** `name[…]`: the field becomes an array. */
  readonly isArray: boolean;
}

/**
 * Turns a decoded field name into the key under which PHP files it (`php_register_variable_ex`): leading spaces go, the name
 * ends at a NUL byte, `.` and space become `_` up to the first `[`, and `[…]` makes an array; an unclosed `[` becomes `_`.
 */
export function phpFieldName(decoded: string): PhpFieldName {
  const nul = decoded.indexOf('\0');
  const text = (nul === -1 ? decoded : decoded.slice(0, nul)).replace(/^ +/, '');
  const bracket = text.indexOf('[');
  // A bracket at the very start is part of the name.
  if (bracket <= 0) return { name: mangle(text), isArray: false };
  const base = mangle(text.slice(0, bracket));
  if (text.includes(']', bracket)) return { name: base, isArray: true };
  return { name: `${base}_${text.slice(bracket + 1)}`, isArray: false };
}

function mangle(name: string): string {
  return name.replace(/[. ]/g, '_').replace(/^\[/, '_');
}
