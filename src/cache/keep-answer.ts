import { hash } from 'node:crypto';
import { byteAt, scanDocument, skipBlank, skipBomAndBlank } from '../contract/index.js';
import type { CachePolicy } from '../routing/index.js';
import type { Exchange } from '../trace/index.js';
import type { TappedHead } from './answer-tap.js';
import { readCacheControl } from './cache-control.js';
import { type CallTimes, lifetimeOf } from './freshness.js';
import { fieldOf, fieldsWhere } from './head-fields.js';
import type { StoredAnswer } from './stored-answer.js';

/** Whether an answer that went out may be kept, and if not, whether it was a failure that says nothing of the next one. */
export type Kept = { readonly kind: 'kept'; readonly answer: StoredAnswer } | { readonly kind: 'refused' | 'failed' };

/** What an answer is judged by beside its own bytes. */
export interface KeepContext {
  readonly exchange: Exchange;
  readonly policy: CachePolicy;
  readonly times: CallTimes;
  readonly generation: string;
}

/** Of one request, one connection or one moment: never kept, whatever PHP, a handler or the gateway has set. */
const NEVER = new Set([
  'age',
  'alt-svc',
  'authorization',
  'clear-site-data',
  'connection',
  'content-length',
  'idempotent-replayed',
  'keep-alive',
  'proxy-authenticate',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'server-timing',
  'set-cookie',
  'set-cookie2',
  'te',
  'traceparent',
  'tracestate',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'www-authenticate',
  'x-donna-arm',
  'x-trace-id',
]);
const NEVER_BEGINNING = /^(?:access-control-|x-ratelimit-|x-gateway-)/;
const NEGATIVE = new Set([404, 410]);
const NAMES = [Buffer.from('success'), Buffer.from('traceId')];
const SUCCESS = 0;
const TRACE_ID = 1;
const MAX_DEPTH = 512;
const OPEN_BRACE = 0x7b;
const FALSE = 0x66;
const REFUSED: Kept = { kind: 'refused' };
const FAILED: Kept = { kind: 'failed' };

/** Makes of a complete answer what may be kept of it (RFC 9111, section 3, and the route's policy). */
export function keepAnswer(head: TappedHead, body: Buffer, context: KeepContext): Kept {
  const { exchange, policy, times, generation } = context;
  const { status } = head;
  const { notes } = exchange;
  if (status >= 500 || notes.candidateFault !== undefined || notes.upstreamFault !== undefined) return FAILED;
  const isNegative = NEGATIVE.has(status);
  // What the gateway words itself is an error, whatever its status; of these only "there is none" is an answer.
  if ((status !== 200 && !isNegative) || (notes.errorCode !== undefined && !isNegative)) return REFUSED;
  if (!isKeepableHead(head.headers, body)) return REFUSED;
  const lifetime = lifetimeOf(policy, fieldsOf(head.headers), times, isNegative);
  if (lifetime === undefined) return REFUSED;
  const split = splitAtTrace(body, exchange.traceId, isNegative);
  if (split === undefined) return REFUSED;
  const headers = keptHeaders(head.headers, exchange, policy);
  if (headers === undefined) return REFUSED;
  if (fieldOf(headers, 'date') === undefined) headers.push('Date', new Date(times.answeredAt).toUTCString());
  let etag = fieldOf(headers, 'etag');
  if (etag === undefined) {
    etag = makeTag(split);
    headers.push('ETag', etag);
  }
  const modifiedAt = Date.parse(fieldOf(headers, 'last-modified') ?? '');
  const answer: StoredAnswer = {
    status,
    statusText: head.statusText,
    headers,
    etag,
    modifiedAt: Number.isNaN(modifiedAt) ? undefined : modifiedAt,
    ...split,
    bornAt: times.answeredAt - lifetime.ageS * 1000,
    freshS: lifetime.freshS,
    revalidateS: lifetime.revalidateS,
    errorS: lifetime.errorS,
    generation,
  };
  return { kind: 'kept', answer };
}

function isKeepableHead(headers: readonly string[], body: Buffer): boolean {
  // With a cookie comes a session that is one caller's; a coded body is for who asked for the coding.
  if (fieldOf(headers, 'set-cookie') !== undefined || fieldOf(headers, 'content-range') !== undefined) return false;
  if ((fieldOf(headers, 'content-encoding') ?? 'identity').toLowerCase() !== 'identity') return false;
  if (fieldOf(headers, 'vary')?.includes('*') === true) return false;
  if (fieldOf(headers, 'content-type')?.toLowerCase().startsWith('text/event-stream') === true) return false;
  const length = fieldOf(headers, 'content-length');
  return length === undefined || length === String(body.byteLength);
}

