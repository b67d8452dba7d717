import { request } from 'undici';
import { type Identity, IDENTITY_HEADER, readSessionAnswer, signIdentity } from '../auth/index.js';
import { GatewayError } from '../contract/index.js';
import { classifyFault, type ForwardError, mayRetry, toClientError } from './forward-error.js';
import type { Target } from './upstream/target.js';
import type { Upstream } from './upstream/upstream.js';

const TIMEOUT_MS = 5000;
const MAX_BYTES = 65_536;

/**
 * Asks PHP, by a signed server-to-server call, who a session cookie belongs to; once more where nothing of an answer came.
 * @throws GatewayError when PHP cannot be asked.
 */
export async function askPhpForSession(
  upstream: Upstream,
  secret: string,
  cookie: string,
  traceId: string,
): Promise<Identity | undefined> {
  const { session } = upstream.settings;
  if (session === undefined) return undefined;
  let answer: unknown;
  const ask = (target: Target): Promise<ForwardError | undefined> =>
    target.guard(async () => {
      const path = target.basePath + session.path;
      const result = await call(target, path, {
        accept: 'application/json',
        cookie: `${session.cookie}=${cookie}`,
        'x-trace-id': traceId,
        [IDENTITY_HEADER]: signIdentity(secret, 'internal', 'GET', path),
      });
      if (result.kind === 'failure') return result.failure;
      answer = result.answer;
      return undefined;
    });
  const first = upstream.pick();
  let failure = await ask(first);
  if (failure !== undefined && mayRetry(failure) && failure.cause !== 'breaker-open') {
    failure = await ask(upstream.pick(first));
  }
  if (failure !== undefined) throw toClientError(failure, upstream.retryAfterS);
  return readSessionAnswer(answer);
}

type CallResult =
  { readonly kind: 'answer'; readonly answer: unknown } | { readonly kind: 'failure'; readonly failure: ForwardError };

/** @throws GatewayError when an answer came that is none: the script's fault, not that of the connection to it. */
async function call(target: Target, path: string, headers: Readonly<Record<string, string>>): Promise<CallResult> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let answerBegan = false;
  let text: string | undefined;
  try {
    const { statusCode, body } = await request(target.origin + path, { dispatcher: target.pool, signal, headers });
    answerBegan = true;
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes > MAX_BYTES) break;
      chunks.push(chunk);
    }
    if (statusCode === 200 && bytes <= MAX_BYTES) text = Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    const failure = signal.aborted
      ? ({ stage: answerBegan ? 'answer' : 'request', cause: 'timeout' } as const)
      : classifyFault(error, answerBegan);
    return { kind: 'failure', failure };
  }
  return { kind: 'answer', answer: parse(text) };
}

function parse(text: string | undefined): unknown {
  try {
    if (text !== undefined) return JSON.parse(text);
  } catch {
    // Told below, like any other answer that is none.
  }
  throw new GatewayError('UPSTREAM_BAD_ANSWER');
}
