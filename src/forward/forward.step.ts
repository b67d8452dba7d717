import { answerWithError } from '../contract/index.js';
import { BodyGuard, bodyTooLarge, hasBody } from '../edge/index.js';
import type { RoutePolicies } from '../routing/index.js';
import { codeOfWord, type Exchange } from '../trace/index.js';
import { AnswerRelay } from './answer/answer-relay.js';
import { type ForwardError, mayRetry, toClientError } from './forward-error.js';
import type { Forwarder, UpstreamRequest } from './forwarders/forwarder.js';
import type { RouteAnswerRules } from './answer/route-answer-rules.js';
import type { Target } from './upstream/target.js';
import { toUpstreamRequest } from './upstream-request.js';
import type { Upstream } from './upstream/upstream.js';

/** A call to PHP in the timeline of a request. */
const PHP = codeOfWord('php');

/** What forwarding a route needs; compiled once per route. */
export interface ForwardPlan {
  readonly forwarder: Forwarder;
  readonly upstream: Upstream;
  readonly rules: RouteAnswerRules;
  readonly identitySecret: string;
  /** The name of this gateway process in `Via`. */
  readonly via: string;
}

/**
 * Sends the request to a target of its upstream and brings back the answer. A safe request without a body gets a second
 * try, elsewhere if possible, as long as nothing of an answer has arrived; any other is sent once.
 */
export async function forward(exchange: Exchange, plan: ForwardPlan): Promise<void> {
  const { upstream, rules } = plan;
  const body = takeBody(exchange, rules.policies);
  const isRepeatable = body === null && (exchange.method === 'GET' || exchange.method === 'HEAD');
  exchange.inviteBody();
  exchange.notes.servedBy = 'upstream';
  const first = upstream.pick();
  exchange.notes.attempts = 1;
  let failure = await attempt(exchange, plan, first, body);
  if (failure !== undefined && isRepeatable && mayRetry(failure) && !exchange.res.destroyed) {
    const second = upstream.pick(first);
    if (failure.cause === 'reset') second.dropIdleConnections();
    // A breaker that has just refused would only refuse again.
    if (second !== first || failure.cause !== 'breaker-open') {
      exchange.notes.attempts = 2;
      failure = await attempt(exchange, plan, second, body);
    }
  }
  if (failure === undefined) return;
  // A call that the breaker refused never began: nobody else has noted why there is no answer.
  exchange.notes.upstreamFault ??= `${failure.stage} ${failure.cause}`;
  const isTooLarge = failure.cause === 'body-too-large';
  const { maxBodyBytes } = rules.policies;
  answerWithError(exchange, isTooLarge ? bodyTooLarge(maxBodyBytes) : toClientError(failure, upstream.retryAfterS));
}

/** Resolves when the answer's head has arrived (the relay goes on by itself) or with what went wrong before that. */
async function attempt(
  exchange: Exchange,
  plan: ForwardPlan,
  target: Target,
  body: UpstreamRequest['body'],
): Promise<ForwardError | undefined> {
  const { timeline } = exchange;
  // The first one begins with the step that it is made in.
  const call = timeline.begin(PHP, 1, exchange.notes.attempts === 1 ? timeline.last : timeline.now(), target.note);
  const failure = await target.guard(
    () =>
      new Promise((resolve) => {
        // The client may have left while the call waited for the breaker: PHP is not to work for nobody.
        if (exchange.res.destroyed) {
          resolve({ stage: 'connect', cause: 'client-left' });
          return;
        }
        const relay = new AnswerRelay(exchange, plan.rules, target, plan.upstream.retryAfterS, call, resolve);
        if (body !== null && !Buffer.isBuffer(body)) body.guard.onProgress = () => relay.noteProgress();
        relay.begin(
          plan.forwarder.forward(exchange, toUpstreamRequest(exchange, plan, target, body, call), target, relay),
        );
      }),
  );
  // Noted by the relay already, unless the breaker has refused the call.
  if (failure !== undefined)
    timeline.end(call, timeline.now(), codeOfWord(`target ${target.label}, ${failure.stage} ${failure.cause}`));
  return failure;
}

function takeBody(exchange: Exchange, bounds: RoutePolicies): UpstreamRequest['body'] {
  if (exchange.body !== undefined) return exchange.body;
  const { req } = exchange;
  if (!hasBody(req)) return null;
  const length = req.headers['content-length'];
  return { guard: new BodyGuard(bounds), length: length === undefined ? undefined : Number(length) };
}
