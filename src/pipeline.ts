import type { ThrottlerStorage } from '@nestjs/throttler';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { authorize, checkCsrf, identify, JwtVerifier, PhpSessions, readCookie } from './auth/index.js';
import type { GatewayConfig } from './config/index.js';
import { GatewayError, parseNativeBody } from './contract/index.js';
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
import {
  nativeHandlerPath,
  type RateLimitPolicy,
  readAction,
  type Route,
  type RouteGroup,
  RouteMatcher,
  type RouteTable,
} from './routing/index.js';
import { countAgainst } from './throttle/index.js';
import type { Exchange } from './trace/index.js';

/** A refusal ends the request's way; `answered` means that the step has sent the answer itself. */
export type StepResult = GatewayError | 'answered' | undefined;
export type Step = (exchange: Exchange) => StepResult | Promise<StepResult>;

/** Hands a request to Nest's router. */
export type NativeRouter = (req: IncomingMessage, res: ServerResponse) => void;

/** The way of a request from its match to its answer: one flat list of steps per route, compiled when a table is taken into use. */
export class Pipeline {
  private table: RouteTable = { upstreams: new Map(), routes: [] };
  private matcher = new RouteMatcher(this.table);
  private ways: ReadonlyMap<RouteGroup, readonly Step[]> = new Map();
  private readonly allowedOrigins: ReadonlySet<string>;
  private readonly security;
  private readonly jwt: JwtVerifier;
  private readonly undici = new UndiciForwarder();
  private readonly httpProxy = new HttpProxyForwarder();
  private readonly sessions = new WeakMap<Upstream, PhpSessions>();
  /** The name of this process in `Via`; a request that carries it already has come round in a circle. */
  readonly via = `1.1 donna-gateway-${randomBytes(4).toString('hex')}`;

  constructor(
    private readonly config: GatewayConfig,
    private readonly throttler: ThrottlerStorage,
    private readonly upstreams: Upstreams,
    private readonly native: NativeRouter,
  ) {
    this.allowedOrigins = new Set(config.origins.allowed);
    this.security = computeSecurityHeaders(config.csp.mode);
    this.jwt = new JwtVerifier(config.jwt);
  }

  /** Takes a route table into use, whole; requests under way finish by the table they began with. */
  use(table: RouteTable): void {
    const matcher = new RouteMatcher(table);
    this.upstreams.use(table.upstreams);
    try {
      this.ways = new Map(matcher.groups().map((group) => [group, this.compile(group)]));
    } catch (error) {
      this.upstreams.use(this.table.upstreams);
      throw error;
    }
    this.matcher = matcher;
    this.table = table;
  }

  match(...args: Parameters<RouteMatcher['match']>): ReturnType<RouteMatcher['match']> {
    return this.matcher.match(...args);
  }

  /** Leads an exchange along its route's steps. */
  follow(group: RouteGroup, exchange: Exchange): StepResult | Promise<StepResult> {
    exchange.route = group.gate;
    return run(this.ways.get(group) ?? [() => new GatewayError('INTERNAL')], exchange);
  }

  /** Leads an upgrade past every policy of its route. */
  admit(group: RouteGroup, exchange: Exchange): StepResult | Promise<StepResult> {
    exchange.route = group.gate;
    return run(this.entry(group.gate), exchange);
  }

  /** The steps that even a request without a route passes, so that its refusal has the headers of any other answer. */
  greet(exchange: Exchange, sample: Route | undefined): StepResult | Promise<StepResult> {
    return run([this.securityHeaders, ...(sample === undefined ? [] : this.origin(sample))], exchange);
  }

  // ── The order in which a request meets the steps ────────────────────────────────────────────────────────────────

  private compile(group: RouteGroup): readonly Step[] {
    const { gate, byAction, gatesByAction } = group;
    if (byAction === undefined) return [...this.entry(gate), ...this.exit(gate, false)];
    // Without a body the action stands in the query: the route is settled before its first step.
    if (!gatesByAction) return [this.settleFirst(group)];
    return [...this.entry(gate), this.readBody(gate), this.settleAfterGate(group)];
  }

  /** From the match to the point where the action may still be unknown. */
  private entry(route: Route): readonly Step[] {
    const { authorization, rateLimit, maxBodyBytes, cors } = route.policies;
    return [
      this.securityHeaders,
      ...this.origin(route),
      ...this.limits(rateLimit.filter((limit) => limit.per === 'ip')),
      ...this.identity(route),
      (exchange) => authorize(exchange.identity, authorization),
      (exchange) => checkCsrf(exchange, cors === 'gateway'),
      ...this.limits(rateLimit.filter((limit) => limit.per === 'identity')),
      ({ req }) => checkAnnouncedLength(req, maxBodyBytes),
    ];
  }

  /** What a settled route demands beyond the gate that stood for it and its siblings. */
  private beyondGate(route: Route, gate: Route): readonly Step[] {
    const { authorization, rateLimit, maxBodyBytes } = route.policies;
    return [
      (exchange) => authorize(exchange.identity, authorization),
      ...this.limits(rateLimit.filter((limit) => !gate.policies.rateLimit.includes(limit))),
      ({ req, body }) => checkAnnouncedLength(req, maxBodyBytes, body?.byteLength),
    ];
  }

  /** From a settled route to its answer. */
  private exit(route: Route, bodyIsRead: boolean): readonly Step[] {
    if (route.stage === 'replaced') return [this.readBody(route), this.answerNatively(route)];
    return [...this.endSession(route), this.answerFromPhp(route, bodyIsRead)];
  }

  // ── The steps ───────────────────────────────────────────────────────────────────────────────────────────────────

  private readonly securityHeaders: Step = ({ client, answerHeaders }) => {
    answerHeaders.push(...(client.protocol === 'https' ? this.security.overHttps : this.security.overHttp));
    return undefined;
  };

