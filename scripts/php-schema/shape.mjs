import { Failure } from '../smoke/report.mjs';

/** A shape is a function of a value and its place: what is wrong with it as a sentence, or undefined. */
const is = (what, holds) => (value, at) => (holds(value) ? undefined : `${at} must be ${what}, not ${kindOf(value)}`);

export const text = is('a string', (value) => typeof value === 'string');
export const filled = is('a string that is not empty', (value) => typeof value === 'string' && value !== '');
export const whole = is('a whole number', Number.isInteger);
export const number = is('a number', (value) => typeof value === 'number');
export const flag = is('a boolean', (value) => typeof value === 'boolean');
export const record = is('an object', isRecord);
export const moment = is(
  'a moment in UTC',
  (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT.*Z$/.test(value),
);

export const exactly = (wanted) => is(JSON.stringify(wanted), (value) => value === wanted);
export const oneOf = (...choices) => is(`one of ${choices.join(', ')}`, (value) => choices.includes(value));
export const matching = (pattern) =>
  is(`text that matches ${pattern}`, (value) => typeof value === 'string' && pattern.test(value));
export const orNull = (shape) => (value, at) => (value === null ? undefined : shape(value, at));
export const either = (first, second) => (value, at) => first(value, at) && second(value, at);

export const listOf = (shape) => (value, at) => {
  if (!Array.isArray(value)) return `${at} must be a list, not ${kindOf(value)}`;
  return firstOf(value, (entry, i) => shape(entry, `${at}[${i}]`));
};

/** An object with at least these fields: others may come beside them. */
export const object = (fields) => (value, at) => {
  if (!isRecord(value)) return `${at} must be an object, not ${kindOf(value)}`;
  return firstOf(Object.entries(fields), ([name, shape]) =>
    name in value ? shape(value[name], `${at}.${name}`) : `${at}.${name} is missing`,
  );
};

/** An object whose every value has the same shape. */
export const recordOf = (shape) => (value, at) => {
  if (!isRecord(value)) return `${at} must be an object, not ${kindOf(value)}`;
  return firstOf(Object.entries(value), ([name, entry]) => shape(entry, `${at}.${name}`));
};

/** @throws Failure that names the field */
export function expectShape(value, shape) {
  const fault = shape(value, 'the answer');
  if (fault !== undefined) throw new Failure('the fields of the contract', fault);
}

function firstOf(entries, check) {
  for (const [i, entry] of entries.entries()) {
    const fault = check(entry, i);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function isRecord(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The kind of a value, and never the value: it may be somebody's. */
function kindOf(value) {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return { string: 'another string', object: 'an object', undefined: 'nothing' }[typeof value] ?? `a ${typeof value}`;
}
