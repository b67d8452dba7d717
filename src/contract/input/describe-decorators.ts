import { getMetadataStorage } from 'class-validator';
import type { DtoClass } from './input-dto.js';
import type { FieldDescription, JsonSchema, JsonType } from './json-schema.js';
import { isObeying } from './rule.js';

type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

/** What class-validator's own decorators say of a property, by their name in its metadata. */
const SCHEMA_OF: Readonly<Record<string, (...constraints: readonly unknown[]) => JsonSchema>> = {
  isString: () => ({ type: 'string' }),
  isBoolean: () => ({ type: 'boolean' }),
  isInt: () => ({ type: 'integer' }),
  isNumber: () => ({ type: 'number' }),
  isArray: () => ({ type: 'array' }),
  isEmail: () => ({ type: 'string', format: 'email' }),
  isIn: (values) => {
    const choices = values as readonly string[];
    return { type: typeOf(choices[0]), enum: choices };
  },
  matches: (pattern) => ({ type: 'string', pattern: (pattern as RegExp).source }),
  minLength: (min) => ({ minLength: Number(min) }),
  maxLength: (max) => ({ maxLength: Number(max) }),
  isLength: (min, max) => ({ minLength: Number(min), maxLength: Number(max) }),
  min: (min) => ({ minimum: Number(min) }),
  max: (max) => ({ maximum: Number(max) }),
  arrayMinSize: (min) => ({ minItems: Number(min) }),
  arrayMaxSize: (max) => ({ maxItems: Number(max) }),
};
const OPTIONAL = 'conditionalValidation';

/**
 * The fields of a DTO that class-validator's own decorators describe.
 * @throws Error for a decorator that no schema is known for: what is documented must be all that is demanded
 */
export function describeDecorators(dto: DtoClass): ReadonlyMap<string, FieldDescription> {
  const found = new Map<string, { schema: JsonSchema; isOptional: boolean }>();
  for (const metadata of getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false)) {
    if (isObeying(metadata.name)) continue;
    const { propertyName } = metadata;
    const { schema, isOptional } = found.get(propertyName) ?? { schema: {}, isOptional: false };
    found.set(propertyName, {
      schema: { ...schema, ...partOf(metadata, schema) },
      isOptional: isOptional || metadata.type === OPTIONAL,
    });
  }
  return new Map(
    [...found].map(([field, { schema, isOptional }]) => [
      field,
      { schema, ...(isOptional ? {} : { isRequired: true }) },
    ]),
  );
}

function partOf({ type, name, constraints, each, target, propertyName }: Metadata, known: JsonSchema): JsonSchema {
  if (type === OPTIONAL) return {};
  const part = SCHEMA_OF[name ?? '']?.(...((constraints ?? []) as readonly unknown[]));
  if (part === undefined)
    throw new Error(`no schema is known of ${String(name)} (${className(target)}.${propertyName})`);
  return each ? { items: { ...known.items, ...part } } : part;
}

function typeOf(value: unknown): JsonType {
  return typeof value === 'number' ? 'number' : 'string';
}

function className(target: unknown): string {
  return typeof target === 'function' ? target.name : String(target);
}
