import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { attachExchange, Exchange } from '../../trace/index.js';
import type { HeadArguments } from './answer-record.js';

/** What hears of an answer that is written without a socket. */
export interface DetachedOutput {
  onHead(args: HeadArguments | undefined): void;
  /** False: the writer is to wait for `drain`. */
  onWrite(chunk: unknown, rest: readonly unknown[]): boolean;
  onEnd(chunk: unknown, rest: readonly unknown[]): void;
  /** Cut off by whoever writes it. */
  onCut(): void;
}

/**
 * The same request of the same caller once more, for whoever is to answer it without holding the client's own connection. What
 * it writes goes to `output` alone. Nothing of the client's exchange can be reached from it.
 */
export function openDetached(
  original: Exchange,
  call: { readonly url: string; readonly body?: unknown },
  output: DetachedOutput,
): Exchange {
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
  Object.assign(req, call);
  const res = new ServerResponse(req);
  const { path, search, authority, client, route, identity, body, isFromTrustedOrigin, isSignatureVerified } = original;
  const exchange = Object.assign(new Exchange(req, res, original.trace), {
    path,
    search,
    authority,
    client,
    route,
    identity,
    body,
    isFromTrustedOrigin,
    isSignatureVerified,
    admitted: true,
  });
  attachExchange(exchange);
  replaceOutput(res, output);
  return exchange;
}

/** All ways to write an answer end in these; none of them reaches a socket. */
function replaceOutput(res: ServerResponse, output: DetachedOutput): void {
  let isHeadOut = false;
  let isDone = false;
  const once = (how: () => void): ServerResponse => {
    if (!isDone) {
      isDone = true;
      how();
    }
    return res;
  };
  const beginWith = (args?: HeadArguments): void => {
    if (isHeadOut) return;
    isHeadOut = true;
    output.onHead(args);
  };
  Object.assign(res, {
    writeHead: (...args: HeadArguments) => {
      beginWith(args);
      return res;
    },
    flushHeaders: () => beginWith(),
    write: (chunk: unknown, ...rest: unknown[]) => {
      beginWith();
      return isDone || output.onWrite(chunk, rest);
    },
    end: (chunk: unknown, ...rest: unknown[]) => {
      beginWith();
      return once(() => {
        res.finished = true;
        output.onEnd(chunk, rest);
      });
    },
    destroy: () => once(() => output.onCut()),
  });
  Object.defineProperty(res, 'headersSent', { get: () => isHeadOut });
}

/** Calls back as a socket that takes everything would. */
export function callBack(args: readonly unknown[]): void {
  const callback = args.find((arg) => typeof arg === 'function') as (() => void) | undefined;
  if (callback !== undefined) setImmediate(callback);
}
