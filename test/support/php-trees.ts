import { textOfBytes } from '../../src/routing/form/field-tree.js';
import { isRecord, type PhpValue, type Reading } from '../../src/routing/form/index.js';
import type { PhpTree } from './php-fields.js';

/** What the gateway read, with prototypes, so that it can be compared. */
export function plain(value: PhpValue): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return isRecord(value)
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
    : value;
}

/** What was read, or why it was not. */
export function plainReading(reading: Reading<PhpValue>): unknown {
  return reading.kind === 'read' ? plain(reading.value) : reading.kind;
}

/** What PHP read, its bytes as the gateway's text. */
export function asText(tree: PhpTree): unknown {
  if (typeof tree === 'string') return textOfBytes(tree);
  if (Array.isArray(tree)) return tree.map(asText);
  return Object.fromEntries(Object.entries(tree).map(([name, member]) => [textOfBytes(name), asText(member)]));
}
