import type { PhpValue } from '../../routing/index.js';
import { required } from './conditional-rules.js';
import type { JsonSchema } from './json-schema.js';
import * as php from './php-checks.js';
import type { Finding, InputValue, Rule, SentFields } from './rule.js';

// The rules by which legacy-php's Validation\Input reads fields, one for one: what it takes passes, with its own words for
// what it does not. Absent and null are the same.

const trimmed = (value: InputValue): InputValue => (typeof value === 'string' ? php.trim(value) : value);
/** Where '' means that nothing was given. */
const given = (value: InputValue): InputValue => (value === '' ? null : value);

function optional(check: (value: Exclude<InputValue, undefined | null>, sent: SentFields) => Finding): Rule['check'] {
  return (value, sent) => (value === undefined || value === null ? undefined : check(value, sent));
}

const as = (schema: JsonSchema): Rule['describe'] => {
  const description = { schema };
  return () => description;
};

/** No control characters, and of a text that must not be empty something beside blanks. */
function textSchema(min: number, max: number, isMultiline: boolean): JsonSchema {
  const taken = isMultiline ? '[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f]' : '[^\\u0000-\\u001f\\u007f]';
  const something = min === 0 ? '' : isMultiline ? '(?=[\\s\\S]*[^ \\t\\r\\n])' : '(?=.*[^ ])';
  return { type: 'string', minLength: min, maxLength: max, pattern: `^${something}${taken}*$` };
}

export function text(min: number, max: number, { isMultiline = false } = {}): Rule {
  return {
    convert: trimmed,
    check: optional((value) =>
      php.isText(value, min, max, isMultiline) ? undefined : `must be text of ${min} to ${max} characters`,
    ),
    describe: as(textSchema(min, max, isMultiline)),
  };
}

export function email(): Rule {
  return {
    convert: (value) => trimmed(given(value)),
    check: optional((value) => (php.isEmail(value) ? undefined : 'must be an e-mail address')),
    describe: as({ type: 'string', format: 'email', maxLength: 254, pattern: php.EMAIL.source }),
  };
}

/** Spaces, dashes, dots and brackets are how people write a number; what counts are its digits. */
export function phone(): Rule {
  return {
    convert: (value) => (typeof value === 'string' && value !== '' ? value.replace(/[ ().-]/g, '') : given(value)),
    check: optional((value) => (php.isPhone(value) ? undefined : 'must be a phone number such as +15550100123')),
    describe: as({ type: 'string', pattern: php.PHONE.source, description: 'E.164, such as +15550100123' }),
  };
}

export function pathPart(max: number): Rule {
  return {
    convert: (value) => given(typeof value === 'number' && Number.isInteger(value) ? String(value) : value),
    check: optional((value) =>
      php.isPathPart(value, max) ? undefined : 'must be an id of letters, digits, dash, dot and underscore',
    ),
    describe: as({ type: 'string', maxLength: max, pattern: `^(?!.*\\.\\.)${php.PATH_PART.source.slice(1)}` }),
  };
}

export function choice(...choices: readonly string[]): Rule {
  return {
    convert: given,
    check: optional((value) =>
      typeof value === 'string' && choices.includes(value) ? undefined : `must be one of ${choices.join(', ')}`,
    ),
    describe: as({ type: 'string', enum: choices }),
  };
}

export function wholeNumber(min: number, max: number): Rule {
  return {
    convert: (value) => php.toInteger(value) ?? value,
    check: optional((value) =>
      typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
        ? undefined
        : `must be a whole number from ${min} to ${max}`,
    ),
    describe: as({ type: 'integer', minimum: min, maximum: max }),
  };
}

export function flag(): Rule {
  const known = new Map<unknown, boolean>([
    [1, true],
    ['1', true],
    ['true', true],
    [0, false],
    ['0', false],
    ['false', false],
  ]);
  return {
    convert: (value) => known.get(value) ?? value,
    check: optional((value) => (typeof value === 'boolean' ? undefined : 'must be true or false')),
    describe: as({ type: 'boolean' }),
  };
}

/** Text of one form; must be there. */
export function matching(pattern: RegExp, message: string): Rule {
  return required({
    check: optional((value) => (typeof value === 'string' && pattern.test(value) ? undefined : message)),
    describe: as({ type: 'string', pattern: pattern.source }),
  });
}

/** A list of at most `max` members; `check` is asked until one does not hold, `items` says the same to readers. */
export function list(max: number, check: (member: PhpValue, index: number) => Finding, items: JsonSchema): Rule {
  return {
    check: optional((value) => {
      const members = isPhpValue(value) ? php.listOf(value) : undefined;
      if (members === undefined || members.length > max) return `must be a list of at most ${max} members`;
      for (const [index, member] of members.entries()) {
        const finding = check(member, index);
        if (finding !== undefined) return finding;
      }
      return undefined;
    }),
    describe: as({ type: 'array', maxItems: max, items }),
  };
}

/** An object of at most `maxBytes` as JSON. */
export function record(maxBytes: number): Rule {
  return {
    check: optional((value) => {
      const fields = isPhpValue(value) ? php.recordOf(value) : undefined;
      if (fields === undefined) return 'must be an object';
      return php.jsonSize(fields, maxBytes) > maxBytes ? `must not be longer than ${maxBytes} bytes` : undefined;
    }),
    describe: as(recordSchema(maxBytes)),
  };
}

/** How many bytes it has JSON Schema cannot say. */
export function recordSchema(maxBytes: number): JsonSchema {
  return { type: 'object', additionalProperties: true, description: `At most ${maxBytes} bytes as JSON` };
}

export function isPhpValue(value: InputValue): value is PhpValue {
  if (value === undefined) return false;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
  return Object.getPrototypeOf(value) === null;
}
