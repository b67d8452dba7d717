import { hasTooManyFields, readFormTree, readJsonBody, readMultipartTree } from '../../routing/index.js';
import type { Exchange } from '../../trace/index.js';
import { GatewayError } from '../error-catalogue.js';
import { mediaTypeOf } from '../media-type.js';

const TOO_MANY = new GatewayError('BAD_REQUEST', { error: 'The query has more fields than are taken.' });

/** Refuses a query of more than 1,000 fields, past which PHP drops them (`max_input_vars`). */
export function checkQueryLength({ search }: Exchange): GatewayError | undefined {
  return hasTooManyFields(search) ? TOO_MANY : undefined;
}

/**
 * Refuses a body that was read and that no reader should take apart, on a route that has no DTO: names of JavaScript's
 * prototypes, nesting without bound, more fields than PHP takes. What merely is no JSON or no form passes.
 */
export function refuseHostileBody({ body, req }: Exchange): GatewayError | undefined {
  if (body === undefined || body.byteLength === 0) return undefined;
  const contentType = req.headers['content-type'] ?? '';
  const reading = readAs(mediaTypeOf(contentType), body, contentType);
  return reading.kind === 'refused' ? new GatewayError('BAD_REQUEST', { error: reading.problem }) : undefined;
}

function readAs(
  mediaType: string,
  body: Buffer,
  contentType: string,
): ReturnType<typeof readMultipartTree | typeof readJsonBody> {
  if (mediaType === 'application/x-www-form-urlencoded') return readFormTree(body);
  if (mediaType === 'multipart/form-data') return readMultipartTree(body, contentType);
  // Scripts read php://input as JSON whatever its type says.
  return readJsonBody(body);
}
