import { ABSENT, type FieldValue, NOT_SCALAR } from './field-value.js';
import { phpFieldName } from './php-name.js';

/** Parts beyond this are not looked at: PHP's own `max_multipart_body_parts` is of this order. */
const MAX_PARTS = 1000;
const MAX_PART_HEAD_BYTES = 8192;
const MAX_VALUE_BYTES = 4096;

/** Reads one field of a `multipart/form-data` body (RFC 7578); files are passed over, the last of several wins. */
export function readMultipartValue(body: Buffer, contentType: string, name: string): FieldValue {
  const boundary = readBoundary(contentType);
  if (boundary === undefined) return ABSENT;
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  let found: FieldValue = ABSENT;
  let at = body.indexOf(delimiter);
  for (let parts = 0; at !== -1 && parts < MAX_PARTS; parts++) {
    const head = at + delimiter.byteLength;
    if (body[head] === 0x2d && body[head + 1] === 0x2d) break;
    const next = body.indexOf(delimiter, head);
    const end = next === -1 ? body.byteLength : next;
    const value = readPart(body.subarray(head, end), name);
    if (value !== undefined) found = value;
    at = next;
  }
  return found;
}

function readPart(part: Buffer, name: string): FieldValue | undefined {
  const headEnd = part.indexOf('\r\n\r\n');
  if (headEnd === -1 || headEnd > MAX_PART_HEAD_BYTES) return undefined;
  const disposition = /(?:^|\n)content-disposition:[ \t]*form-data([^\r\n]*)/i.exec(
    part.toString('latin1', 0, headEnd),
  )?.[1];
  if (disposition === undefined || /;\s*filename\*?\s*=/i.test(disposition)) return undefined;
  const quoted = /;\s*name\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(disposition);
  const spelt = quoted?.[1]?.replace(/\\(.)/g, '$1') ?? quoted?.[2];
  if (spelt === undefined) return undefined;
  const field = phpFieldName(spelt);
  if (field.name !== name) return undefined;
  if (field.isArray) return NOT_SCALAR;
  const value = part.subarray(headEnd + 4, part.byteLength - 2);
  return value.byteLength > MAX_VALUE_BYTES ? NOT_SCALAR : { kind: 'value', value: value.toString('utf8') };
}

/** RFC 2046, section 5.1.1: up to 70 characters, quoted or not. */
function readBoundary(contentType: string): string | undefined {
  const match = /;\s*boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;",]{1,70}))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}
