import { ABSENT, type FieldValue, NOT_SCALAR } from './field-value.js';
import { readJsonTree } from './json-reader.js';
import { isRecord, type PhpValue, type Reading } from './php-value.js';

/** One parse for all who ask: the action, the fields, a native handler. */
const readings = new WeakMap<Buffer, Reading<PhpValue>>();

/** Reads a JSON body once; a byte-order mark before it is passed over. */
export function readJsonBody(body: Buffer): Reading<PhpValue> {
  const known = readings.get(body);
  if (known !== undefined) return known;
  const reading = readJsonTree(body, true);
  readings.set(body, reading);
  return reading;
}

/** Reads a top-level text of a JSON body; the last of several wins. A blank body holds none. */
export function readJsonValue(body: Buffer, name: string): FieldValue | Exclude<Reading<PhpValue>, { kind: 'read' }> {
  const reading = readJsonBody(body);
  if (reading.kind === 'malformed' && isBlank(body)) return ABSENT;
  if (reading.kind !== 'read') return reading;
  const value = isRecord(reading.value) ? reading.value[name] : undefined;
  if (value === undefined) return ABSENT;
  return typeof value === 'string' ? { kind: 'value', value } : NOT_SCALAR;
}

function isBlank(body: Buffer): boolean {
  let at = 0;
  while (body[at] === 0x20 || body[at] === 0x09 || body[at] === 0x0a || body[at] === 0x0d) at += 1;
  return at === body.length;
}
