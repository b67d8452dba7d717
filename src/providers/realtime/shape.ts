import { invalidType, invalidValue, missingParameter, Refusal, unknownParameter } from './refusal.js';

/** A JSON object as it was read. */
export type Fields = Readonly<Record<string, unknown>>;

/** Looks at a value; undefined when it is as it should be. `at` is its path, e.g. `session.audio.input`. */
export type Check = (value: unknown, at: string) => Refusal | undefined;

/** The value as a JSON object; undefined when it is none. */
export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

/** A JSON object whose fields are all known; `needed` ones are there. Unknown fields are told first, as OpenAI does. */
export function object(known: Readonly<Record<string, Check>>, needed: readonly string[] = []): Check {
  const checks = new Map(Object.entries(known));
  return (value, at) => {
    const fields = fieldsOf(value);
    if (fields === undefined) return invalidType(at, 'an object', value);
    const path = (name: string): string => (at === '' ? name : `${at}.${name}`);
    const names = Object.keys(fields);
    const unknown = names.find((name) => !checks.has(name));
    if (unknown !== undefined) return unknownParameter(path(unknown.slice(0, 60)));
    const missing = needed.find((name) => fields[name] === undefined);
    if (missing !== undefined) return missingParameter(path(missing));
    for (const name of names) {
      const fault = checks.get(name)?.(fields[name], path(name));
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}

/** A text of at most `max` characters. */
export function text(max = 1_000_000): Check {
  return (value, at) => {
    if (typeof value !== 'string') return invalidType(at, 'a string', value);
    if (value.length <= max) return undefined;
    return new Refusal(`Invalid '${at}': string too long. At most ${max} is expected.`, 'string_above_max_length', at);
  };
}

/** One of some texts. */
export function oneOf(...supported: readonly string[]): Check {
  return (value, at) =>
    typeof value === 'string' && supported.includes(value) ? undefined : invalidValue(at, value, supported);
}

/** A number within bounds. */
export function number(min: number, max: number): Check {
  return (value, at) => {
    if (typeof value !== 'number') return invalidType(at, 'a number', value);
    if (value >= min && value <= max) return undefined;
    return new Refusal(`Invalid '${at}': a value from ${min} to ${max} is expected.`, 'invalid_value', at);
  };
}

/** A whole number within bounds. */
export function integer(min: number, max: number): Check {
  return (value, at) => (Number.isInteger(value) ? number(min, max)(value, at) : invalidType(at, 'an integer', value));
}

export const flag: Check = (value, at) =>
  typeof value === 'boolean' ? undefined : invalidType(at, 'a boolean', value);

const MAX_DEPTH = 32;

/** Whatever it is, as long as it can be printed again. */
export const anything: Check = (value, at) =>
  isDeeperThan(MAX_DEPTH, value)
    ? new Refusal(`Invalid '${at}': nested deeper than ${MAX_DEPTH}.`, 'invalid_value', at)
    : undefined;

function isDeeperThan(depth: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((inner) => isDeeperThan(depth - 1, inner));
}

/** `null`, or as another check wants it. */
export function orNull(check: Check): Check {
  return (value, at) => (value === null ? undefined : check(value, at));
}

/** An array of at most `max` elements. */
export function list(check: Check, max = 128): Check {
  return (value, at) => {
    if (!Array.isArray(value)) return invalidType(at, 'an array', value);
    if (value.length > max)
      return new Refusal(`Invalid '${at}': array too long. At most ${max} is expected.`, 'array_above_max_length', at);
    for (const [index, element] of value.entries()) {
      const fault = check(element, `${at}[${index}]`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}

/** The first check that takes the value decides; if none does, the last one tells why. */
export function either(...checks: readonly Check[]): Check {
  return (value, at) => {
    let fault: Refusal | undefined;
    for (const check of checks) {
      fault = check(value, at);
      if (fault === undefined) return undefined;
    }
    return fault;
  };
}

/** A JSON object of at most `max` texts under names of the client's own. */
export function texts(max: number, length: number): Check {
  return (value, at) => {
    const fields = fieldsOf(value);
    if (fields === undefined) return invalidType(at, 'an object', value);
    if (Object.keys(fields).length > max)
      return new Refusal(
        `Invalid '${at}': too many properties. At most ${max} is expected.`,
        'object_above_max_properties',
        at,
      );
    for (const [name, element] of Object.entries(fields)) {
      const fault = text(length)(element, `${at}.${name.slice(0, 60)}`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}
