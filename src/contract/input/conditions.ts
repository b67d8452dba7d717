import type { SentFields } from './rule.js';

/** When a rule of a field holds: by what else was sent. Said so that a schema can say it too. */
export interface Condition {
  readonly holds: (sent: SentFields) => boolean;
  /** Whether it can hold for an action; absent: for all. */
  readonly isFor?: (action: string | undefined) => boolean;
  /** `sent`: it holds where the field itself was sent. A name: where that field was not. */
  readonly where?: 'sent' | { readonly without: string };
}

/** `isset` and not '': the field that counts where there are two for one thing. */
export function has(sent: SentFields, field: string): boolean {
  const value = sent[field];
  return value !== undefined && value !== null && value !== '';
}

/** The field itself was sent, and more than nothing. */
export function whenSent(field: string): Condition {
  return { holds: (sent) => has(sent, field), where: 'sent' };
}

/** A field that goes before this one was not sent. */
export function without(field: string): Condition {
  return { holds: (sent) => !has(sent, field), where: { without: field } };
}

export function onAction(wanted: string): Condition {
  return { holds: ({ action }) => action === wanted, isFor: (action) => action === wanted };
}

/** Any action but one, or none. */
export function notOnAction(other: string): Condition {
  return { holds: ({ action }) => action !== other, isFor: (action) => action !== other };
}

/** `isAbsent` says which actions are none. */
export function onNoAction(isAbsent: (sent: SentFields) => boolean): Condition {
  return { holds: isAbsent, isFor: (action) => action === undefined };
}

export function both(first: Condition, second: Condition): Condition {
  const where = second.where ?? first.where;
  return {
    holds: (sent) => first.holds(sent) && second.holds(sent),
    isFor: (action) => first.isFor?.(action) !== false && second.isFor?.(action) !== false,
    ...(where === undefined ? {} : { where }),
  };
}
