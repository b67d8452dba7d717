import type { Rule } from './rule.js';
import { matching } from './rules.js';

// The fields that every voice event has, whichever way it comes.

const MOMENT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,16}(?:Z|[+-][0-9]{2}:?[0-9]{2})?$/;

/** The name of a kind; must be there. */
export function eventKind(): Rule {
  return matching(/^[A-Za-z][A-Za-z0-9._-]{0,63}$/, 'must be a name of at most 64 letters, digits, dots and dashes');
}

/** ISO 8601 in form, or milliseconds. */
export function moment(): Rule {
  return {
    check: (value) => {
      if (value === undefined || value === null) return undefined;
      const isMoment =
        typeof value === 'number' ? value >= 0 && value < 1e14 : typeof value === 'string' && MOMENT.test(value);
      return isMoment ? undefined : 'must be an ISO 8601 moment or a number of milliseconds';
    },
    describe: () => ({
      schema: {
        anyOf: [
          { type: 'string', format: 'date-time', pattern: MOMENT.source, description: 'ISO 8601' },
          { type: 'number', minimum: 0, maximum: 1e14 - 1, description: 'Milliseconds since 1970' },
        ],
      },
    }),
  };
}
