import { createHash } from 'node:crypto';
import { request } from 'undici';
import { type Identity, IDENTITY_HEADER, signIdentity } from '../auth/index.js';
import { GatewayError } from '../contract/index.js';
import { classifyFault, type ForwardError, mayRetry, toClientError } from './forward-error.js';
import { codeOfWord, requestHere, timelineHere } from '../trace/index.js';
import type { Target } from './upstream/target.js';
import type { Upstream } from './upstream/upstream.js';

const TIMEOUT_MS = 5000;
/** In the timeline of a request, unless the call says better. */
const CALL = 'php: call';
const MAX_BYTES = 65_536;

/** What the gateway asks of PHP for itself. */
export interface InternalCall {
  readonly method: 'GET' | 'POST';
  /** Below the target's base path, without a query: it is signed. */
  readonly path: string;
  /** Signs the call. */
  readonly secret: string;
  readonly traceId: string;
  /** Subject whom the question is about; signed. */
  readonly about?: string;
  readonly cookie?: string;
  /** For whom the gateway asks: PHP counts its limits by it. */
  readonly clientAddress?: string;
  /** Sent as a JSON body. */
  readonly fields?: Readonly<Record<string, string>>;
  /** JSON text to send instead; its digest is signed. */
  readonly json?: string;
  /** Milliseconds until the answer's last byte; 5000 when left out. */
  readonly timeoutMs?: number;
  /** Bytes of the answer; 64 KiB when left out. */
  readonly maxAnswerBytes?: number;
  /** An answer that is no JSON comes with the body undefined; left out: it is an error. */
  readonly acceptsAnyBody?: boolean;
  /** Whom the gateway has admitted and counted, and in whose name it asks; left out: it asks in its own. */
  readonly caller?: Identity;
  /** By which PHP recognises what it was told before. */
  readonly idempotencyKey?: string;
  /** What it is in the timeline of a request: `php: session`. */
  readonly name?: string;
  /** Runs the call instead of the target's breaker: its faults do not count against the target then. */
  readonly guard?: (call: () => Promise<ForwardError | undefined>) => Promise<ForwardError | undefined>;
}

export interface InternalAnswer {
  readonly status: number;
  readonly body: unknown;
  /** `Retry-After` as PHP wrote it. */
  readonly retryAfter: string | undefined;
}

/**
 * Calls PHP in the gateway's own name or a caller's, signed; a GET once more where nothing of an answer came, a POST never.
 * @throws GatewayError when PHP cannot be asked or answers what is not JSON.
 */
export async function callInternally(upstream: Upstream, asked: InternalCall): Promise<InternalAnswer> {
  let answer: InternalAnswer | undefined;
  const ask = (target: Target): Promise<ForwardError | undefined> => {
    const call = async (): Promise<ForwardError | undefined> => {
      const result = await noted(target, asked);
      if ('cause' in result) return result;
      answer = result;
      return undefined;
    };
    return asked.guard === undefined ? target.guard(call) : asked.guard(call);
  };
  const first = upstream.pick();
  let failure = await ask(first);
  if (failure !== undefined && asked.method === 'GET' && mayRetry(failure) && failure.cause !== 'breaker-open') {
    failure = await ask(upstream.pick(first));
  }
  if (failure !== undefined) throw toClientError(failure, upstream.retryAfterS);
  if (answer === undefined) throw new GatewayError('UPSTREAM_BAD_ANSWER');
  return answer;
}

/** Sends the call within the trace of the request that it is made for, if it is made for one. */
async function noted(target: Target, asked: InternalCall): Promise<InternalAnswer | ForwardError> {
  const timeline = timelineHere();
  const request = requestHere();
  if (timeline === undefined || request === undefined) return send(target, asked, undefined);
  const place = timeline.begin(codeOfWord(asked.name ?? CALL), 1, timeline.now(), target.note);
  let outcome = '';
  try {
    const result = await send(target, asked, timeline.traceparentFor(place, request.trace.traceparent));
    if ('cause' in result) outcome = `, ${result.stage} ${result.cause}`;
    return result;
  } catch (error) {
    outcome = ', answer malformed';
    throw error;
  } finally {
    timeline.end(place, timeline.now(), outcome === '' ? 0 : codeOfWord(`target ${target.label}${outcome}`));
  }
}

/** @throws GatewayError when an answer came that is none: the script's fault, not that of the connection to it. */
async function send(
  target: Target,
  asked: InternalCall,
  traceparent: string | undefined,
): Promise<InternalAnswer | ForwardError> {
  const path = target.basePath + asked.path;
  const { timeoutMs = TIMEOUT_MS, maxAnswerBytes = MAX_BYTES } = asked;
  const signal = AbortSignal.timeout(timeoutMs);
  let answerBegan = false;
  let text: string | undefined;
  let head: Omit<InternalAnswer, 'body'>;
  try {
    const { statusCode, headers, body } = await request(target.origin + path, {
      method: asked.method,
      dispatcher: target.pool,
      signal,
      headers: { ...headersOf(asked, path), ...(traceparent === undefined ? {} : { traceparent }) },
      body: bodyOf(asked) ?? null,
    });
    answerBegan = true;
    const retryAfter = headers['retry-after'];
    head = { status: statusCode, retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined };
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes > maxAnswerBytes) break;
      chunks.push(chunk);
    }
    if (bytes <= maxAnswerBytes) text = Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    return signal.aborted
      ? { stage: answerBegan ? 'answer' : 'request', cause: 'timeout' }
      : classifyFault(error, answerBegan);
  }
  return { ...head, body: parse(text, asked.acceptsAnyBody) };
}

function bodyOf({ fields, json }: InternalCall): string | undefined {
  return json ?? (fields === undefined ? undefined : JSON.stringify(fields));
}

function headersOf(asked: InternalCall, path: string): Record<string, string> {
  const { method, secret, about, clientAddress, cookie, traceId, json, caller, idempotencyKey } = asked;
  const bodyDigest = json === undefined ? undefined : createHash('sha256').update(json).digest('base64url');
  return {
    accept: 'application/json',
    'x-trace-id': traceId,
    [IDENTITY_HEADER]:
      caller === undefined
        ? signIdentity(secret, 'internal', method, path, { about, bodyDigest })
        : signIdentity(secret, caller, method, path, { isAgain: true }),
    ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    ...(cookie === undefined ? {} : { cookie }),
    ...(clientAddress === undefined ? {} : { 'x-forwarded-for': clientAddress, 'x-real-ip': clientAddress }),
    ...(bodyOf(asked) === undefined ? {} : { 'content-type': 'application/json' }),
  };
}

function parse(text: string | undefined, acceptsAny = false): unknown {
  try {
    if (text !== undefined) return JSON.parse(text);
  } catch {
    // Told below, like any other answer that is none.
  }
  if (acceptsAny) return undefined;
  throw new GatewayError('UPSTREAM_BAD_ANSWER');
}
