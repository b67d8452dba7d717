import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  authorize,
  checkCsrf,
  identify,
  type JwtVerifier,
  PhpSessions,
  readCookie,
  type SignatureVerifier,
} from './auth/index.js';
import type { GatewayConfig } from './config/index.js';
import { GatewayError, checkQueryLength, parseNativeBody, refuseHostileBody, validateInput } from './contract/index.js';
import {
  AllowedOrigins,
  checkAnnouncedLength,
  checkOrigin,
  computeSecurityHeaders,
  hasBody,
  noteOrigin,
  readBody,
} from './edge/index.js';
import { type ArmCounters, callerOf, canaryBuckets, type Mirror } from './experiment/index.js';
import {
  askPhpForSession,
  forward,
  type ForwardPlan,
  HttpProxyForwarder,
  RouteAnswerRules,
  UndiciForwarder,
  type Upstream,
  type Upstreams,
} from './forward/index.js';
import { nativeHandlerPath, type RateLimitPolicy, type Route } from './routing/index.js';
import { guardNativeAnswer, type SecretWatch } from './secrets/index.js';
import type { SharedState } from './state/index.js';
import type { ConcurrencyLimiter, RateLimits } from './throttle/index.js';
import type { Exchange } from './trace/index.js';

/** A refusal ends the request's way; `answered` means that the step has sent the answer itself. */
export type StepResult = GatewayError | 'answered' | undefined;
export type Step = (exchange: Exchange) => StepResult | Promise<StepResult>;

/** Hands a request to Nest's router. */
export type NativeRouter = (req: IncomingMessage, res: ServerResponse) => void;

/** What the steps are made of. */
export interface PipelineParts {
  readonly config: GatewayConfig;
  readonly limits: RateLimits;
  readonly concurrency: ConcurrencyLimiter;
  readonly jwt: JwtVerifier;
  readonly signatures: SignatureVerifier;
  readonly upstreams: Upstreams;
  readonly secrets: SecretWatch;
  readonly state: SharedState;
  readonly arms: ArmCounters;
  readonly mirror: Mirror;
  readonly native: NativeRouter;
}

/** Each step by its name, made for one route. The order in which a request meets them stands in `pipeline.ts`. */
export class PipelineSteps {
  private readonly allowedOrigins: AllowedOrigins;
  private readonly security;
  private readonly undici = new UndiciForwarder();
  private readonly httpProxy = new HttpProxyForwarder();
  private readonly sessions = new WeakMap<Upstream, PhpSessions>();
  /** The name of this process in `Via`; a request that carries it already has come round in a circle. */
  readonly via = `1.1 donna-gateway-${randomBytes(4).toString('hex')}`;

  constructor(private readonly parts: PipelineParts) {
    this.allowedOrigins = new AllowedOrigins(parts.config.origins.allowed);
    this.security = computeSecurityHeaders({ mode: parts.config.csp.mode, connectTo: realtimeOrigins(parts.config) });
  }

  readonly securityHeaders: Step = ({ client, answerHeaders }) => {
    answerHeaders.push(...(client.protocol === 'https' ? this.security.overHttps : this.security.overHttp));
    return undefined;
  };

  /** `route` is undefined for an address that has none. */
  origin(route: Route | undefined): readonly Step[] {
    return route?.policies.cors === 'upstream' ? [] : [(exchange) => checkOrigin(exchange, this.allowedOrigins)];
  }

  /** For a head that could not be read: nobody is refused. */
  readonly noteOrigin: Step = (exchange) => {
    noteOrigin(exchange, this.allowedOrigins);
    return undefined;
  };

  limits(limits: readonly RateLimitPolicy[]): readonly Step[] {
    return limits.map((limit) => (exchange) => this.parts.limits.count(limit, exchange));
  }

  /** Holds a place among the requests that may be under way together until the answer is out. */
  concurrency({ name, policies }: Route, bound: 'route' | 'caller'): readonly Step[] {
    const max = policies.concurrency[bound];
    if (max === undefined) return [];
    return [(exchange) => this.parts.concurrency.enter(exchange, { bound, max, route: name })];
  }

  identity(route: Route): readonly Step[] {
    const { authorization } = route.policies;
    if (authorization.anyOf.length === 0) return [];
    const sessions = this.sessionsOf(route);
    return [(exchange) => identify(exchange, authorization, this.parts.jwt, sessions)];
  }

  authorization({ policies }: Route): Step {
    return ({ identity }) => authorize(identity, policies.authorization);
  }

  csrf({ policies }: Route): Step {
    return (exchange) => checkCsrf(exchange, policies.cors === 'gateway');
  }

  bodyLength({ policies }: Route): Step {
    return ({ req, body }) => checkAnnouncedLength(req, policies.maxBodyBytes, body?.byteLength);
  }

  readBody({ policies }: Route): Step {
    return (exchange) => readBody(exchange, policies);
  }

  signature({ policies: { signature } }: Route): readonly Step[] {
    if (signature === undefined) return [];
    return [(exchange) => this.parts.signatures.check(exchange, signature)];
  }

  /** More fields than PHP takes; what goes wherever it wants goes on as it is. */
  queryLength({ match: { path } }: Route): readonly Step[] {
    return path === '/{*path}' ? [] : [checkQueryLength];
  }

  input({ policies: { input, unknownFields } }: Route, isRead: boolean): readonly Step[] {
    if (input === undefined) return isRead ? [refuseHostileBody] : [];
    return [(exchange) => validateInput(exchange, { dto: input, unknownFields })];
  }

