/** Why OpenAI takes a request or an event not: its message, the parameter that it names, its code. */
export class Refusal {
  constructor(
    readonly message: string,
    readonly code: string | null,
    readonly param: string | null = null,
    readonly type: 'invalid_request_error' | 'server_error' = 'invalid_request_error',
  ) {}
}

/** A field that OpenAI does not know at this place; a flat field of the beta is one. */
export function unknownParameter(name: string): Refusal {
  return new Refusal(`Unknown parameter: '${name}'.`, 'unknown_parameter', name);
}

/** A field that is asked for and absent. */
export function missingParameter(name: string): Refusal {
  return new Refusal(`Missing required parameter: '${name}'.`, 'missing_required_parameter', name);
}

/** A value that is not among those that are taken. */
export function invalidValue(name: string, value: unknown, supported: Iterable<string>): Refusal {
  const list = [...supported].map((one) => `'${one}'`).join(', ');
  // An object could be nested deeper than it can be written.
  const shown =
    typeof value === 'object' && value !== null ? 'an object' : (JSON.stringify(value)?.slice(0, 60) ?? 'nothing');
  return new Refusal(`Invalid value: ${shown}. Supported values are: ${list}.`, 'invalid_value', name);
}

/** A value of another type than the one that is taken. */
export function invalidType(name: string, expected: string, value: unknown): Refusal {
  const got = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
  return new Refusal(`Invalid type for '${name}': expected ${expected}, but got ${got} instead.`, 'invalid_type', name);
}
