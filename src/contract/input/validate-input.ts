import type { Exchange } from '../../trace/index.js';
import { GatewayError } from '../error-catalogue.js';
import { dtoFields, findFaults, makeDto } from './dto-faults.js';
import { inputDto } from './input-dto.js';
import type { InputPolicy } from './input.types.js';
import { readRequestFields, type RequestFields } from './request-fields.js';
import type { InputValue, PlacedFault } from './rule.js';

const MAX_FAULTS = 50;
const MAX_NAME = 64;
const MAX_MESSAGE = 200;
/** Not fields of any DTO, and of no harm to any: what chooses the work, and the proof of a form. */
const ALWAYS_KNOWN = new Set(['action', 'csrf_token']);

const dtos = new WeakMap<Exchange, object>();

/** The DTO that a request's fields were found to satisfy, for the native handler that answers it. */
export function validatedDto(exchange: Exchange): object | undefined {
  return dtos.get(exchange);
}

/**
 * Holds the fields of a request, whose body has been read, against the route's DTO; 422 names each that does not hold. The
 * bytes stay as they are. What cannot be read as PHP reads it, or in more than one way, is refused with 400.
 */
export function validateInput(exchange: Exchange, policy: InputPolicy): GatewayError | undefined {
  const dtoClass = inputDto(policy.dto);
  if (dtoClass === undefined) return new GatewayError('INTERNAL');
  const fields = readRequestFields(exchange);
  if (fields instanceof GatewayError) return fields;
  const names = dtoFields(dtoClass);
  const torn = exchange.search.length > 1 ? [...names].find((name) => isTorn(name, fields)) : undefined;
  if (torn !== undefined)
    return new GatewayError('BAD_REQUEST', { error: `Query and body say different things of "${torn}": send one.` });
  const dto = makeDto(dtoClass, fields.sent);
  const unknown = policy.unknownFields === 'allow' ? [] : unknownNames(fields, names);
  const faults = [
    ...unknown.map((field) => ({ field, message: 'is not known here' })),
    ...findFaults(dtoClass, dto, fields.sent),
  ];
  if (faults.length > 0) return refusal(faults);
  dtos.set(exchange, dto);
  return undefined;
}

/** PHP scripts differ in which of the two they take. */
function isTorn(name: string, { query, body }: RequestFields): boolean {
  const [inQuery, inBody] = [query[name], body[name]];
  if (inQuery === undefined || inBody === undefined) return false;
  return !isSingle(inQuery) || !isSingle(inBody) || String(inQuery) !== String(inBody);
}

function isSingle(value: InputValue): value is string | number | boolean | null {
  return typeof value !== 'object' || value === null;
}

function unknownNames({ sent }: RequestFields, known: ReadonlySet<string>): readonly string[] {
  return Object.keys(sent).filter((name) => !known.has(name) && !ALWAYS_KNOWN.has(name));
}

function refusal(faults: readonly PlacedFault[]): GatewayError {
  const fields = faults.filter(({ code, isLast }) => code === undefined && isLast !== true);
  const other = faults.find(({ code }) => code !== undefined);
  if (fields.length === 0 && other?.code !== undefined) return new GatewayError(other.code, { error: other.message });
  const validationErrors = new Map<string, string>();
  for (const { field, message } of fields.length > 0 ? fields : faults) {
    const name = oneLine(field).slice(0, MAX_NAME);
    if (validationErrors.has(name)) continue;
    if (validationErrors.size === MAX_FAULTS) break;
    validationErrors.set(name, message.slice(0, MAX_MESSAGE));
  }
  return new GatewayError('VALIDATION_FAILED', { validationErrors: Object.fromEntries(validationErrors) });
}

/** A client's own name for a field, fit to be shown. */
function oneLine(name: string): string {
  return name
    .slice(0, 2 * MAX_NAME)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .replace(/[\ud800-\udfff]/gu, '?')
    .trim();
}