  endSession(route: Route): readonly Step[] {
    const sessions = route.policies.endsSession ? this.sessionsOf(route) : undefined;
    if (sessions === undefined) return [];
    return [
      ({ req, res }) => {
        const cookie = readCookie(req.headers.cookie, sessions.cookieName);
        // When the answer is out: what PHP was asked meanwhile is not to outlive it.
        if (cookie !== undefined) res.once('close', () => sessions.forget(cookie));
        return undefined;
      },
    ];
  }

  answerFromPhp(route: Route, bodyIsRead: boolean): Step {
    const plan = this.planOf(route, bodyIsRead);
    return (exchange) => forward(exchange, plan).then((): StepResult => 'answered');
  }

  /** Asks the native handler besides, off the path: what is safe and has no body. */
  mirror(route: Route): Step {
    const mirror = this.parts.mirror.forRoute(route, this.parts.native);
    const path = nativeHandlerPath(route.handler ?? '');
    return (exchange) => {
      exchange.notes.arm = 'control';
      if (!isSafe(exchange) || hasBody(exchange.req) || isConditional(exchange)) return undefined;
      const body = parseNativeBody(exchange);
      if (!(body instanceof GatewayError)) mirror(exchange, { url: path + exchange.search, body: body.value });
      return undefined;
    };
  }

  /**
   * Who answers this caller of a canary: PHP or the native handler, the same one each time. A handler that fails before it
   * has answered a safe method gives way to PHP; a write is never tried a second time.
   */
  answerByArm(route: Route): Step {
    const plan = this.planOf(route, true);
    const fromPhp = this.answerFromPhp(route, true);
    const natively = this.answerNatively(route, plan);
    const bucketOf = canaryBuckets(this.parts.config.identity.secret, route.name);
    const cookie = this.sessionsOf(route)?.cookieName;
    const counts = this.parts.arms.of(route.name);
    return (exchange) => {
      const arm = bucketOf(callerOf(exchange, cookie)) < route.weight ? 'candidate' : 'control';
      exchange.notes.arm = arm;
      counts[arm] += 1;
      return arm === 'candidate' ? natively(exchange) : fromPhp(exchange);
    };
  }

  /** `standIn`: how PHP answers safe methods in the stead of a handler that fails. */
  answerNatively({ name, handler = '', policies }: Route, standIn?: ForwardPlan): Step {
    const path = nativeHandlerPath(handler);
    const counts = standIn === undefined ? undefined : this.parts.arms.of(name);
    return (exchange) => {
      const { req, res, answerHeaders, search } = exchange;
      const body = parseNativeBody(exchange);
      if (body instanceof GatewayError) return body;
      exchange.admitted = true;
      exchange.notes.servedBy = 'native';
      const release = guardNativeAnswer(exchange, policies, this.parts.secrets);
      const { url } = req;
      if (standIn !== undefined && isSafe(exchange))
        exchange.standIn = (fault) => {
          if (counts !== undefined) counts.fallbacks += 1;
          exchange.notes.candidateFault = fault;
          exchange.admitted = false;
          release();
          // Nothing of what the handler had prepared is left on the answer: PHP's own and the gateway's headers, once each.
          for (const header of res.getHeaderNames()) res.removeHeader(header);
          res.statusCode = 200;
          Object.assign(req, { url });
          return forward(exchange, standIn);
        };
      for (let i = 0; i < answerHeaders.length; i += 2)
        res.setHeader(answerHeaders[i] ?? '', answerHeaders[i + 1] ?? '');
      this.parts.native(Object.assign(req, { url: path + search, body: body.value }), res);
      return 'answered';
    };
  }

  /** How a proxied route's requests go to PHP. What a policy has read whole goes over undici, like all that must be read back whole. */
  planOf({ name, policies, upstream: upstreamName }: Route, bodyIsRead: boolean): ForwardPlan {
    const upstream = this.parts.upstreams.get(upstreamName ?? '');
    if (upstream === undefined) throw new Error(`route ${name} has no upstream`);
    return {
      forwarder: policies.envelope === 'off' && !bodyIsRead ? this.httpProxy : this.undici,
      upstream,
      rules: new RouteAnswerRules(policies, upstream, this.security, this.parts.secrets),
      identitySecret: this.parts.config.identity.secret,
      via: this.via,
    };
  }

  /** The sessions of the route's PHP application; a native route asks the one that has sessions. */
  private sessionsOf(route: Route): PhpSessions | undefined {
    const { upstreams, config, state } = this.parts;
    const upstream =
      route.upstream === undefined
        ? upstreams.all().find(({ settings }) => settings.session)
        : upstreams.get(route.upstream);
    if (upstream?.settings.session === undefined) return undefined;
    const known = this.sessions.get(upstream);
    if (known !== undefined) return known;
    const { secret } = config.identity;
    const made = new PhpSessions(
      upstream.settings.session.cookie,
      (cookie, traceId) => askPhpForSession(upstream, secret, cookie, traceId),
      state.replicatedMap('ended-sessions'),
    );
    this.sessions.set(upstream, made);
    return made;
  }
}

/** What the client has already decides the answer: PHP's and the handler's validators are never the same. */
function isConditional({ req: { headers } }: Exchange): boolean {
  return ['if-none-match', 'if-modified-since', 'range'].some((name) => headers[name] !== undefined);
}

/** Asking twice does no more than asking once (RFC 9110, section 9.2.1). */
function isSafe({ method }: Exchange): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Where a browser that talks to the realtime provider itself connects to: HTTP for the call, a WebSocket besides. */
function realtimeOrigins({ providers: { openai } }: GatewayConfig): readonly string[] {
  if (openai.mode !== 'real') return [];
  return [...new Set([new URL(openai.baseUrl).origin, new URL(openai.realtimeUrl).origin])];
}
