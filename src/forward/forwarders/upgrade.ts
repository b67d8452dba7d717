import { type ClientRequest, type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import type { Socket } from 'node:net';
import { answerWithError } from '../../contract/index.js';
import { codeOfWord, type Exchange } from '../../trace/index.js';
import { AnswerRelay } from '../answer/answer-relay.js';
import { classifyFault, type ForwardError, toClientError } from '../forward-error.js';
import type { ForwardPlan } from '../forward.step.js';
import type { Target } from '../upstream/target.js';
import { transformAnswerHeaders } from '../transforms/answer-headers.js';
import { toHeaderObject, toUpstreamRequest } from '../upstream-request.js';

/** The call to PHP, and what follows it, in the timeline of a request. */
const FORWARD = codeOfWord('forward');
const PHP = codeOfWord('php');
const JOINED = codeOfWord('joined');

const UPGRADE = { connection: 'Upgrade', upgrade: 'websocket' } as const;
/** Milliseconds after which a silent connection is probed: a peer that is gone without a word is noticed. */
const KEEP_ALIVE_PROBE_MS = 30_000;

/**
 * Passes a WebSocket upgrade (RFC 6455, section 4) to the upstream; from its 101 on the two sockets are piped. Any other
 * answer goes the way of all answers. Node's client is used directly: http-proxy-middleware writes the upstream's head to
 * the client as it is, and has no clock for an upstream that never answers. Resolves when the upgrade is settled.
 */
export async function forwardUpgrade(
  exchange: Exchange,
  socket: Socket,
  head: Buffer,
  plan: ForwardPlan,
): Promise<void> {
  const target = plan.upstream.pick();
  exchange.notes.servedBy = 'upstream';
  exchange.timeline.step(-FORWARD);
  const failure = await target.guard(() => ask(exchange, socket, head, plan, target));
  if (failure !== undefined) answerWithError(exchange, toClientError(failure, plan.upstream.retryAfterS));
}

function ask(
  exchange: Exchange,
  socket: Socket,
  head: Buffer,
  plan: ForwardPlan,
  target: Target,
): Promise<ForwardError | undefined> {
  const { timeline } = exchange;
  const place = timeline.begin(PHP, 1, timeline.now(), target.note);
  const { path, headers } = toUpstreamRequest(exchange, plan, target, null, place);
  const send = target.isSecure ? requestSecure : requestPlain;
  const call = send(target.origin, { path, agent: false, headers: { ...toHeaderObject(headers), ...UPGRADE } });
  return new Promise((resolve) => {
    const settle = (failure: ForwardError | undefined): void => {
      clearTimeout(deadline);
      socket.off('close', abandon);
      if (failure !== undefined)
        timeline.say(place, codeOfWord(`target ${target.label}, ${failure.stage} ${failure.cause}`));
      timeline.end(place);
      resolve(failure);
      if (failure !== undefined) call.destroy();
    };
    const deadline = setTimeout(() => settle({ stage: 'request', cause: 'timeout' }), plan.rules.policies.timeoutMs);
    const abandon = (): void => settle({ stage: 'request', cause: 'client-left' });
    socket.once('close', abandon);
    limitConnecting(call, target.connectTimeoutMs, settle);
    call.on('error', (error) => settle(classifyFault(error, false)));
    call.once('upgrade', (answer, upstreamSocket, upstreamHead) => {
      if (answer.headers.upgrade?.toLowerCase() !== UPGRADE.upgrade) {
        upstreamSocket.destroy();
        settle({ stage: 'request', cause: 'malformed' });
        return;
      }
      const { policies, secrets } = plan.rules;
      const found = secrets.findInHead(policies, '', answer.rawHeaders);
      if (found !== undefined) {
        secrets.raiseAlarm(exchange, found);
        upstreamSocket.destroy();
        settle({ stage: 'answer', cause: 'secret' });
        return;
      }
      settle(undefined);
      timeline.step(JOINED);
      join(exchange, socket, head, answerHead(exchange, plan, target, answer), upstreamSocket, upstreamHead);
    });
    call.once('response', (answer) => {
      clearTimeout(deadline);
      socket.off('close', abandon);
      relayAnswer(
        answer,
        call,
        new AnswerRelay(exchange, plan.rules, target, plan.upstream.retryAfterS, place, {
          onBegun: resolve,
          onOver: () => undefined,
        }),
      );
    });
    call.end();
  });
}

function limitConnecting(call: ClientRequest, ms: number, settle: (failure: ForwardError) => void): void {
  const timer = setTimeout(() => settle({ stage: 'connect', cause: 'timeout' }), ms);
  call.once('socket', (upstreamSocket) => upstreamSocket.once('connect', () => clearTimeout(timer)));
  call.once('close', () => clearTimeout(timer));
}

function relayAnswer(answer: IncomingMessage, call: ClientRequest, relay: AnswerRelay): void {
  relay.begin({ abandon: () => call.destroy() });
  relay.onHead(
    { status: answer.statusCode ?? 502, statusText: answer.statusMessage ?? '', headers: answer.rawHeaders },
    answer,
  );
  answer.on('data', (chunk: Buffer) => relay.onData(chunk));
  answer.once('end', () => relay.onEnd());
  answer.once('error', () => relay.onError({ stage: 'answer', cause: 'reset' }));
}

/** The 101 as the client may see it: the upstream's fields through the transforms of any answer. */
function answerHead(exchange: Exchange, { rules }: ForwardPlan, target: Target, answer: IncomingMessage): string {
  const transformed = transformAnswerHeaders(answer.rawHeaders, rules.headerContext(exchange, target));
  const fields = [...rules.gatewayHeaders(exchange, transformed.contentType), ...transformed.headers];
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    `Connection: ${UPGRADE.connection}`,
    `Upgrade: ${UPGRADE.upgrade}`,
  ];
  for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i] ?? ''}: ${fields[i + 1] ?? ''}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function join(
  exchange: Exchange,
  socket: Socket,
  head: Buffer,
  answer: string,
  upstreamSocket: Socket,
  upstreamHead: Buffer,
): void {
  exchange.res.statusCode = 101;
  for (const side of [socket, upstreamSocket]) side.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
  socket.write(answer, 'latin1');
  if (upstreamHead.byteLength > 0) socket.write(upstreamHead);
  if (head.byteLength > 0) upstreamSocket.write(head);
  // Where one side is gone, the other still gets what was sent to it.
  upstreamSocket.once('close', () => socket.destroySoon()).on('error', () => upstreamSocket.destroy());
  socket.once('close', () => upstreamSocket.destroySoon());
  upstreamSocket.pipe(socket);
  socket.pipe(upstreamSocket);
}
