import { readFormTree, readJsonBody } from '../routing/index.js';
import type { Exchange } from '../trace/index.js';
import { GatewayError } from './error-catalogue.js';
import { validatedDto, valueOf } from './input/index.js';
import { mediaTypeOf } from './media-type.js';

/** `application/csp-report` is JSON under a name of its own (CSP 2, section 4.4). */
const JSON_TYPES = new Set(['application/json', 'application/csp-report']);

/**
 * The body for a native handler: the route's DTO where it has one, else what JSON or a form says, read as PHP reads it, its
 * objects without a prototype; `value` is undefined without a body. Deeper checks are the handler's.
 */
export function parseNativeBody(exchange: Exchange): { readonly value: unknown } | GatewayError {
  const { body, req, method } = exchange;
  const dto = validatedDto(exchange);
  if (dto !== undefined) return { value: dto };
  // The body of a GET means nothing (RFC 9110, section 9.3.1), to PHP neither.
  if (body === undefined || body.byteLength === 0 || method === 'GET' || method === 'HEAD') return { value: undefined };
  const mediaType = mediaTypeOf(req.headers['content-type']);
  const isForm = mediaType === 'application/x-www-form-urlencoded';
  if (!isForm && !JSON_TYPES.has(mediaType) && !mediaType.endsWith('+json'))
    return new GatewayError('UNSUPPORTED_MEDIA_TYPE');
  const value = isForm ? valueOf(readFormTree(body)) : valueOf(readJsonBody(body));
  return value instanceof GatewayError ? value : { value };
}
