import type { JsonSchema } from '../contract/index.js';

// Words by which the descriptions say what answers hold.

export const text: JsonSchema = { type: 'string' };
export const filled: JsonSchema = { type: 'string', minLength: 1 };
export const whole: JsonSchema = { type: 'integer' };
export const number: JsonSchema = { type: 'number' };
export const flag: JsonSchema = { type: 'boolean' };
/** An object whose fields nobody promises. */
export const record: JsonSchema = { type: 'object', additionalProperties: true };
/** ISO 8601 in UTC. */
export const moment: JsonSchema = { type: 'string', format: 'date-time', pattern: '^\\d{4}-\\d\\d-\\d\\dT.*Z$' };
export const unixSeconds: JsonSchema = { type: 'integer', description: 'Unix time in seconds' };

export function oneOf(...choices: readonly string[]): JsonSchema {
  return { type: 'string', enum: choices };
}

export function listOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

export function recordOf(members: JsonSchema): JsonSchema {
  return { type: 'object', additionalProperties: members };
}

export function orNull(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] };
}

/** An object that has all these fields, and perhaps others. */
export function object(fields: Readonly<Record<string, JsonSchema>>, optional: readonly string[] = []): JsonSchema {
  return {
    type: 'object',
    required: Object.keys(fields).filter((name) => !optional.includes(name)),
    properties: fields,
  };
}

/** A schema of the descriptions by its name. */
export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

export function described(schema: JsonSchema, description: string): JsonSchema {
  return { ...schema, description };
}
