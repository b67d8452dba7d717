import { readCookie, type PhpSessions } from './auth/index.js';
import { type ArmOf, cacheSides } from './cache-sides.js';
import { GatewayError, parseNativeBody } from './contract/index.js';
import { hasBody, readBody, type SecurityHeaders } from './edge/index.js';
import {
  type Answerer,
  callerOf,
  canaryBuckets,
  NOT_ASKED,
  readArmChoice,
  type RouteEvidence,
  watchServed,
} from './experiment/index.js';
import { forward, type ForwardPlan, HttpProxyForwarder, RouteAnswerRules, UndiciForwarder } from './forward/index.js';
import { follow, named, type Step, type StepResult, timed, wayOf } from './named-step.js';
import type { PipelineParts } from './pipeline-steps.js';
import { dryRunOf, isStageable, nativeHandlerPath, readAction, type Route } from './routing/index.js';
import { guardNativeAnswer } from './secrets/index.js';
import { codeOfWord, type Exchange } from './trace/index.js';

/** Seconds after which a handler whose places are all taken may be asked again. */
const RETRY_AFTER_S = 5;

/** Who answers, in the timeline of a request. */
const FORWARD = codeOfWord('forward');
const NATIVE = codeOfWord('native');

/** What the steps that answer are made of, beside the pipeline's parts. */
export interface AnswerParts extends PipelineParts {
  readonly security: SecurityHeaders;
  /** The name of this process in `Via`. */
  readonly via: string;
  readonly sessionsOf: (route: Route) => PhpSessions | undefined;
}

/** Who answers a route whose policies a request has passed: PHP, the native handler, or one in the sight of the other. */
export class AnswerSteps {
  private readonly undici = new UndiciForwarder();
  private readonly httpProxy = new HttpProxyForwarder();

  constructor(private readonly parts: AnswerParts) {}

  endSession(route: Route): readonly Step[] {
    const sessions = route.policies.endsSession ? this.parts.sessionsOf(route) : undefined;
    if (sessions === undefined) return [];
    return [
      named('endSession', ({ req, res }) => {
        const cookie = readCookie(req.headers.cookie, sessions.cookieName);
        // When the answer is out: what PHP was asked meanwhile is not to outlive it.
        if (cookie !== undefined) res.once('close', () => sessions.forget(cookie));
        return undefined;
      }),
    ];
  }

  fromPhp(route: Route, bodyIsRead: boolean): Step {
    const plan = this.planOf(route, bodyIsRead);
    return (exchange) => askPhp(exchange, plan);
  }

  /** The route's cache. `again` answers an exchange that has no client, as the route's stage does. */
  cached(route: Route, again: Step): readonly Step[] {
    const cookie = this.parts.sessionsOf(route)?.cookieName;
    const sides = cacheSides(route, this.parts.recorder, this.armsOf(route, cookie), again);
    return this.parts.cache.reading(route, cookie, sides).map((step) => timed('cache', step));
  }

  /** An administrator's choice of who answers this request, on a route that both can answer. */
  byChoice(route: Route, bodyIsRead: boolean): readonly Step[] {
    if (!isStageable(route)) return [];
    const read: readonly Step[] = bodyIsRead
      ? []
      : [named('readBody', (exchange) => readBody(exchange, route.policies))];
    const ways = {
      native: wayOf([...read, this.natively(route)]),
      php: wayOf([
        ...(route.stage === 'replaced' ? [refuseWrite] : []),
        ...read,
        ...this.endSession(route),
        this.fromPhp(route, true),
      ]),
    } as const;
    return [
      named('choice', (exchange) =>
        readArmChoice(exchange, this.parts.jwt)?.then((arm) =>
          arm === undefined ? undefined : follow(ways[arm], exchange),
        ),
      ),
    ];
  }

  /** Asks the native handler besides, off the path: what is safe and has no body. */
  mirrored(route: Route): Step {
    const plan = this.planOf(route, true);
    const mirror = this.parts.mirror.forRoute(route, {
      candidate: this.handlerOf(route),
      again: (exchange) => {
        exchange.isAgain = true;
        exchange.timeline.step(-FORWARD);
        forward(exchange, plan)?.catch(() => exchange.res.destroy());
      },
    });
    const path = nativeHandlerPath(route.handler ?? '');
    return timed('mirror', (exchange) => {
      exchange.notes.arm = 'control';
      if (!isSafe(exchange) || hasBody(exchange.req) || isConditional(exchange)) return undefined;
      const body = parseNativeBody(exchange);
      if (body instanceof GatewayError) return undefined;
      mirror(exchange, { url: path + exchange.search, body: body.value, action: actionOf(route, exchange) });
      return undefined;
    });
  }