  private origin({ policies }: Route): readonly Step[] {
    return policies.cors === 'upstream' ? [] : [(exchange) => checkOrigin(exchange, this.allowedOrigins)];
  }

  private limits(limits: readonly RateLimitPolicy[]): readonly Step[] {
    return limits.map((limit) => (exchange) => countAgainst(limit, exchange, this.throttler));
  }

  private identity(route: Route): readonly Step[] {
    const { authorization } = route.policies;
    if (authorization.anyOf.length === 0) return [];
    const sessions = this.sessionsOf(route);
    return [(exchange) => identify(exchange, authorization, this.jwt, sessions)];
  }

  private readBody({ policies }: Route): Step {
    return (exchange) => readBody(exchange, policies);
  }

  private settleFirst(group: RouteGroup): Step {
    const ways = waysOf(group, (route) => [...this.entry(route), ...this.exit(route, false)]);
    const gate = this.entry(group.gate);
    return (exchange) => {
      const route = settle(group, exchange);
      // A refusal has the gate's headers, and nobody learns of it who would not pass the gate.
      if (route instanceof GatewayError) return run([...gate, () => route], exchange);
      exchange.route = route;
      return run(ways.get(route) ?? [], exchange);
    };
  }

  private settleAfterGate(group: RouteGroup): Step {
    const ways = waysOf(group, (route) => [...this.beyondGate(route, group.gate), ...this.exit(route, true)]);
    return (exchange) => {
      const route = settle(group, exchange);
      if (route instanceof GatewayError) return route;
      exchange.route = route;
      return run(ways.get(route) ?? [], exchange);
    };
  }

  private endSession(route: Route): readonly Step[] {
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

  private answerFromPhp(route: Route, bodyIsRead: boolean): Step {
    const plan = this.planOf(route, bodyIsRead);
    return (exchange) => forward(exchange, plan).then((): StepResult => 'answered');
  }

  private answerNatively({ handler = '' }: Route): Step {
    const path = nativeHandlerPath(handler);
    return (exchange) => {
      const { req, res, answerHeaders, search } = exchange;
      const body = parseNativeBody(exchange);
      if (body instanceof GatewayError) return body;
      exchange.admitted = true;
      exchange.notes.servedBy = 'native';
      for (let i = 0; i < answerHeaders.length; i += 2)
        res.setHeader(answerHeaders[i] ?? '', answerHeaders[i + 1] ?? '');
      this.native(Object.assign(req, { url: path + search, body: body.value }), res);
      return 'answered';
    };
  }

  /** How a proxied route's requests go to PHP. What a policy has read whole goes over undici, like all that must be read back whole. */
  planOf({ name, policies, upstream: upstreamName }: Route, bodyIsRead: boolean): ForwardPlan {
    const upstream = this.upstreams.get(upstreamName ?? '');
    if (upstream === undefined) throw new Error(`route ${name} has no upstream`);
    return {
      forwarder: policies.envelope === 'off' && !bodyIsRead ? this.httpProxy : this.undici,
      upstream,
      rules: new RouteAnswerRules(policies, upstream, this.security),
      identitySecret: this.config.identity.secret,
      via: this.via,
    };
  }

  /** The sessions of the route's PHP application; a native route asks the one that has sessions. */
  private sessionsOf(route: Route): PhpSessions | undefined {
    const upstream =
      route.upstream === undefined
        ? this.upstreams.all().find(({ settings }) => settings.session)
        : this.upstreams.get(route.upstream);
    if (upstream?.settings.session === undefined) return undefined;
    const known = this.sessions.get(upstream);
    if (known !== undefined) return known;
    const { secret } = this.config.identity;
    const made = new PhpSessions(upstream.settings.session.cookie, (cookie, traceId) =>
      askPhpForSession(upstream, secret, cookie, traceId),
    );
    this.sessions.set(upstream, made);
    return made;
  }
}

/** Runs steps in order until one has a result; stays synchronous as long as they do. */
function run(steps: readonly Step[], exchange: Exchange, from = 0): StepResult | Promise<StepResult> {
  for (let i = from; i < steps.length; i++) {
    const result = steps[i]?.(exchange);
    if (result === undefined) continue;
    if (!(result instanceof Promise)) return result;
    return result.then((settled) => settled ?? run(steps, exchange, i + 1));
  }
  return undefined;
}

function settle({ base, byAction }: RouteGroup, exchange: Exchange): Route | GatewayError {
  const found = readAction(exchange);
  if (found.kind === 'refused') return new GatewayError('BAD_REQUEST', { error: found.problem });
  const route = found.kind === 'action' ? byAction?.get(found.action) : undefined;
  if (route === undefined && found.kind === 'action' && isLookAlike(found.action, byAction))
    return new GatewayError('BAD_REQUEST', { error: 'Write "action" in its exact spelling.' });
  return route ?? base ?? new GatewayError('NOT_FOUND');
}

/** `Send`, ` send`: scripts that trim or lower the case run what the table names, and others something else. */
function isLookAlike(action: string, byAction: RouteGroup['byAction']): boolean {
  const bare = plainSpelling(action);
  return [...(byAction?.keys() ?? [])].some((known) => plainSpelling(known) === bare);
}

function plainSpelling(action: string): string {
  return action.replace(/^[\s\0]+|[\s\0]+$/g, '').toLowerCase();
}

function waysOf(
  { base, byAction }: RouteGroup,
  wayOf: (route: Route) => readonly Step[],
): ReadonlyMap<Route, readonly Step[]> {
  const routes = [...(byAction?.values() ?? []), ...(base === undefined ? [] : [base])];
  return new Map(routes.map((route) => [route, wayOf(route)]));
}
