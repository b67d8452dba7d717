/** A value as PHP has it in `$_GET`, `$_POST` or out of `json_decode`. Objects have no prototype: no key of a client means more than itself. */
export type PhpValue = string | number | boolean | null | readonly PhpValue[] | PhpRecord;

export interface PhpRecord {
  readonly [name: string]: PhpValue;
}

/** The names and values of a body or a query, or why it is not read. `malformed`: it is not what its type says. */
export type Reading<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'refused'; readonly problem: string };

export const MALFORMED = { kind: 'malformed' } as const;

/** Levels of arrays within arrays: PHP's `max_input_nesting_level`, and ours for JSON, where PHP itself goes to 512. */
export const MAX_DEPTH = 64;
/** Characters of a name. */
export const MAX_NAME_LENGTH = 8192;

/** An object without a prototype, to be filled. */
export function emptyRecord(): Record<string, PhpValue> {
  return Object.create(null) as Record<string, PhpValue>;
}

const orders = new WeakMap<PhpRecord, readonly string[]>();

/** Keeps in which order a record's names were sent: JavaScript puts those that are numbers first. */
export function rememberOrder(record: PhpRecord, names: Iterable<string>): void {
  const sent = [...names];
  if (Object.keys(record).some((name, index) => name !== sent[index])) orders.set(record, sent);
}

/** The names of a form's record in the order in which PHP has them. */
export function namesInOrder(record: PhpRecord): readonly string[] {
  return orders.get(record) ?? Object.keys(record);
}

/** A record, and neither a list nor a single value. */
export function isRecord(value: PhpValue | undefined): value is PhpRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Why a name is not taken, at whatever depth; undefined when it is. A client has no business with JavaScript's prototypes. */
export function faultOfName(name: string): string | undefined {
  if (name === '__proto__' || name === 'prototype') return `The name "${name}" is not taken.`;
  if (name.length > MAX_NAME_LENGTH) return `A name is longer than ${MAX_NAME_LENGTH} characters.`;
  return name.includes('\0') ? 'A name holds a NUL byte.' : undefined;
}