  /** Takes note of what changes data, whoever answers it: writes that are compared meanwhile must not be blamed for it. */
  noteWrite({ match: { methods }, handler }: Route): readonly Step[] {
    if (methods.length > 0 && methods.every(isSafeMethod)) return [];
    const declaration = dryRunOf(handler);
    return [
      named('noteWrite', (exchange) => {
        if (!isSafe(exchange)) this.parts.writes.note(exchange, declaration);
        return undefined;
      }),
    ];
  }

  /** Tries the handler of a write besides, off the path, where it declares a dry run; the body has been read. */
  tryWrite(route: Route): readonly Step[] {
    const declaration = dryRunOf(route.handler);
    if (declaration === undefined) return [];
    const attempt = this.parts.writes.forRoute(route, declaration, this.handlerOf(route));
    const path = nativeHandlerPath(route.handler ?? '');
    return [
      timed('tryWrite', (exchange) => {
        const body = isSafe(exchange) ? undefined : parseNativeBody(exchange);
        if (body === undefined || body instanceof GatewayError) return undefined;
        attempt(exchange, { url: path + exchange.search, body: body.value, action: actionOf(route, exchange) });
        return undefined;
      }),
    ];
  }

  /**
   * Who answers this caller of a canary: PHP or the native handler, the same one each time. A handler that fails before it
   * has answered a safe method gives way to PHP; a write is never tried a second time. How both fare is evidence.
   */
  byArm(route: Route): Step {
    const plan = this.planOf(route, true);
    const fromPhp = this.fromPhp(route, true);
    const natively = this.natively(route, plan);
    const cookie = this.parts.sessionsOf(route)?.cookieName;
    const armOf = this.armsOf(route, cookie);
    const counts = this.parts.arms.of(route.name);
    return named('canary', (exchange) => {
      const who = callerOf(exchange, cookie);
      const arm = exchange.settledArm ?? armOf(exchange);
      exchange.notes.arm = arm;
      counts[arm] += 1;
      const evidence = this.parts.evidence.of(route.name);
      if (evidence !== undefined) this.watch(route, exchange, { arm, who, evidence });
      return arm === 'candidate' ? natively(exchange) : fromPhp(exchange);
    });
  }

  /** The native handler alone: how it fares is told, without a control beside it. */
  replacing(route: Route): Step {
    const natively = this.natively(route);
    const cookie = this.parts.sessionsOf(route)?.cookieName;
    return (exchange) => {
      const evidence = this.parts.evidence.of(route.name);
      if (evidence !== undefined)
        this.watch(route, exchange, { arm: 'candidate', who: callerOf(exchange, cookie), evidence });
      return natively(exchange);
    };
  }

  /** `standIn`: how PHP answers in the stead of a handler: safe methods when it fails, all when it cannot be asked. */
  natively(route: Route, standIn?: ForwardPlan): Step {
    const path = nativeHandlerPath(route.handler ?? '');
    const { turns } = this.parts;
    // Where nobody else could answer, the handler has the client's own connection and its own time.
    const isReplacement = isStageable(route);
    const handler = this.handlerOf(route);
    return (exchange) => {
      exchange.timeline.step(-NATIVE);
      const body = parseNativeBody(exchange);
      if (body instanceof GatewayError) return body;
      const call = { url: path + exchange.search, body: body.value };
      if (!isReplacement) return this.handOver(route, exchange, call);
      if (turns.isFull(route.name)) {
        exchange.notes.candidateFault = NOT_ASKED;
        // Nobody has begun: even a write is sent once.
        if (standIn !== undefined) return askPhp(exchange, standIn);
        return new GatewayError('UPSTREAM_UNAVAILABLE', { headers: { 'Retry-After': String(RETRY_AFTER_S) } });
      }
      exchange.admitted = true;
      exchange.notes.servedBy = 'native';
      const release = guardNativeAnswer(exchange, route.policies, this.parts.secrets);
      turns.take(exchange, handler, {
        ...call,
        timeoutMs: route.policies.timeoutMs,
        standIn:
          standIn === undefined || !isSafe(exchange)
            ? undefined
            : (fault) => {
                this.parts.arms.of(route.name).fallbacks += 1;
                exchange.notes.candidateFault = fault;
                exchange.admitted = false;
                release();
                exchange.timeline.step(-FORWARD);
                return forward(exchange, standIn) ?? Promise.resolve();
              },
      });
      return 'answered';
    };
  }

