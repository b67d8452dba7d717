import type { ThrottlerStorage } from '@nestjs/throttler';
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
import { GatewayError, parseNativeBody, validateInput } from './contract/index.js';
import { checkAnnouncedLength, checkOrigin, computeSecurityHeaders, readBody } from './edge/index.js';
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
import { type ConcurrencyLimiter, countAgainst } from './throttle/index.js';
import type { Exchange } from './trace/index.js';

/** A refusal ends the request's way; `answered` means that the step has sent the answer itself. */
export type StepResult = GatewayError | 'answered' | undefined;
export type Step = (exchange: Exchange) => StepResult | Promise<StepResult>;

/** Hands a request to Nest's router. */
export type NativeRouter = (req: IncomingMessage, res: ServerResponse) => void;

/** What the steps are made of. */
export interface PipelineParts {
  readonly config: GatewayConfig;
  readonly throttler: ThrottlerStorage;
  readonly concurrency: ConcurrencyLimiter;
  readonly jwt: JwtVerifier;
  readonly signatures: SignatureVerifier;
  readonly upstreams: Upstreams;
  readonly native: NativeRouter;
}

/** Each step by its name, made for one route. The order in which a request meets them stands in `pipeline.ts`. */
export class PipelineSteps {
  private readonly allowedOrigins: ReadonlySet<string>;
  private readonly security;
  private readonly undici = new UndiciForwarder();
  private readonly httpProxy = new HttpProxyForwarder();
  private readonly sessions = new WeakMap<Upstream, PhpSessions>();
  /** The name of this process in `Via`; a request that carries it already has come round in a circle. */
  readonly via = `1.1 donna-gateway-${randomBytes(4).toString('hex')}`;

  constructor(private readonly parts: PipelineParts) {
    this.allowedOrigins = new Set(parts.config.origins.allowed);
    this.security = computeSecurityHeaders(parts.config.csp.mode);
  }

  readonly securityHeaders: Step = ({ client, answerHeaders }) => {
    answerHeaders.push(...(client.protocol === 'https' ? this.security.overHttps : this.security.overHttp));
    return undefined;
  };

  origin({ policies }: Route): readonly Step[] {
    return policies.cors === 'upstream' ? [] : [(exchange) => checkOrigin(exchange, this.allowedOrigins)];
  }

  limits(limits: readonly RateLimitPolicy[]): readonly Step[] {
    return limits.map((limit) => (exchange) => countAgainst(limit, exchange, this.parts.throttler));
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

  input({ policies: { input, unknownFields } }: Route): readonly Step[] {
    if (input === undefined) return [];
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

  answerNatively({ handler = '' }: Route): Step {
    const path = nativeHandlerPath(handler);
    return (exchange) => {
      const { req, res, answerHeaders, search } = exchange;
      const body = parseNativeBody(exchange);
      if (body instanceof GatewayError) return body;
      exchange.admitted = true;
      exchange.notes.servedBy = 'native';
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
      rules: new RouteAnswerRules(policies, upstream, this.security),
      identitySecret: this.parts.config.identity.secret,
      via: this.via,
    };
  }

  /** The sessions of the route's PHP application; a native route asks the one that has sessions. */
  private sessionsOf(route: Route): PhpSessions | undefined {
    const { upstreams, config } = this.parts;
    const upstream =
      route.upstream === undefined
        ? upstreams.all().find(({ settings }) => settings.session)
        : upstreams.get(route.upstream);
    if (upstream?.settings.session === undefined) return undefined;
    const known = this.sessions.get(upstream);
    if (known !== undefined) return known;
    const { secret } = config.identity;
    const made = new PhpSessions(upstream.settings.session.cookie, (cookie, traceId) =>
      askPhpForSession(upstream, secret, cookie, traceId),
    );
    this.sessions.set(upstream, made);
    return made;
  }
}
