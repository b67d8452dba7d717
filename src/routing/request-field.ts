import type { Exchange } from '../trace/index.js';
import { type FieldValue, readFormValue, readJsonValue, readMultipartValue, readQueryValue } from './form/index.js';

/** What a request says under one name, in each place where PHP may look; or what is wrong with a body that cannot be read. */
export type FieldReadings =
  | { readonly kind: 'read'; readonly values: readonly FieldValue[] }
  | { readonly kind: 'refused'; readonly problem: string };

const NOT_JSON: FieldReadings = { kind: 'refused', problem: 'The body is not valid JSON.' };
const CODED: FieldReadings = { kind: 'refused', problem: 'Send the body without Content-Encoding.' };

/**
 * Reads a top-level text field as PHP would: from query and cookies and, once the body was read, from JSON, form or
 * multipart fields. A script may look in any of these places: what they say is told for each.
 */
export function readField(exchange: Exchange, name: string): FieldReadings {
  const inBody = readFromBody(exchange, name);
  if ('kind' in inBody) return inBody;
  return {
    kind: 'read',
    values: [readQueryValue(exchange.search, name), ...readFromCookies(exchange, name), ...inBody],
  };
}

/** What the body may be read as: where PHP's `$_POST` and a script's own look at `php://input` differ, both. */
function readFromBody({ body, req }: Exchange, name: string): readonly FieldValue[] | FieldReadings {
  const { headers } = req;
  if (body === undefined) {
    const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
    return hasBody ? { kind: 'refused', problem: `Send "${name}" in the query, without a body.` } : [];
  }
  if (body.byteLength === 0) return [];
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') return CODED;
  const contentType = headers['content-type'] ?? '';
  // PHP's own cut (main/SAPI.c): `multipart/form-data, x` and `multipart/form-data x` are forms too.
  const mediaType = (/^[^;, ]*/.exec(contentType)?.[0] ?? '').toLowerCase();
  if (mediaType === 'multipart/form-data') return [readMultipartValue(body, contentType, name)];
  // Scripts read php://input as JSON whatever its type says: so does the gateway.
  const inJson = readJsonValue(body, name);
  if (inJson.kind === 'refused') return inJson;
  if (mediaType === 'application/json') return inJson.kind === 'malformed' ? NOT_JSON : [inJson];
  const inForm = readFormValue(body, name);
  return inJson.kind === 'malformed' ? [inForm] : [inJson, inForm];
}

/** `$_REQUEST` holds cookies too where `request_order` is not set, and then they win over query and body. */
function readFromCookies({ req }: Exchange, name: string): readonly FieldValue[] {
  const { cookie } = req.headers;
  // PHP changes no letter but dots, spaces and brackets, to "_": most cookies cannot hold the name in any spelling.
  if (cookie === undefined || !(cookie.includes('%') || cookie.includes(name.split('_', 1)[0] ?? ''))) return [];
  return cookie.split(';').map((pair) => readFormValue(Buffer.from(pair.replaceAll('&', '%26'), 'latin1'), name));
}