  /** How a proxied route's requests go to PHP. What a policy has read whole goes over undici, like all that must be read back whole. */
  planOf({ name, policies, upstream: upstreamName }: Route, bodyIsRead: boolean): ForwardPlan {
    const { upstreams, security, secrets, config, via } = this.parts;
    const upstream = upstreams.get(upstreamName ?? '');
    if (upstream === undefined) throw new Error(`route ${name} has no upstream`);
    return {
      forwarder: policies.envelope === 'off' && !bodyIsRead ? this.httpProxy : this.undici,
      upstream,
      share: upstream.bulkhead.shareOf(name, policies.concurrency.upstream),
      rules: new RouteAnswerRules(policies, upstream, security, secrets, config.environment === 'development'),
      identitySecret: config.identity.secret,
      via,
    };
  }

  /** The route's native handler, whose stray errors are its own and not the process's. */
  private handlerOf({ name }: Route): Answerer {
    return this.parts.turns.guarded(name, ({ req, res }) => this.parts.native(req, res));
  }

  /** Who answers a caller by the route's stage. */
  private armsOf({ name, stage, weight }: Route, cookie: string | undefined): ArmOf {
    const bucketOf = canaryBuckets(this.parts.config.identity.secret, name);
    return (exchange) => {
      if (stage !== 'canary') return stage === 'replaced' ? 'candidate' : 'control';
      return bucketOf(callerOf(exchange, cookie)) < weight ? 'candidate' : 'control';
    };
  }

  private handOver({ policies }: Route, exchange: Exchange, call: { readonly url: string; readonly body: unknown }) {
    const { req, res, answerHeaders } = exchange;
    exchange.admitted = true;
    exchange.notes.servedBy = 'native';
    guardNativeAnswer(exchange, policies, this.parts.secrets);
    for (let i = 0; i < answerHeaders.length; i += 2) res.setHeader(answerHeaders[i] ?? '', answerHeaders[i + 1] ?? '');
    this.parts.native(Object.assign(req, call), res);
    return 'answered' as const;
  }

  private watch(
    route: Route,
    exchange: Exchange,
    { arm, who, evidence }: { arm: 'control' | 'candidate'; who: string; evidence: RouteEvidence },
  ): void {
    watchServed(exchange, arm, (served) => {
      const action = actionOf(route, exchange);
      evidence.served(arm, exchange, who, action === undefined ? served : { ...served, action });
    });
  }
}

function askPhp(exchange: Exchange, plan: ForwardPlan): StepResult | Promise<StepResult> {
  exchange.timeline.step(-FORWARD);
  return forward(exchange, plan)?.then(() => 'answered') ?? 'answered';
}

/** Undefined where the route does not ask for it. */
function actionOf({ match: { actions } }: Route, exchange: Exchange): string | undefined {
  if (actions === undefined) return undefined;
  const found = readAction(exchange);
  return found.kind === 'action' && actions.includes(found.action) ? found.action : undefined;
}

/** What the client has already decides the answer: PHP's and the handler's validators are never the same. */
function isConditional({ req: { headers } }: Exchange): boolean {
  return ['if-none-match', 'if-modified-since', 'range'].some((name) => headers[name] !== undefined);
}

/** Asking twice does no more than asking once (RFC 9110, section 9.2.1). */
/** PHP is no longer asked before what a replaced route reads: what it wrote by choice would not be seen. */
const refuseWrite: Step = (exchange) =>
  isSafe(exchange)
    ? undefined
    : new GatewayError('BAD_REQUEST', {
        error: 'This route is replaced: PHP may not write beside it. Set its stage to proxy, mirror or canary first.',
      });

function isSafe({ method }: Exchange): boolean {
  return isSafeMethod(method);
}

function isSafeMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}
