import { createHmac } from 'node:crypto';
import type { Exchange } from '../../trace/index.js';
import { readJsonTree } from '../compare/json-tree.js';
import type { RecordedBody, RecordedRequest } from './recorded-exchange.js';
import { printJson } from './redaction/json-print.js';
import { Redactor } from './redaction/redactor.js';
import { redactPairs, redactTarget } from './redaction/target.js';

const MAX_DEPTH = 64;
const MAX_VALUES = 5000;
const HASH_LENGTH = 16;
const TOO_LARGE = 413;
const FORM = 'application/x-www-form-urlencoded';
/** Scripts read these as JSON, whatever a client calls it. */
const JSON_TYPES = new Set(['application/json', 'text/plain', '']);
const MEDIA_TYPE = /^[a-z]{1,20}\/[a-z0-9.+*-]{1,60}$/;
const KNOWN_TYPE = /^(?:\*|application|audio|image|multipart|text)\/(?:\*|[a-z0-9.+-]{1,30})$/;

/** What is known of a request beside its exchange. */
export interface RequestFacts {
  /** The body as it came, where it was kept; absent: the exchange's. */
  readonly body?: Buffer | undefined;
  /** Bytes of the body, kept or not. */
  readonly length?: number;
  /** Of the answer. */
  readonly status?: number;
  /** Hashes bytes for one recording alone: a short text is not to be found by trying. */
  readonly hashKey?: string;
}

/**
 * A request as it may be stored and sent again: redacted, its caller a placeholder. Costs as much as the body is long; never
 * throws. With a redactor of one's own the same values are the same in all requests.
 */
export function toRecordedRequest(
  exchange: Exchange,
  redactor: Redactor = new Redactor(),
  facts: RequestFacts = {},
): RecordedRequest {
  const caller = callerOf(exchange, redactor, facts.status);
  const body = bodyOf(exchange, redactor, facts);
  const notReplayable = whyNot(exchange, body);
  const pattern = exchange.route?.match.path ?? '/{*path}';
  return {
    method: /^[A-Z]{1,20}$/.test(exchange.method) ? exchange.method : 'GET',
    target: redactTarget(exchange.path, exchange.search, pattern.replace(/\{.*$/, ''), redactor),
    headers: headersOf(exchange),
    ...(body === undefined ? {} : { body }),
    caller,
    ...(notReplayable === undefined ? {} : { notReplayable }),
  };
}

function callerOf({ identity, req }: Exchange, { standIns }: Redactor, status: number | undefined): string {
  if (identity !== undefined) return standIns.caller(identity.roles.includes('admin') ? 'admin' : 'user', identity);
  return status === 401 && req.headers.authorization !== undefined ? 'rejected' : 'anonymous';
}

function headersOf({ req: { headers } }: Exchange): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const name of ['accept', 'content-type'] as const) {
    const type = headers[name]?.split(/[,;]/, 1)[0]?.trim().toLowerCase();
    if (type !== undefined && MEDIA_TYPE.test(type) && KNOWN_TYPE.test(type)) shown[name] = type;
  }
  return shown;
}

function bodyOf(exchange: Exchange, redactor: Redactor, facts: RequestFacts): RecordedBody | undefined {
  const body = facts.body ?? exchange.body;
  const announced = Number(exchange.req.headers['content-length'] ?? 0);
  const length = Math.max(facts.length ?? 0, body?.byteLength ?? 0, Number.isSafeInteger(announced) ? announced : 0);
  if (length === 0) return undefined;
  if (facts.status === TOO_LARGE) return { kind: 'filler', length };
  const type = headersOf(exchange)['content-type'] ?? '';
  const unread: RecordedBody = { kind: 'bytes', length, hash: hashOf(body, facts.hashKey) };
  if (body === undefined || body.byteLength < length) return unread;
  if ((exchange.req.headers['content-encoding'] ?? 'identity') !== 'identity') return unread;
  if (type === FORM) return { kind: 'form', fields: redactPairs(body.toString('utf8'), redactor) };
  if (!JSON_TYPES.has(type)) return unread;
  const reading = readJsonTree(body, MAX_DEPTH, MAX_VALUES);
  if (reading.kind === 'tree') return { kind: 'json', text: printJson(redactor.tree(reading.root, 'request')) };
  return reading.kind === 'not-json' && type === 'application/json' ? { kind: 'malformed', length } : unread;
}

function whyNot({ notes }: Exchange, body: RecordedBody | undefined): string | undefined {
  if (body?.kind === 'bytes') return 'its body is a file or cannot be read';
  const isOfPage = notes.errorCode === 'CSRF_FAILED' || notes.errorCode === 'ORIGIN_DENIED';
  return isOfPage ? 'it was refused for the page that it came from' : undefined;
}

function hashOf(body: Buffer | undefined, key: string | undefined): string | undefined {
  if (body === undefined || key === undefined) return undefined;
  return createHmac('sha256', key).update(body).digest('hex').slice(0, HASH_LENGTH);
}
