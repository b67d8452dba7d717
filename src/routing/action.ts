import type { Exchange } from '../trace/index.js';
import { type FieldValue, readFormValue, readJsonValue, readMultipartValue, readQueryValue } from './form/index.js';

export type ActionResult =
  | { readonly kind: 'none' }
  | { readonly kind: 'action'; readonly action: string }
  | { readonly kind: 'refused'; readonly problem: string };

const NAME = 'action';
const NOT_JSON: ActionResult = { kind: 'refused', problem: 'The body is not valid JSON.' };
const NOT_TEXT: ActionResult = { kind: 'refused', problem: 'Send "action" as a single text value.' };
const CODED: ActionResult = { kind: 'refused', problem: 'Send the body without Content-Encoding.' };
const BODY_OF_GET: ActionResult = { kind: 'refused', problem: 'Send "action" in the query, without a body.' };
const TORN: ActionResult = { kind: 'refused', problem: 'The request names different actions: send one.' };

/**
 * Reads PHP's `action` as PHP would: from the query and, once the body was read, from JSON, form or multipart fields.
 * A script may look in any of these places, so where they disagree nobody can tell what it obeys: the request is refused.
 */
export function readAction(exchange: Exchange): ActionResult {
  const readings = [readQueryValue(exchange.search, NAME), ...readFromCookies(exchange)];
  const inBody = readFromBody(exchange);
  if (!Array.isArray(inBody)) return inBody;
  const actions = new Set<string>();
  for (const reading of [...readings, ...inBody]) {
    if (reading.kind === 'not-scalar') return NOT_TEXT;
    if (reading.kind === 'value') actions.add(reading.value);
  }
  if (actions.size > 1) return TORN;
  const [action] = actions;
  return action === undefined ? { kind: 'none' } : { kind: 'action', action };
}

/** What the body may be read as: where PHP's `$_POST` and a script's own look at `php://input` differ, both. */
function readFromBody({ body, req }: Exchange): FieldValue[] | ActionResult {
  const { headers } = req;
  if (body === undefined) {
    const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
    return hasBody ? BODY_OF_GET : [];
  }
  if (body.byteLength === 0) return [];
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') return CODED;
  const contentType = headers['content-type'] ?? '';
  // PHP's own cut (main/SAPI.c): `multipart/form-data, x` and `multipart/form-data x` are forms too.
  const mediaType = (/^[^;, ]*/.exec(contentType)?.[0] ?? '').toLowerCase();
  if (mediaType === 'multipart/form-data') return [readMultipartValue(body, contentType, NAME)];
  // Scripts read php://input as JSON whatever its type says: so does the gateway.
  const inJson = readJsonValue(body, NAME);
  if (mediaType === 'application/json') return inJson.kind === 'malformed' ? NOT_JSON : [inJson];
  const inForm = readFormValue(body, NAME);
  return inJson.kind === 'malformed' ? [inForm] : [inJson, inForm];
}

/** `$_REQUEST` holds cookies too where `request_order` is not set, and then they win over query and body. */
function readFromCookies({ req }: Exchange): FieldValue[] {
  const { cookie } = req.headers;
  if (cookie === undefined || !/ac|%/.test(cookie)) return [];
  return cookie.split(';').map((pair) => readFormValue(Buffer.from(pair.replaceAll('&', '%26'), 'latin1'), NAME));
}
