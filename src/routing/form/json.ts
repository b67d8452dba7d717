import { readTopLevelString } from '../../contract/index.js';
import { ABSENT, type FieldValue, NOT_SCALAR } from './field-value.js';

/** Reads a top-level text of a JSON body; the last of several wins. */
export function readJsonValue(body: Buffer, name: string): FieldValue | { readonly kind: 'malformed' } {
  const found = readTopLevelString(body, name);
  switch (found.kind) {
    case 'string':
      return { kind: 'value', value: found.value };
    case 'other':
      return NOT_SCALAR;
    case 'absent':
      return ABSENT;
    case 'malformed':
      return found;
  }
}
