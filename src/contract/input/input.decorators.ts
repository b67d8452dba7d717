import { required } from './conditional-rules.js';
import { Obeys, type Rule } from './rule.js';
import { choice, email, flag, pathPart, phone, record, text, wholeNumber } from './rules.js';

// What the fields of a DTO are decorated with. A field is optional unless it says `isRequired`.

interface Need {
  readonly isRequired?: boolean;
}

const needed = (rule: Rule, { isRequired = false }: Need): PropertyDecorator =>
  Obeys(isRequired ? required(rule) : rule);

/** Trimmed text of `min` to `max` characters, on one line unless `isMultiline`. */
export function IsText(
  min: number,
  max: number,
  options: Need & { readonly isMultiline?: boolean } = {},
): PropertyDecorator {
  return needed(text(min, max, options), options);
}

/** An e-mail address without quotes, comments or line breaks, at a host name. */
export function IsEmailAddress(need: Need = {}): PropertyDecorator {
  return needed(email(), need);
}

/** A phone number (E.164), however people space it. */
export function IsPhone(need: Need = {}): PropertyDecorator {
  return needed(phone(), need);
}

/** An id or a file name that is one segment of a path and nothing else. */
export function IsSafePathPart({ max = 64, ...need }: Need & { readonly max?: number } = {}): PropertyDecorator {
  return needed(pathPart(max), need);
}

export function IsOneOf(...choices: readonly string[]): PropertyDecorator {
  return Obeys(choice(...choices));
}

export function IsWholeNumber(min: number, max: number): PropertyDecorator {
  return Obeys(wholeNumber(min, max));
}

export function IsFlag(): PropertyDecorator {
  return Obeys(flag());
}

/** An object of at most `maxBytes` as JSON. */
export function IsRecord(maxBytes: number): PropertyDecorator {
  return Obeys(record(maxBytes));
}

/** At least one of the fields must be given; said only when nothing else is wrong, under the name `field`. */
export function GivesOneOf(fields: readonly string[], field: string, message: string): PropertyDecorator {
  return Obeys(
    {
      check: (_value, _sent, dto) => {
        // As converted: a choice of '' is none, a note of '' is one.
        const isGiven = Object.entries(dto ?? {}).some(([name, value]) => fields.includes(name) && value !== null);
        return isGiven ? undefined : [{ field, message, isLast: true }];
      },
      describe: () => ({ schema: {}, needsOneOf: fields }),
    },
    'given',
  );
}
