/** What PHP would find under one field's name. `not-scalar`: an array, or in JSON anything but text. */
export type FieldValue =
  { readonly kind: 'absent' } | { readonly kind: 'value'; readonly value: string } | { readonly kind: 'not-scalar' };

export const ABSENT: FieldValue = { kind: 'absent' };
export const NOT_SCALAR: FieldValue = { kind: 'not-scalar' };
