import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { OpenApiDocument, Operation } from '../../src/openapi/document.types.js';
import type { CallAnswer } from './http-call.js';

/** One request of the documentation. */
export interface DocumentedRequest {
  readonly name: string;
  readonly operation: Operation;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** An OpenAPI document, and what answers are by it. */
export class ApiDocument {
  private readonly ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  private readonly known = new Map<string, ValidateFunction>();

  constructor(readonly document: OpenApiDocument) {
    this.ajv.addSchema(document, 'api');
  }

  operations(): readonly { readonly path: string; readonly method: string; readonly operation: Operation }[] {
    return Object.entries(this.document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
    );
  }

  /** What is wrong with an answer by the operation's documentation, as sentences. */
  faultsOf(path: string, method: string, answer: CallAnswer): readonly string[] {
    const status = String(answer.status);
    const response = this.document.paths[path]?.[method as 'get']?.responses[status];
    if (response === undefined) return [`${status} is not documented: ${answer.text.slice(0, 300)}`];
    const isShared = '$ref' in response;
    const place = isShared
      ? `/components/responses/${response.$ref.split('/').at(-1) ?? ''}`
      : `/paths/${escaped(path)}/${method}/responses/${status}`;
    const described = isShared ? this.document.components.responses[`Error${status}`] : response;
    const missing = Object.keys(described?.headers ?? {})
      .filter((name) => name !== 'Retry-After' || answer.status === 429)
      .filter((name) => answer.headers[name.toLowerCase()] === undefined)
      .map((name) => `the header ${name} is missing`);
    if (answer.status === 304 || answer.status === 204) return missing;
    const type = String(answer.headers['content-type'] ?? '').split(';')[0] ?? '';
    if (described?.content === undefined) return missing;
    if (described.content[type] === undefined) return [...missing, `${type} is not documented`];
    if (!type.endsWith('json')) return missing;
    const validate = this.validator(`${place}/content/${escaped(type)}/schema`);
    if (validate(answer.json())) return missing;
    return [
      ...missing,
      ...(validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`),
    ];
  }

  private validator(place: string): ValidateFunction {
    const known = this.known.get(place);
    if (known !== undefined) return known;
    const made = this.ajv.compile({ $ref: `api#${place}` });
    this.known.set(place, made);
    return made;
  }
}

/** As a part of a JSON pointer in a URI. */
function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
