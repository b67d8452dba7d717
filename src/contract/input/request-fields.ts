import {
  emptyRecord,
  type PhpRecord,
  type PhpValue,
  readFormTree,
  type Reading,
  readJsonBody,
  readMultipartTree,
  readQueryTree,
} from '../../routing/index.js';
import type { Exchange } from '../../trace/index.js';
import { GatewayError } from '../error-catalogue.js';
import { mediaTypeOf } from '../media-type.js';
import { type InputValue, type SentFields, withFiles } from './rule.js';

const NONE = emptyRecord();
const NOT_JSON = new GatewayError('BAD_REQUEST', { error: 'The body is not valid JSON.' });
const NO_OBJECT = new GatewayError('BAD_REQUEST', { error: 'The body must be a JSON object.' });
const CODED = new GatewayError('BAD_REQUEST', { error: 'Send the body without Content-Encoding.' });
const NOT_TAKEN = new GatewayError('UNSUPPORTED_MEDIA_TYPE', {
  error: 'Send JSON or a form.',
  headers: { Accept: 'application/json, application/x-www-form-urlencoded' },
});

/** What was sent, by where it stood. */
export interface RequestFields {
  /** The fields that count: PHP reads a GET's from the query, a DELETE's from both, any other's from the body alone. */
  readonly sent: SentFields;
  readonly query: PhpRecord;
  /** The body's, when there are any. */
  readonly body: SentFields;
}

/** Reads the fields of a request whose body has been read, each from where legacy-php takes it (Http\Request::fields). */
export function readRequestFields(exchange: Exchange): RequestFields | GatewayError {
  const { method, search } = exchange;
  const query = search.length > 1 ? valueOf(readQueryTree(search)) : NONE;
  if (query instanceof GatewayError) return query;
  if (method === 'GET' || method === 'HEAD') return { sent: query, query, body: NONE };
  const body = readBodyFields(exchange);
  if (body instanceof GatewayError) return body;
  return { sent: merge(method === 'DELETE' ? query : actionOf(query), body), query, body };
}

function readBodyFields({ method, req, body }: Exchange): SentFields | GatewayError {
  if (body === undefined || body.byteLength === 0) return NONE;
  if ((req.headers['content-encoding'] ?? 'identity') !== 'identity') return CODED;
  const contentType = req.headers['content-type'] ?? '';
  switch (mediaTypeOf(contentType)) {
    case 'application/x-www-form-urlencoded':
      // PHP fills $_POST for POST alone.
      return method === 'POST' ? valueOf(readFormTree(body)) : NONE;
    case 'multipart/form-data': {
      if (method !== 'POST') return NONE;
      const parts = valueOf(readMultipartTree(body, contentType));
      return parts instanceof GatewayError ? parts : withFiles(parts.fields, parts.files);
    }
    case '':
    case 'application/json':
      return readJsonFields(body);
    default:
      return mediaTypeOf(contentType).endsWith('+json') ? readJsonFields(body) : NOT_TAKEN;
  }
}

function readJsonFields(body: Buffer): PhpRecord | GatewayError {
  const value: PhpValue | GatewayError = hasBom(body) ? NOT_JSON : valueOf(readJsonBody(body));
  if (value instanceof GatewayError) return value;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as PhpRecord) : NO_OBJECT;
}

/** The value that was read, or the refusal that says why there is none. */
export function valueOf<T>(reading: Reading<T>): T | GatewayError {
  switch (reading.kind) {
    case 'read':
      return reading.value;
    case 'malformed':
      return NOT_JSON;
    case 'refused':
      return new GatewayError('BAD_REQUEST', { error: reading.problem });
  }
}

/** What chooses the work may stand in the query of any request. */
function actionOf({ action }: PhpRecord): SentFields {
  return action === undefined ? NONE : { action };
}

function merge(base: SentFields, over: SentFields): SentFields {
  return base === NONE ? over : Object.assign(Object.create(null) as Record<string, InputValue>, base, over);
}

/** PHP's json_decode takes none. */
function hasBom(body: Buffer): boolean {
  let at = 0;
  while ([0x20, 0x09, 0x0a, 0x0d].includes(body[at] ?? 0)) at += 1;
  return body[at] === 0xef;
}
