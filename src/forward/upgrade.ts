import { createProxyMiddleware, type RequestHandler } from 'http-proxy-middleware';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Exchange } from '../trace/index.js';
import { classifyFault, type ForwardError } from './forward-error.js';
import type { ForwardPlan } from './forward.step.js';
import type { Target } from './target.js';
import { toHeaderObject, toUpstreamRequest } from './upstream-request.js';

type OnFault = (fault: ForwardError) => void;

const middlewares = new WeakMap<Target, RequestHandler<IncomingMessage, ServerResponse>>();
const faultListeners = new WeakMap<IncomingMessage, OnFault>();

/**
 * Passes a WebSocket upgrade (RFC 6455, section 4) to the upstream; the two sockets are piped from then on.
 * `onFault` is called when there is no upgrade to pass back.
 */
export function forwardUpgrade(
  exchange: Exchange,
  socket: Socket,
  head: Buffer,
  plan: ForwardPlan,
  onFault: OnFault,
): void {
  const { req } = exchange;
  const target = plan.upstream.pick();
  const { path, headers } = toUpstreamRequest(exchange, plan, target, null);
  exchange.notes.servedBy = 'upstream';
  req.url = path;
  req.headers = { ...toHeaderObject(headers), connection: 'Upgrade', upgrade: 'websocket' };
  faultListeners.set(req, onFault);
  middlewareOf(target, plan.rules.policies.timeoutMs).upgrade(req, socket, head);
}

function middlewareOf(target: Target, timeoutMs: number): RequestHandler<IncomingMessage, ServerResponse> {
  const known = middlewares.get(target);
  if (known !== undefined) return known;
  const made = createProxyMiddleware<IncomingMessage, ServerResponse>({
    target: target.origin,
    changeOrigin: false,
    upgradeTimeout: timeoutMs,
    on: {
      proxyReqWs: (proxyReq) => {
        const hide = (answer: IncomingMessage): void => {
          delete answer.headers.server;
          delete answer.headers['x-powered-by'];
        };
        proxyReq.prependOnceListener('upgrade', hide).prependOnceListener('response', hide);
      },
      error: (error, req) => faultListeners.get(req)?.(classifyFault(error, false)),
    },
  });
  middlewares.set(target, made);
  return made;
}
