/** The part of JSON Schema 2020-12 (OpenAPI 3.1 writes it unchanged) by which the gateway describes requests and answers. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: JsonType | readonly JsonType[];
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly (string | number | boolean | null)[];
  readonly const?: string | number | boolean | null;
  readonly format?: string;
  /** ECMA-262, as with the flag `u`. */
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly propertyNames?: JsonSchema;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly allOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly if?: JsonSchema;
  readonly else?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly discriminator?: { readonly propertyName: string; readonly mapping?: Readonly<Record<string, string>> };
  readonly contentEncoding?: string;
  readonly contentMediaType?: string;
}

export type JsonType = 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'array' | 'null';

/**
 * What a rule says of its field to readers. The rule may take more (blanks around a text, digits for a number, null for
 * nothing): a form and PHP's clients send such things; whoever keeps to the schema is always understood.
 */
export interface FieldDescription {
  readonly schema: JsonSchema;
  readonly isRequired?: boolean;
  /** Of these fields one must be there. */
  readonly needsOneOf?: readonly string[];
}
