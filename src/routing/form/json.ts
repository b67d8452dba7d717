import { readTopLevelString } from '../../contract/index.js';
import { ABSENT, type FieldValue, NOT_SCALAR } from './field-value.js';

/** Reads a top-level text of a JSON body; the last of several wins. What is not JSON holds no field: its refusal is PHP's. */
export function readJsonValue(body: Buffer, name: string): FieldValue {
  const found = readTopLevelString(body, name);
  switch (found.kind) {
    case 'string':
      return { kind: 'value', value: found.value };
    case 'other':
      return NOT_SCALAR;
    case 'absent':
    case 'malformed':
      return ABSENT;
  }
}
