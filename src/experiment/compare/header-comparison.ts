import type { Answer } from './answer.js';
import { type CompiledRules, headerRule } from './compile-rules.js';
import type { DifferenceLog } from './difference-log.js';
import type { FieldPaths } from './field-path.js';

/** Headers whose canonical form holds no data of users. */
const SAFE = new Set([
  'content-type',
  'cache-control',
  'set-cookie',
  'allow',
  'www-authenticate',
  'etag',
  'retry-after',
]);
/** Cookie attributes whose value is another one at every second. */
const MOVING = new Set(['expires']);

/** Compares the headers that count, each by what clients read in it. */
export function compareHeaders(
  control: Answer,
  candidate: Answer,
  rules: CompiledRules,
  log: DifferenceLog,
  fields: FieldPaths,
): void {
  for (const name of rules.headers) {
    const a = meaningOf(name, control);
    const b = meaningOf(name, candidate);
    if (a === undefined && b === undefined) continue;
    const field = `header:${name}`;
    const ignored = a === b ? undefined : headerRule(rules, name, fields.now)?.reason;
    fields.countOther(field, a !== b && ignored === undefined);
    if (a === b) continue;
    const show = (text: string | undefined): string | undefined =>
      text === undefined || SAFE.has(name) ? text : rules.redact(text, field);
    log.addOther({
      field,
      kind: a === undefined ? 'extra' : b === undefined ? 'missing' : 'value',
      control: show(a),
      candidate: show(b),
      ignored,
    });
  }
}

/** A header in a form that is equal for answers that mean the same; undefined where it is absent. */
function meaningOf(name: string, answer: Answer): string | undefined {
  const values = answer.headers.flatMap(([other, value]) => (other.toLowerCase() === name ? [value] : []));
  if (name === 'content-type') {
    const value = answer.contentType ?? values[0];
    return value === undefined ? undefined : mediaType(value);
  }
  if (values.length === 0) return undefined;
  switch (name) {
    case 'etag':
    case 'retry-after':
      return 'present';
    case 'set-cookie':
      return values
        .map((value) => cookie(value))
        .sort()
        .join(', ');
    case 'cache-control':
    case 'allow':
    case 'vary':
      return [...new Set(listOf(values))].sort().join(', ');
    default:
      return values.map((value) => value.trim()).join(', ');
  }
}

function listOf(values: readonly string[]): string[] {
  return values
    .join(',')
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .filter((part) => part !== '');
}

/** Media type and charset. JSON knows no charset (RFC 8259 §11): one that is named changes nothing. */
function mediaType(value: string): string {
  const [type = '', ...parameters] = value
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  if (/[/+]json$/.test(type)) return type;
  const charset = parameters.find((part) => part.startsWith('charset='));
  return charset === undefined ? type : `${type}; ${charset.replaceAll('"', '')}`;
}

/** Name and attributes of a cookie (RFC 6265 §4.1), never its value. */
function cookie(value: string): string {
  const [pair = '', ...attributes] = value.split(';').map((part) => part.trim());
  const spelt = attributes
    .filter((attribute) => attribute !== '')
    .map((attribute) => {
      const [name = '', ...rest] = attribute.split('=');
      const lower = name.trim().toLowerCase();
      if (rest.length === 0 || MOVING.has(lower)) return lower;
      const text = rest.join('=').trim();
      return `${lower}=${lower === 'path' ? text : text.toLowerCase()}`;
    });
  return [pair.split('=')[0]?.trim() ?? '', ...spelt.sort()].join('; ');
}
