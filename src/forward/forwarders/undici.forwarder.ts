import type { Dispatcher } from 'undici';
import type { Exchange } from '../../trace/index.js';
import { classifyFault } from '../forward-error.js';
import type { AnswerReceiver, Forwarder, UpstreamRequest } from './forwarder.js';
import type { Target } from '../upstream/target.js';

const ABANDONED = new Error('the call was abandoned');

/**
 * Forwards JSON calls, whose answer the gateway must see, over undici's `dispatch`: the least work per request that
 * Node offers. All deadlines are the relay's, so undici's own are off (they tick in half seconds).
 */
export class UndiciForwarder implements Forwarder {
  forward(exchange: Exchange, request: UpstreamRequest, target: Target, receiver: AnswerReceiver): () => void {
    let controller: Dispatcher.DispatchController | undefined;
    let isDone = false;
    let answerBegan = false;
    const fail = (error: unknown): void => {
      if (isDone) return;
      isDone = true;
      receiver.onError(classifyFault(error, answerBegan));
    };
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(given) {
        controller = given;
        if (isDone) given.abort(ABANDONED);
        else receiver.onSent();
      },
      onResponseStart(given, status, _headers, statusText) {
        if (status < 200 || isDone) return;
        answerBegan = true;
        receiver.onHead(
          { status, statusText: statusText ?? '', headers: toLatin1(given.rawHeaders) },
          { pause: () => given.pause(), resume: () => given.resume() },
        );
      },
      onResponseData(_given, chunk) {
        if (!isDone) receiver.onData(chunk);
      },
      onResponseEnd() {
        if (isDone) return;
        isDone = true;
        receiver.onEnd();
      },
      onResponseError(_given, error) {
        fail(error);
      },
    };
    try {
      target.pool.dispatch(toDispatch(exchange, request), handler);
    } catch (error) {
      // undici refuses some heads that Node's parser accepts; nothing was sent then.
      fail(error);
    }
    return () => {
      if (isDone) return;
      isDone = true;
      controller?.abort(ABANDONED);
    };
  }
}

function toDispatch(exchange: Exchange, { method, path, headers, body }: UpstreamRequest): Dispatcher.DispatchOptions {
  const base = { method: method as Dispatcher.HttpMethod, path, headersTimeout: 0, bodyTimeout: 0 };
  if (body === null || Buffer.isBuffer(body)) return { ...base, headers: [...headers], body };
  const length = body.length === undefined ? [] : ['content-length', String(body.length)];
  return { ...base, headers: [...headers, ...length], body: body.guard.streamOf(exchange) };
}

function toLatin1(raw: Dispatcher.DispatchController['rawHeaders']): readonly string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((item) => (typeof item === 'string' ? item : item.toString('latin1')));
}
