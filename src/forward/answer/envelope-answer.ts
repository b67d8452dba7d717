import {
  codeForStatus,
  type EnvelopeFault,
  GatewayError,
  matchesErrorWhen,
  spliceEnvelope,
  wantsProblem,
} from '../../contract/index.js';
import type { Exchange } from '../../trace/index.js';
import { decodeContent, isPlain } from './content-coding.js';
import { mentionsFailure, showsWorkings, tellsFailure } from './php-workings.js';
import { problemFrom } from './problem-answer.js';
import type { AnswerHead } from '../forwarders/forwarder.js';
import { isJsonType, isScriptType, isTextType, jsonTypeFor } from './media-type.js';
import type { RouteAnswerRules } from './route-answer-rules.js';
import type { TransformedHeaders } from '../transforms/answer-headers.js';

export type EnvelopedAnswer =
  | { readonly kind: 'answer'; readonly headers: readonly string[]; readonly body: Buffer }
  | { readonly kind: 'error'; readonly error: GatewayError };

/** Fields that describe the bytes as PHP wrote them, untrue once they are changed. */
const OF_THE_OLD_BYTES = new Set(['accept-ranges', 'content-md5', 'digest', 'content-digest', 'repr-digest']);
/** What of a failed answer's head still means something beside the error envelope. */
const KEPT_ON_ERROR = new Set(['retry-after', 'allow', 'www-authenticate']);
/** How PHP itself begins and ends the text of a failure that stopped a script, with and without `html_errors`. */
const PHP_FAILURE = /(?:Fatal|Parse|Recoverable fatal) error(?:<\/b>)?\s*:/;
const PHP_LINE = / on line\s*(?:<[a-z]+>)?\d+/;
const MAX_FAILURE_SEARCH_BYTES = 65_536;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
/** Successes that may well have nothing to say. */
const MAY_BE_EMPTY = new Set([201, 202]);

/**
 * Makes one whole answer right by contract section 1: the envelope is spliced into JSON, what merely hides as text/html is
 * told to be JSON, and what is no answer at all (a fatal error page, an empty 500, cut JSON) becomes an error.
 */
export function envelopeAnswer(
  exchange: Exchange,
  rules: RouteAnswerRules,
  head: AnswerHead,
  answer: TransformedHeaders,
  raw: Buffer,
): EnvelopedAnswer | Promise<EnvelopedAnswer> {
  if (raw.byteLength === 0 || isPlain(answer.contentEncoding))
    return envelopePlain(exchange, rules, head, answer, raw, raw);
  return decodeContent(raw, answer.contentEncoding, rules.policies.maxAnswerBytes).then((body) =>
    body === undefined
      ? badAnswer(exchange, 'content coding')
      : envelopePlain(exchange, rules, head, answer, raw, body),
  );
}

function envelopePlain(
  exchange: Exchange,
  { policies }: RouteAnswerRules,
  head: AnswerHead,
  answer: TransformedHeaders,
  raw: Buffer,
  body: Buffer,
): EnvelopedAnswer {
  const isSuccess = head.status >= 200 && head.status < 300;
  const result = spliceEnvelope(body, {
    traceId: exchange.traceId,
    status: head.status,
    wrap: policies.envelope === 'wrap',
    tolerateFirstDocument: policies.tolerate === 'first-document',
    forceFailure: isSuccess && policies.errorWhen !== undefined && matchesErrorWhen(body, policies.errorWhen),
  });
  const declaredJson = isJsonType(answer.contentType);
  switch (result.kind) {
    case 'spliced':
    case 'untouched': {
      // Whether or not PHP's own envelope was right already.
      const failed = isObject(result.body) ? toldFailure(exchange, head, answer, result.body) : undefined;
      if (failed !== undefined) return failed;
      const isJson = result.kind === 'spliced' || declaredJson || isContainer(result.body);
      const type = isJson ? jsonTypeFor(answer.contentType) : answer.contentType;
      const isChanged = result.kind === 'spliced' || result.body.byteLength !== raw.byteLength;
      return { kind: 'answer', headers: headersFor(answer, type, isChanged), body: result.body };
    }
    case 'bad':
      if (
        head.status < 400 &&
        !declaredJson &&
        policies.answers === 'any' &&
        isText(result.reason, answer.contentType)
      ) {
        return textAnswer(exchange, head, answer, body, policies.answers);
      }
      return head.status >= 400 ? failure(exchange, head, answer) : badAnswer(exchange, result.reason);
    case 'not-json':
      return head.status >= 400 && isTextType(answer.contentType)
        ? failure(exchange, head, answer)
        : textAnswer(exchange, head, answer, body, policies.answers);
  }
}

/** What becomes of a failure that PHP tells in JSON; undefined where it goes out as it is. */
function toldFailure(
  exchange: Exchange,
  head: AnswerHead,
  answer: TransformedHeaders,
  body: Buffer,
): EnvelopedAnswer | undefined {
  // What a failure says besides its code is for those who run PHP; data is never touched.
  if (mentionsFailure(body) && showsWorkings(body) && tellsFailure(body)) return withheld(exchange, head, answer);
  if (head.status < 400 || isProblem(answer) || !wantsProblem(exchange.req.headers.accept)) return undefined;
  const headers = headersFor(answer, 'application/problem+json', true);
  return { kind: 'answer', headers, body: problemFrom(body, head.status, exchange.traceId) };
}

