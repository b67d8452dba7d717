import { readFileSync } from 'node:fs';
import { Failure } from '../smoke/report.mjs';

/** The published API document: what clients are promised is what answers are held against. */
const api = JSON.parse(readFileSync(new URL('../../docs/api/openapi.json', import.meta.url), 'utf8'));

/**
 * The documented answer of an operation, as JSON Schema. Where several actions of a path answer differently, `field` names one that
 * only the right one has.
 */
export function answerOf(path, method, status, field) {
  const schema = api.paths[path]?.[method]?.responses[status]?.content['application/json'].schema;
  const found = schema?.anyOf === undefined ? schema : schema.anyOf.find(({ required }) => required.includes(field));
  if (found === undefined) throw new Error(`docs/api/openapi.json has no ${status} of ${method} ${path}`);
  return found;
}

/** @throws Failure that names the field */
export function expectShape(value, schema) {
  const fault = faultOf(schema, value, 'the answer');
  if (fault !== undefined) throw new Failure('the fields of the API document', fault);
}

/** What is wrong with a value, by the part of JSON Schema that the document's answers use. */
function faultOf(schema, value, at) {
  if (schema.$ref !== undefined) return faultOf(api.components.schemas[schema.$ref.split('/').at(-1)], value, at);
  if (schema.anyOf !== undefined) {
    const faults = schema.anyOf.map((one) => faultOf(one, value, at));
    return faults.includes(undefined) ? undefined : faults[0];
  }
  const types = [schema.type ?? []].flat();
  if (types.length > 0 && !types.some((type) => IS[type].holds(value))) {
    return `${at} must be ${types.map((type) => IS[type].what).join(' or ')}, not ${kindOf(value)}`;
  }
  if ('const' in schema && value !== schema.const) return `${at} must be ${JSON.stringify(schema.const)}`;
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return `${at} must be one of ${schema.enum.join(', ')}`;
  if (typeof value === 'string') return faultOfText(schema, value, at);
  if (Array.isArray(value)) return firstOf(value, (entry, i) => faultOf(schema.items ?? {}, entry, `${at}[${i}]`));
  return IS.object.holds(value) ? faultOfObject(schema, value, at) : undefined;
}

function faultOfText({ minLength = 0, pattern = '' }, value, at) {
  if (value.length < minLength) return `${at} must not be empty`;
  return new RegExp(pattern, 'u').test(value) ? undefined : `${at} must match ${pattern}`;
}

function faultOfObject({ required = [], properties = {}, additionalProperties = true }, value, at) {
  const missing = required.find((name) => !(name in value));
  if (missing !== undefined) return `${at}.${missing} is missing`;
  const others = typeof additionalProperties === 'object' ? additionalProperties : {};
  return firstOf(Object.entries(value), ([name, member]) =>
    faultOf(properties[name] ?? others, member, `${at}.${name}`),
  );
}

const IS = {
  string: { what: 'a string', holds: (value) => typeof value === 'string' },
  integer: { what: 'a whole number', holds: Number.isInteger },
  number: { what: 'a number', holds: (value) => typeof value === 'number' },
  boolean: { what: 'a boolean', holds: (value) => typeof value === 'boolean' },
  array: { what: 'a list', holds: Array.isArray },
  object: { what: 'an object', holds: (value) => typeof value === 'object' && value !== null && !Array.isArray(value) },
  null: { what: 'null', holds: (value) => value === null },
};

function firstOf(entries, check) {
  for (const [i, entry] of entries.entries()) {
    const fault = check(entry, i);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** The kind of a value, and never the value: it may be somebody's. */
function kindOf(value) {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return { string: 'another string', object: 'an object', undefined: 'nothing' }[typeof value] ?? `a ${typeof value}`;
}
