import type { PhpValue } from '../../routing/index.js';
import * as php from './php-checks.js';
import type { Finding, InputValue, Rule, SentFields } from './rule.js';

// The rules by which legacy-php's Validation\Input reads fields, one for one: what it takes passes, with its own words for
// what it does not. Absent and null are the same.

const trimmed = (value: InputValue): InputValue => (typeof value === 'string' ? php.trim(value) : value);
/** Where '' means that nothing was given. */
const given = (value: InputValue): InputValue => (value === '' ? null : value);

/** `isset` and not '': the field that counts where there are two for one thing. */
export function has(sent: SentFields, field: string): boolean {
  const value = sent[field];
  return value !== undefined && value !== null && value !== '';
}

function optional(check: (value: Exclude<InputValue, undefined | null>, sent: SentFields) => Finding): Rule['check'] {
  return (value, sent) => (value === undefined || value === null ? undefined : check(value, sent));
}

/** The same rule for a field that must be there, and more than blanks. */
export function required(rule: Rule): Rule {
  return requiredUnless(() => false, rule);
}

/** The same rule for a field that must be there unless the others say that it need not. */
export function requiredUnless(isOptional: (sent: SentFields) => boolean, rule: Rule): Rule {
  return {
    ...rule,
    check: (value, sent) => {
      const isMissing = value === undefined || value === null || (typeof value === 'string' && php.trim(value) === '');
      return isMissing && !isOptional(sent) ? 'is required' : rule.check(value, sent);
    },
  };
}

/** A rule that holds only where the others say so. */
export function when(holds: (sent: SentFields) => boolean, rule: Rule): Rule {
  const { convert, check } = rule;
  return {
    ...(convert === undefined
      ? {}
      : { convert: (value: InputValue, sent: SentFields) => (holds(sent) ? convert(value, sent) : value) }),
    check: (value, sent) => (holds(sent) ? check(value, sent) : undefined),
  };
}

/** A rule for each `action`. */
export function byAction(rules: Readonly<Record<string, Rule>>): Rule {
  const ruleOf = ({ action }: SentFields): Rule | undefined =>
    typeof action === 'string' && Object.hasOwn(rules, action) ? rules[action] : undefined;
  return {
    convert: (value, sent) => {
      const convert = ruleOf(sent)?.convert;
      return convert === undefined ? value : convert(value, sent);
    },
    check: (value, sent) => ruleOf(sent)?.check(value, sent),
  };
}

export function text(min: number, max: number, { isMultiline = false } = {}): Rule {
  return {
    convert: trimmed,
    check: optional((value) =>
      php.isText(value, min, max, isMultiline) ? undefined : `must be text of ${min} to ${max} characters`,
    ),
  };
}

export function email(): Rule {
  return {
    convert: (value) => trimmed(given(value)),
    check: optional((value) => (php.isEmail(value) ? undefined : 'must be an e-mail address')),
  };
}

/** Spaces, dashes, dots and brackets are how people write a number; what counts are its digits. */
export function phone(): Rule {
  return {
    convert: (value) => (typeof value === 'string' && value !== '' ? value.replace(/[ ().-]/g, '') : given(value)),
    check: optional((value) => (php.isPhone(value) ? undefined : 'must be a phone number such as +15550100123')),
  };
}

export function pathPart(max: number): Rule {
  return {
    convert: (value) => given(typeof value === 'number' && Number.isInteger(value) ? String(value) : value),
    check: optional((value) =>
      php.isPathPart(value, max) ? undefined : 'must be an id of letters, digits, dash, dot and underscore',
    ),
  };
}

export function choice(...choices: readonly string[]): Rule {
  return {
    convert: given,
    check: optional((value) =>
      typeof value === 'string' && choices.includes(value) ? undefined : `must be one of ${choices.join(', ')}`,
    ),
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
  };
}

/** Text of one form; must be there. */
export function matching(pattern: RegExp, message: string): Rule {
  return required({
    check: optional((value) => (typeof value === 'string' && pattern.test(value) ? undefined : message)),
  });
}

/** A list of at most `max` members; `check` is asked until one does not hold. */
export function list(max: number, check: (member: PhpValue, index: number) => Finding): Rule {
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
  };
}

export function isPhpValue(value: InputValue): value is PhpValue {
  if (value === undefined) return false;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
  return Object.getPrototypeOf(value) === null;
}