function isProblem({ contentType }: TransformedHeaders): boolean {
  return contentType?.toLowerCase().startsWith('application/problem+json') === true;
}

/** A page or a text where JSON might have been: served as it is, unless the route wants JSON only or PHP died in it. */
function textAnswer(
  exchange: Exchange,
  head: AnswerHead,
  answer: TransformedHeaders,
  body: Buffer,
  answers: 'json' | 'any',
): EnvelopedAnswer {
  if (answers === 'json' && head.status >= 400) return failure(exchange, head, answer);
  if (body.byteLength === 0 && MAY_BE_EMPTY.has(head.status)) {
    return { kind: 'answer', headers: headersFor(answer, answer.contentType, false), body };
  }
  if (answers === 'json' || isJsonType(answer.contentType)) {
    return badAnswer(exchange, body.byteLength === 0 ? 'empty' : 'not JSON');
  }
  if (isPhpFailure(body.toString('latin1', 0, MAX_FAILURE_SEARCH_BYTES)))
    return badAnswer(exchange, 'PHP failure page');
  return { kind: 'answer', headers: headersFor(answer, answer.contentType, false), body };
}

/** A failure that shows PHP's workings, told without them: status, cookies and waiting time stay, a 200 stays a 200. */
function withheld(exchange: Exchange, head: AnswerHead, answer: TransformedHeaders): EnvelopedAnswer {
  exchange.notes.upstreamFault = 'answer shows its workings';
  const code = head.status < 400 ? 'INTERNAL' : codeForStatus(head.status);
  return {
    kind: 'error',
    error: new GatewayError(code, { status: head.status, headers: keptHeaders(exchange, answer) }),
  };
}

/** An error status without a usable body keeps its meaning: a 4xx its status, a 5xx as what it says of the upstream. */
function failure(exchange: Exchange, head: AnswerHead, answer: TransformedHeaders): EnvelopedAnswer {
  const headers = keptHeaders(exchange, answer);
  if (head.status < 500)
    return { kind: 'error', error: new GatewayError(codeForStatus(head.status), { status: head.status, headers }) };
  exchange.notes.upstreamFault = `answer status ${head.status}`;
  const code = head.status === 503 || head.status === 504 ? codeForStatus(head.status) : 'UPSTREAM_BAD_ANSWER';
  return {
    kind: 'error',
    error: new GatewayError(code, {
      headers: code === 'UPSTREAM_UNAVAILABLE' ? { 'Retry-After': '1', ...headers } : headers,
    }),
  };
}

function keptHeaders(exchange: Exchange, answer: TransformedHeaders): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i < answer.headers.length; i += 2) {
    const name = answer.headers[i] ?? '';
    const lower = name.toLowerCase();
    // Several cookies stay several, which a record cannot hold.
    if (lower === 'set-cookie') exchange.answerHeaders.push(name, answer.headers[i + 1] ?? '');
    else if (KEPT_ON_ERROR.has(lower)) headers[name] = answer.headers[i + 1] ?? '';
  }
  return headers;
}

function badAnswer(exchange: Exchange, why: string): EnvelopedAnswer {
  exchange.notes.upstreamFault = `answer ${why}`;
  return { kind: 'error', error: new GatewayError('UPSTREAM_BAD_ANSWER') };
}

function headersFor(answer: TransformedHeaders, contentType: string | undefined, isChanged: boolean): string[] {
  const headers: string[] = [];
  for (let i = 0; i < answer.headers.length; i += 2) {
    const name = answer.headers[i] ?? '';
    const value = answer.headers[i + 1] ?? '';
    const lower = name.toLowerCase();
    if (isChanged && OF_THE_OLD_BYTES.has(lower)) continue;
    // Changed bytes are at best equivalent: a strong validator becomes a weak one (RFC 9110, section 8.8.1).
    headers.push(name, isChanged && lower === 'etag' && value.startsWith('"') ? `W/${value}` : value);
  }
  if (contentType !== undefined) headers.push('Content-Type', contentType);
  return headers;
}

/** Of a document that begins with its first byte, as those that were read do. */
function isContainer(body: Buffer): boolean {
  return isObject(body) || body[0] === OPEN_BRACKET;
}

function isObject(body: Buffer): boolean {
  return body[0] === OPEN_BRACE;
}

/** Text that merely begins as JSON might (`404 …`, `[sic]`) or a script that ends in an object, as against JSON that was cut or doubled. */
function isText(reason: EnvelopeFault, contentType: string | undefined): boolean {
  if (reason === 'leading-noise') return isScriptType(contentType);
  return reason === 'malformed' || reason === 'trailing-bytes';
}

/** Whether PHP died in this text. Both halves are asked for, so that a page about PHP's errors stays a page. */
function isPhpFailure(text: string): boolean {
  const start = text.search(PHP_FAILURE);
  return start !== -1 && PHP_LINE.test(text.slice(start));
}
