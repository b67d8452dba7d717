import type { Dispatcher } from 'undici';
import type { Exchange } from '../../trace/index.js';
import { classifyFault } from '../forward-error.js';
import type { AnswerReceiver, Forwarder, UpstreamCall, UpstreamRequest } from './forwarder.js';
import type { Target } from '../upstream/target.js';

const ABANDONED = new Error('the call was abandoned');

/**
 * Forwards JSON calls, whose answer the gateway must see, over undici's `dispatch`: the least work per request that
 * Node offers. All deadlines are the relay's, so undici's own are off (they tick in half seconds).
 */
export class UndiciForwarder implements Forwarder {
  forward(exchange: Exchange, request: UpstreamRequest, target: Target, receiver: AnswerReceiver): UpstreamCall {
    const call = new UndiciCall(receiver);
    try {
      target.pool.dispatch(toDispatch(exchange, request), call);
    } catch (error) {
      // undici refuses some heads that Node's parser accepts; nothing was sent then.
      call.fail(error);
    }
    return call;
  }
}

/** One call, as undici tells of it. A class: closures made for each call keep their request from being collected early. */
class UndiciCall implements Dispatcher.DispatchHandler, UpstreamCall {
  private controller: Dispatcher.DispatchController | undefined;
  private isDone = false;
  private answerBegan = false;

  constructor(private readonly receiver: AnswerReceiver) {}

  abandon(): void {
    if (this.isDone) return;
    this.isDone = true;
    this.controller?.abort(ABANDONED);
  }

  fail(error: unknown): void {
    if (this.isDone) return;
    this.isDone = true;
    this.receiver.onError(classifyFault(error, this.answerBegan));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.isDone) controller.abort(ABANDONED);
    else this.receiver.onSent();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    statusText: string | undefined,
  ): void {
    if (status < 200 || this.isDone) return;
    this.answerBegan = true;
    this.receiver.onHead(
      { status, statusText: statusText ?? '', headers: toLatin1(controller.rawHeaders) },
      controller,
    );
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.isDone) this.receiver.onData(chunk);
  }

  onResponseEnd(): void {
    if (this.isDone) return;
    this.isDone = true;
    this.receiver.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: unknown): void {
    this.fail(error);
  }
}

function toDispatch(exchange: Exchange, request: UpstreamRequest): Dispatcher.DispatchOptions {
  const { path, headers, body } = request;
  const method = request.method as Dispatcher.HttpMethod;
  if (body === null || Buffer.isBuffer(body)) return { method, path, headers, body, headersTimeout: 0, bodyTimeout: 0 };
  if (body.length !== undefined) headers.push('content-length', String(body.length));
  return { method, path, headers, body: body.guard.streamOf(exchange), headersTimeout: 0, bodyTimeout: 0 };
}

function toLatin1(raw: Dispatcher.DispatchController['rawHeaders']): readonly string[] {
  if (!Array.isArray(raw)) return [];
  const texts: string[] = [];
  for (const item of raw) texts.push(typeof item === 'string' ? item : item.toString('latin1'));
  return texts;
}
