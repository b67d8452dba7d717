/** A field's name as PHP files it. */
export interface PhpFieldName {
  readonly name: string;
  /** `name[…]`: the field becomes an array. */
  readonly isArray: boolean;
}

/**
 * Turns a decoded field name into the key under which PHP files it (`php_register_variable_ex`): the name ends at a NUL
 * byte, leading spaces go, `.` and space become `_` up to the first `[`, and `[…]` makes an array. An unclosed `[` becomes
 * `_`, and so does every `.`, space and `[` after it. A name that begins with `[` is dropped: its name here is ''.
 */
export function phpFieldName(decoded: string): PhpFieldName {
  const nul = decoded.indexOf('\0');
  const text = (nul === -1 ? decoded : decoded.slice(0, nul)).replace(/^ +/, '');
  const bracket = text.indexOf('[');
  if (bracket === -1) return { name: text.replace(/[. ]/g, '_'), isArray: false };
  const base = text.slice(0, bracket).replace(/[. ]/g, '_');
  if (base === '') return { name: '', isArray: false };
  if (text.includes(']', bracket)) return { name: base, isArray: true };
  return { name: `${base}_${text.slice(bracket + 1).replace(/[. []/g, '_')}`, isArray: false };
}
