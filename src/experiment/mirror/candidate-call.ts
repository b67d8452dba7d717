import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { attachExchange, Exchange } from '../../trace/index.js';
import type { Answer, CandidateFailure } from '../compare/answer.js';
import { AnswerRecord, type HeadArguments } from './answer-record.js';

/** Hands a request to Nest's router. */
export type NativeRouter = (req: IncomingMessage, res: ServerResponse) => void;

export interface CandidateCall {
  /** Internal address of the native handler, with the query. */
  readonly url: string;
  readonly body: unknown;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/**
 * Asks the native handler what a client asked, by the same controller and with the same identity, without a socket: what it
 * answers is kept, up to `maxBytes`, and goes nowhere. Never rejects. `onEnded` hears when the handler is really done, which
 * may be long after it was given up, or never.
 */
export function callCandidate(
  original: Exchange,
  router: NativeRouter,
  { url, body, timeoutMs, maxBytes }: CandidateCall,
  onEnded: () => void,
): Promise<Answer | CandidateFailure> {
  const startedAt = performance.now();
  const { req, res } = openExchange(original, url, body);
  return new Promise((resolve) => {
    const record = new AnswerRecord(res, maxBytes);
    const elapsed = (): number => performance.now() - startedAt;
    const timer = setTimeout(() => {
      resolve({ failure: 'timeout', message: `no answer within ${timeoutMs} ms`, ms: elapsed() });
      // Handlers that look after their client stop working for one that has left.
      req.destroy();
      res.emit('close');
    }, timeoutMs);
    timer.unref();
    const end = (outcome: Answer | CandidateFailure): void => {
      clearTimeout(timer);
      resolve(outcome);
      onEnded();
    };
    replaceOutput(res, record, {
      onEnd: () => end(record.toAnswer(elapsed())),
      onCut: () => end({ failure: 'threw', message: 'the answer was cut off', ms: elapsed() }),
    });
    try {
      router(req, res);
    } catch {
      end({ failure: 'threw', message: 'the router threw', ms: elapsed() });
    }
  });
}

function openExchange(original: Exchange, url: string, body: unknown): { req: IncomingMessage; res: ServerResponse } {
  // Never connected: what reads it finds the end, what writes to it is caught before.
  const req = new IncomingMessage(new Socket());
  req.method = original.method;
  req.httpVersion = '1.1';
  req.httpVersionMajor = 1;
  req.httpVersionMinor = 1;
  req.headers = { ...original.req.headers };
  req.rawHeaders = [...original.req.rawHeaders];
  req.complete = true;
  req.push(null);
  Object.assign(req, { url, body });
  const res = new ServerResponse(req);
  const { path, search, authority, client, route, identity, isFromTrustedOrigin, isSignatureVerified } = original;
  const exchange = Object.assign(new Exchange(req, res, original.trace), {
    path,
    search,
    authority,
    client,
    route,
    identity,
    isFromTrustedOrigin,
    isSignatureVerified,
    admitted: true,
  });
  attachExchange(exchange);
  return { req, res };
}

/** All ways to write an answer end in these; none of them reaches a socket. */
function replaceOutput(
  res: ServerResponse,
  record: AnswerRecord,
  { onEnd, onCut }: { readonly onEnd: () => void; readonly onCut: () => void },
): void {
  let isHeadOut = false;
  let isDone = false;
  const finish = (how: () => void): ServerResponse => {
    if (!isDone) {
      isDone = true;
      how();
    }
    return res;
  };
  Object.assign(res, {
    writeHead: (...args: HeadArguments) => {
      isHeadOut = true;
      record.head(args);
      return res;
    },
    flushHeaders: () => (isHeadOut = true),
    write: (chunk: unknown, ...rest: unknown[]) => {
      isHeadOut = true;
      record.push(chunk, rest[0]);
      callBack(rest);
      return true;
    },
    end: (chunk: unknown, ...rest: unknown[]) => {
      isHeadOut = true;
      record.push(chunk, rest[0]);
      callBack([chunk, ...rest]);
      return finish(onEnd);
    },
    destroy: () => finish(onCut),
  });
  Object.defineProperty(res, 'headersSent', { get: () => isHeadOut });
}

function callBack(args: readonly unknown[]): void {
  const callback = args.find((arg) => typeof arg === 'function') as (() => void) | undefined;
  if (callback !== undefined) setImmediate(callback);
}
