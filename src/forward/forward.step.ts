import { answerWithError } from '../contract/index.js';
import { BodyGuard, bodyTooLarge, hasBody } from '../edge/index.js';
import type { RoutePolicies } from '../routing/index.js';
import { codeOfWord, type Exchange } from '../trace/index.js';
import { AnswerRelay, type CallObserver } from './answer/answer-relay.js';
import { type ForwardError, mayRetry, toClientError } from './forward-error.js';
import type { Forwarder, UpstreamRequest } from './forwarders/forwarder.js';
import type { RouteAnswerRules } from './answer/route-answer-rules.js';
import type { Place, RouteShare } from './upstream/route-share.js';
import { BREAKER_OPEN } from './upstream/target-breaker.js';
import type { Target } from './upstream/target.js';
import { toUpstreamRequest } from './upstream-request.js';
import type { Upstream } from './upstream/upstream.js';

/** A call to PHP in the timeline of a request. */
const PHP = codeOfWord('php');
/** The wait for a place among the calls of its upstream. */
const WAIT = codeOfWord('php: wait');

const CLIENT_LEFT: ForwardError = { stage: 'connect', cause: 'client-left' };

/** What forwarding a route needs; compiled once per route. */
export interface ForwardPlan {
  readonly forwarder: Forwarder;
  readonly upstream: Upstream;
  /** The route's places there. */
  readonly share: RouteShare;
  readonly rules: RouteAnswerRules;
  readonly identitySecret: string;
  /** The name of this gateway process in `Via`. */
  readonly via: string;
}

/**
 * Sends the request to a target of its upstream and brings back the answer. A safe request without a body gets a second
 * try, elsewhere if possible, as long as nothing of an answer has arrived; any other is sent once.
 * @returns undefined where it is under way at once; else a promise for when it is, or for its refusal
 */
export function forward(exchange: Exchange, plan: ForwardPlan): Promise<void> | undefined {
  const { upstream, rules, share } = plan;
  const entered = upstream.bulkhead.enter(share, exchange.res, rules.policies.timeoutMs);
  if (entered instanceof Promise) return waitFor(exchange, entered).then((place) => begin(exchange, plan, place));
  begin(exchange, plan, entered);
  return undefined;
}

function begin(exchange: Exchange, plan: ForwardPlan, place: Place | undefined): void {
  if (place !== undefined) new Forwarding(exchange, plan).begin(place);
  else refuse(exchange, plan, { stage: 'connect', cause: exchange.res.destroyed ? 'client-left' : 'no-place' });
}

async function waitFor(exchange: Exchange, entering: Promise<Place | undefined>): Promise<Place | undefined> {
  const { timeline } = exchange;
  const from = timeline.now();
  const place = await entering;
  timeline.add(WAIT, 1, from, timeline.now());
  return place;
}

function refuse(exchange: Exchange, { upstream, rules }: ForwardPlan, failure: ForwardError): void {
  // A call that the breaker refused never began: nobody else has noted why there is no answer.
  exchange.notes.upstreamFault ??= `${failure.stage} ${failure.cause}`;
  const isTooLarge = failure.cause === 'body-too-large';
  const { maxBodyBytes } = rules.policies;
  answerWithError(exchange, isTooLarge ? bodyTooLarge(maxBodyBytes) : toClientError(failure, upstream.retryAfterS));
}

/** A request on its way to PHP: its tries, one after the other, until the head of an answer is there. The relay goes on by itself from then. */
class Forwarding implements CallObserver {
  private readonly body: UpstreamRequest['body'];
  private target: Target;
  private place: Place | undefined;
  /** The place of the try under way in the timeline. */
  private call = 0;
  /** The target has been told how the try under way went. */
  private isTold = false;

  constructor(
    private readonly exchange: Exchange,
    private readonly plan: ForwardPlan,
  ) {
    this.body = takeBody(exchange, plan.rules.policies);
    this.target = plan.upstream.pick();
  }

  begin(place: Place): void {
    const { exchange } = this;
    exchange.inviteBody();
    exchange.notes.servedBy = 'upstream';
    exchange.notes.attempts = 1;
    // The first one begins with the step that it is made in.
    this.try(place, exchange.timeline.last);
  }

  /** The head of an answer is there, or the try has failed before that. */
  onBegun(failure: ForwardError | undefined): void {
    this.tell(failure);
    if (failure !== undefined) this.fail(failure);
  }

  private tell(failure: ForwardError | undefined): void {
    if (this.isTold) return;
    this.isTold = true;
    this.target.leave(failure);
  }

  /** The call holds no connection any more. */
  onOver(): void {
    this.place?.leave();
  }

  private try(place: Place, at: number): void {
    const { exchange, target } = this;
    this.place = place;
    this.isTold = false;
    this.call = exchange.timeline.begin(PHP, 1, at, target.note);
    const may = target.enter();
    if (typeof may === 'boolean') this.sendIf(may);
    else may.then((settled) => this.sendIf(settled)).catch(() => exchange.res.destroy());
  }

  private sendIf(may: boolean): void {
    if (!may) {
      this.fail(BREAKER_OPEN);
      return;
    }
    const { exchange, plan, target, body } = this;
    // The client may have left while the call waited for the breaker: PHP is not to work for nobody.
    if (exchange.res.destroyed) {
      this.onBegun(CLIENT_LEFT);
      return;
    }
    const relay = new AnswerRelay(exchange, plan.rules, target, plan.upstream.retryAfterS, this.call, this);
    if (body !== null && !Buffer.isBuffer(body)) body.guard.onProgress = () => relay.noteProgress();
    try {
      const request = toUpstreamRequest(exchange, plan, target, body, this.call);
      relay.begin(plan.forwarder.forward(exchange, request, target, relay));
    } catch (error) {
      this.tell(CLIENT_LEFT);
      this.place?.leave();
      throw error;
    }
  }

  private fail(failure: ForwardError): void {
    const { exchange, plan, target, call } = this;
    this.place?.leave();
    const { timeline, notes, method } = exchange;
    // Done by the relay already, unless the breaker has refused the call.
    timeline.end(call, timeline.now(), codeOfWord(`target ${target.label}, ${failure.stage} ${failure.cause}`));
    const isRepeatable = notes.attempts === 1 && this.body === null && (method === 'GET' || method === 'HEAD');
    if (isRepeatable && mayRetry(failure) && !exchange.res.destroyed) {
      const second = plan.upstream.pick(target);
      if (failure.cause === 'reset') second.dropIdleConnections();
      // A breaker that has just refused would only refuse again.
      if (second !== target || failure.cause !== 'breaker-open') {
        notes.attempts = 2;
        this.target = second;
        // Once undici has cleared the broken connection away: the same one, made anew, is the one that is surely alive.
        Promise.resolve()
          .then(() => this.try(plan.upstream.bulkhead.enterAnyway(plan.share), timeline.now()))
          .catch(() => exchange.res.destroy());
        return;
      }
    }
    refuse(exchange, plan, failure);
  }
}

function takeBody(exchange: Exchange, bounds: RoutePolicies): UpstreamRequest['body'] {
  if (exchange.body !== undefined) return exchange.body;
  const { req } = exchange;
  if (!hasBody(req)) return null;
  const length = req.headers['content-length'];
  return { guard: new BodyGuard(bounds), length: length === undefined ? undefined : Number(length) };
}
