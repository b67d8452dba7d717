import type { Exchange } from '../trace/index.js';
import { type FieldValue, readFormValue, readJsonValue, readMultipartValue, readQueryValue } from './form/index.js';

export type ActionResult =
  | { readonly kind: 'none' }
  | { readonly kind: 'action'; readonly action: string }
  | { readonly kind: 'refused'; readonly problem: string };

const NAME = 'action';
const NONE: ActionResult = { kind: 'none' };

/**
 * Reads PHP's `action` as PHP would: from the query and, once the body was read, from JSON, form or multipart fields.
 * Where query and body disagree nobody can tell which one the script obeys, so the request is refused.
 */
export function readAction(exchange: Exchange): ActionResult {
  const inQuery = readQueryValue(exchange.search, NAME);
  if (inQuery.kind === 'not-scalar') return { kind: 'refused', problem: 'Send "action" as a single text value.' };
  const inBody = readFromBody(exchange);
  if (inBody.kind === 'refused') return inBody;
  if (inBody.kind === 'not-scalar') return { kind: 'refused', problem: 'Send "action" as a single text value.' };
  if (inQuery.kind === 'value' && inBody.kind === 'value' && inQuery.value !== inBody.value) {
    return { kind: 'refused', problem: 'The query and the body name different actions: send one.' };
  }
  if (inBody.kind === 'value') return { kind: 'action', action: inBody.value };
  return inQuery.kind === 'value' ? { kind: 'action', action: inQuery.value } : NONE;
}

function readFromBody({ body, req }: Exchange): FieldValue | Extract<ActionResult, { kind: 'refused' }> {
  if (body === undefined || body.byteLength === 0) return { kind: 'absent' };
  const contentType = req.headers['content-type'] ?? '';
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (mediaType === 'multipart/form-data') return readMultipartValue(body, contentType, NAME);
  if (mediaType === 'application/x-www-form-urlencoded') return readFormValue(body, NAME);
  // PHP scripts read php://input as JSON whatever its type says: so does the gateway.
  const inJson = readJsonValue(body, NAME);
  if (inJson.kind !== 'malformed') return inJson;
  return mediaType === 'application/json'
    ? { kind: 'refused', problem: 'The body is not valid JSON.' }
    : { kind: 'absent' };
}