function fieldsOf(headers: readonly string[]): Parameters<typeof lifetimeOf>[1] {
  return {
    cacheControl: fieldOf(headers, 'cache-control'),
    expires: fieldOf(headers, 'expires'),
    pragma: fieldOf(headers, 'pragma'),
    date: fieldOf(headers, 'date'),
    age: fieldOf(headers, 'age'),
  };
}

/**
 * The fields that are the answer's own: without those that the gateway says to each request anew, and never laxer than a
 * personal answer may be. Undefined where one of them quotes the request.
 */
function keptHeaders(headers: readonly string[], exchange: Exchange, policy: CachePolicy): string[] | undefined {
  const own = new Set<string>();
  for (let i = 0; i < exchange.answerHeaders.length; i += 2)
    own.add(`${exchange.answerHeaders[i]?.toLowerCase() ?? ''}\n${exchange.answerHeaders[i + 1] ?? ''}`);
  const kept = fieldsWhere(
    headers,
    (lower, value) => !NEVER.has(lower) && !NEVER_BEGINNING.test(lower) && !own.has(`${lower}\n${value}`),
  );
  if (kept.some((text) => text.includes(exchange.traceId))) return undefined;
  return toldHeaders(kept, policy);
}

/**
 * What the client is told of keeping the answer itself: what the application has told, where that is heeded here too, or
 * where it forbids it. A client that kept an answer past a write would not be reached by what voids it here.
 */
export function toldHeaders(headers: readonly string[], { cacheControl, vary }: CachePolicy): string[] {
  const directives = readCacheControl(fieldOf(headers, 'cache-control'));
  const isStrict = directives.has('no-store') || directives.has('no-cache');
  const isTold = directives.size > 0 || fieldOf(headers, 'expires') !== undefined;
  if (isStrict || (isTold && cacheControl === 'honour')) return [...headers];
  const kept = fieldsWhere(headers, (lower) => !['cache-control', 'expires', 'pragma'].includes(lower));
  return [...kept, 'Cache-Control', vary === 'identity' ? 'private, no-cache' : 'no-cache'];
}

/**
 * Cuts the traceId out of a JSON object. Undefined for what cannot be kept: an object that says that it failed, one that was
 * cut short, and whatever quotes the trace anywhere else, since it was made for this request.
 */
function splitAtTrace(
  body: Buffer,
  traceId: string,
  isNegative: boolean,
): Pick<StoredAnswer, 'before' | 'after'> | undefined {
  const start = skipBomAndBlank(body);
  if (byteAt(body, start) !== OPEN_BRACE) return body.includes(traceId) ? undefined : whole(body);
  const members: Parameters<typeof scanDocument>[4] = [];
  const end = scanDocument(body, start, MAX_DEPTH, NAMES, members);
  if (end < 0 || skipBlank(body, end) < body.length) return undefined;
  const traces = members.filter(({ name }) => name === TRACE_ID);
  const successes = members.filter(({ name }) => name === SUCCESS);
  if (!isNegative && successes.some((member) => byteAt(body, member.start) === FALSE)) return undefined;
  const [trace, another] = traces;
  if (trace === undefined) return body.includes(traceId) ? undefined : whole(body);
  if (another !== undefined || body.toString('utf8', trace.start, trace.end) !== JSON.stringify(traceId))
    return undefined;
  const before = Buffer.from(body.subarray(0, trace.start));
  const after = Buffer.from(body.subarray(trace.end));
  return before.includes(traceId) || after.includes(traceId) ? undefined : { before, after };
}

function whole(body: Buffer): Pick<StoredAnswer, 'before' | 'after'> {
  return { before: Buffer.from(body), after: undefined };
}

/** Strong where all clients get the same bytes; weak where each gets a traceId of its own (RFC 9110, section 8.8.1). */
function makeTag({ before, after }: Pick<StoredAnswer, 'before' | 'after'>): string {
  const digest = hash(
    'sha256',
    after === undefined ? before : Buffer.concat([before, NAMES[TRACE_ID] ?? before, after]),
    'base64url',
  );
  return after === undefined ? `"${digest}"` : `W/"${digest}"`;
}
