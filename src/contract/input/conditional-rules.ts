import type { Condition } from './conditions.js';
import type { FieldDescription } from './json-schema.js';
import * as php from './php-checks.js';
import type { InputValue, Rule, SentFields } from './rule.js';

// Rules that hold by what else was sent, made of rules that always hold.

/** The same rule for a field that must be there, and more than blanks. */
export function required(rule: Rule): Rule {
  const { describe } = rule;
  return {
    ...rule,
    check: (value, sent) => (isMissing(value) ? 'is required' : rule.check(value, sent)),
    describe: (action, field) => having(describe(action, field), { isRequired: true }),
  };
}

/** The same rule for a field that must be there unless another one says that it need not. */
export function requiredUnless(
  { holds, field: other }: { readonly field: string; readonly holds: (sent: SentFields) => boolean },
  rule: Rule,
): Rule {
  const { describe } = rule;
  return {
    ...rule,
    check: (value, sent) => (isMissing(value) && !holds(sent) ? 'is required' : rule.check(value, sent)),
    describe: (action, field) => having(describe(action, field), { needsOneOf: [field, other] }),
  };
}

/** A rule that holds only on a condition. */
export function when(condition: Condition, rule: Rule): Rule {
  const { holds } = condition;
  const { convert, check, describe } = rule;
  return {
    ...(convert === undefined
      ? {}
      : { convert: (value: InputValue, sent: SentFields) => (holds(sent) ? convert(value, sent) : value) }),
    check: (value, sent) => (holds(sent) ? check(value, sent) : undefined),
    describe: (action, field) =>
      condition.isFor?.(action) === false ? undefined : onCondition(condition, describe(action, field), field),
  };
}

/** A rule for each `action`. */
export function byAction(rules: Readonly<Record<string, Rule>>): Rule {
  const ruleOf = (action: InputValue): Rule | undefined =>
    typeof action === 'string' && Object.hasOwn(rules, action) ? rules[action] : undefined;
  return {
    convert: (value, sent) => {
      const convert = ruleOf(sent['action'])?.convert;
      return convert === undefined ? value : convert(value, sent);
    },
    check: (value, sent) => ruleOf(sent['action'])?.check(value, sent),
    describe: (action, field) => ruleOf(action)?.describe(action, field),
  };
}

function isMissing(value: InputValue): boolean {
  return value === undefined || value === null || (typeof value === 'string' && php.trim(value) === '');
}

function onCondition(
  { where }: Condition,
  described: FieldDescription | undefined,
  field: string,
): FieldDescription | undefined {
  if (described?.isRequired !== true || where === undefined) return described;
  const { schema } = described;
  return where === 'sent' ? { schema } : { schema, needsOneOf: [field, where.without] };
}

function having(
  described: FieldDescription | undefined,
  more: Partial<FieldDescription>,
): FieldDescription | undefined {
  return described && { ...described, ...more };
}
