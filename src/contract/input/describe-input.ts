import { describeDecorators } from './describe-decorators.js';
import { inputDto } from './input-dto.js';
import type { FieldDescription } from './json-schema.js';
import { rulesOf } from './rule.js';

/**
 * What a DTO demands of each field, for readers: from the rules and decorators that check it.
 * @param action PHP's `action`, by which the rules of some fields differ
 * @returns undefined when no DTO has the name
 */
export function describeInput(name: string, action?: string): ReadonlyMap<string, FieldDescription> | undefined {
  const dto = inputDto(name);
  if (dto === undefined) return undefined;
  const fields = new Map(describeDecorators(dto));
  for (const [field, rules] of rulesOf(dto)) {
    for (const rule of rules) {
      const described = rule.describe(action, field);
      if (described !== undefined) fields.set(field, merge(fields.get(field), described));
    }
  }
  return fields;
}

function merge(known: FieldDescription | undefined, more: FieldDescription): FieldDescription {
  if (known === undefined) return more;
  const texts = [known.schema.description, more.schema.description].filter((text) => text !== undefined);
  return {
    ...known,
    ...more,
    schema: { ...known.schema, ...more.schema, ...(texts.length === 0 ? {} : { description: texts.join('. ') }) },
  };
}
