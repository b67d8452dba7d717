import { createProxyMiddleware, type RequestHandler } from 'http-proxy-middleware';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange } from '../../trace/index.js';
import { classifyFault, type ForwardError } from '../forward-error.js';
import type { AnswerReceiver, Forwarder, UpstreamCall, UpstreamRequest } from './forwarder.js';
import type { Target } from '../upstream/target.js';
import { toHeaderObject } from '../upstream-request.js';

class Call implements UpstreamCall {
  proxyReq: ClientRequest | undefined;
  answer: IncomingMessage | undefined;
  isDone = false;

  constructor(
    readonly request: UpstreamRequest,
    readonly receiver: AnswerReceiver,
  ) {}

  abandon(): void {
    if (this.isDone) return;
    this.isDone = true;
    this.proxyReq?.destroy();
  }
}

const CALL = Symbol('call');

/** The call is held by its request alone. */
type Carrier = IncomingMessage & { [CALL]?: Call };

function callOf(req: Carrier): Call | undefined {
  return req[CALL];
}

type Middleware = RequestHandler<IncomingMessage, ServerResponse>;

/**
 * Forwards whatever passes through untouched (pages, files, uploads, event streams) over http-proxy-middleware.
 * It gets a request whose headers are cleaned already, has no deadline of its own, and never writes an answer:
 * `selfHandleResponse` leaves that to the relay, and its error pages, which name the upstream's host, are never used.
 */
export class HttpProxyForwarder implements Forwarder {
  private readonly middlewares = new WeakMap<Target, Middleware>();

  forward(exchange: Exchange, request: UpstreamRequest, target: Target, receiver: AnswerReceiver): UpstreamCall {
    const call = new Call(request, receiver);
    const { req, res } = exchange;
    (req as Carrier)[CALL] = call;
    req.url = request.path;
    req.headers = headersFor(request);
    void this.middlewareOf(target)(req, res, (error?: unknown) => {
      if (error !== undefined) fail(call, classifyFault(error, call.answer !== undefined));
    });
    return call;
  }

  private middlewareOf(target: Target): Middleware {
    const known = this.middlewares.get(target);
    if (known !== undefined) return known;
    const made = createProxyMiddleware<IncomingMessage, ServerResponse>({
      target: target.origin,
      agent: target.agent,
      changeOrigin: false,
      selfHandleResponse: true,
      xfwd: false,
      on: {
        proxyReq: (proxyReq, req, res) => this.onUpstreamRequest(proxyReq, req, res, target.connectTimeoutMs),
        proxyRes: (proxyRes, req) => this.onUpstreamAnswer(proxyRes, req),
        error: (error, req) => {
          const call = callOf(req);
          if (call !== undefined) fail(call, classifyFault(error, call.answer !== undefined));
        },
        econnreset: (error, req) => {
          const call = callOf(req);
          if (call !== undefined) fail(call, classifyFault(error, call.answer !== undefined));
        },
      },
    });
    this.middlewares.set(target, made);
    return made;
  }

  private onUpstreamRequest(
    proxyReq: ClientRequest,
    req: IncomingMessage,
    res: ServerResponse,
    connectTimeoutMs: number,
  ): void {
    const call = callOf(req);
    if (call === undefined) return;
    call.proxyReq = proxyReq;
    if (call.isDone) {
      proxyReq.destroy();
      return;
    }
    proxyReq.once('upgrade', (_answer, socket) => {
      // Nobody asked for another protocol.
      socket.destroy();
      fail(call, { stage: 'request', cause: 'malformed' });
    });
    if (proxyReq.socket?.connecting === true) limitConnecting(proxyReq, connectTimeoutMs, call);
    else call.receiver.onSent();
    const { body } = call.request;
    // The guard counts what http-proxy-middleware pipes; it begins in the same tick, so that no byte passes uncounted.
    if (body !== null && !Buffer.isBuffer(body)) body.guard.watch({ req, res }, (error) => proxyReq.destroy(error));
  }

  private onUpstreamAnswer(answer: IncomingMessage, req: IncomingMessage): void {
    const call = callOf(req);
    if (call === undefined || call.isDone) {
      answer.destroy();
      return;
    }
    call.answer = answer;
    const { receiver } = call;
    answer.on('data', (chunk: Buffer) => {
      if (!call.isDone) receiver.onData(chunk);
    });
    answer.once('end', () => {
      if (call.isDone || !answer.complete) return;
      call.isDone = true;
      receiver.onEnd();
    });
    answer.once('close', () => {
      if (!answer.complete) fail(call, { stage: 'answer', cause: 'reset' });
    });
    receiver.onHead(
      { status: answer.statusCode ?? 502, statusText: answer.statusMessage ?? '', headers: answer.rawHeaders },
      answer,
    );
  }
}

function fail(call: Call, error: ForwardError): void {
  // What breaks behind a complete answer (bytes beyond its length, say) costs the connection, not the answer: its `end` follows.
  if (call.isDone || call.answer?.complete === true) return;
  call.isDone = true;
  call.receiver.onError(error);
}

function limitConnecting(proxyReq: ClientRequest, connectTimeoutMs: number, call: Call): void {
  const timer = setTimeout(() => {
    fail(call, { stage: 'connect', cause: 'timeout' });
    proxyReq.destroy();
  }, connectTimeoutMs);
  proxyReq.socket?.once('connect', () => {
    clearTimeout(timer);
    if (!call.isDone) call.receiver.onSent();
  });
  proxyReq.once('close', () => clearTimeout(timer));
}

function headersFor({ headers, body }: UpstreamRequest): IncomingMessage['headers'] {
  const object = toHeaderObject(headers);
  if (body !== null && !Buffer.isBuffer(body)) {
    // Told explicitly: Node sends a DELETE's body without any framing otherwise.
    if (body.length === undefined) object['transfer-encoding'] = 'chunked';
    else object['content-length'] = String(body.length);
  }
  return object;
}
