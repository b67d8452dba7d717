import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AnswerSteps } from './answer-steps.js';
import { authorize, checkCsrf, identify, type JwtVerifier, PhpSessions, type SignatureVerifier } from './auth/index.js';
import type { ResponseCache } from './cache/index.js';
import type { GatewayConfig } from './config/index.js';
import { checkQueryLength, refuseHostileBody, validateInput } from './contract/index.js';
import {
  AllowedOrigins,
  checkAnnouncedLength,
  checkOrigin,
  computeSecurityHeaders,
  noteOrigin,
  readBody,
} from './edge/index.js';
import type { ArmCounters, EvidenceBook, Mirror, NativeTurns, Recorder, WriteMirror } from './experiment/index.js';
import { askPhpForSession, type Upstream, type Upstreams } from './forward/index.js';
import { named, type Step, timed } from './named-step.js';
import type { RateLimitPolicy, Route } from './routing/index.js';
import type { SecretWatch } from './secrets/index.js';
import type { SharedState } from './state/index.js';
import type { ConcurrencyLimiter, RateLimits } from './throttle/index.js';

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
  readonly evidence: EvidenceBook;
  readonly turns: NativeTurns;
  readonly mirror: Mirror;
  readonly writes: WriteMirror;
  readonly recorder: Recorder;
  readonly cache: ResponseCache;
  readonly native: NativeRouter;
  /** Origins that the application's pages may connect to beside their own. */
  readonly connectTo: readonly string[];
}

/** Each step by its name, made for one route. The order in which a request meets them stands in `pipeline.ts`. */
export class PipelineSteps {
  private readonly allowedOrigins: AllowedOrigins;
  private readonly security;
  /** Those that answer, once all others are passed. */
  readonly answers: AnswerSteps;
  private readonly sessions = new WeakMap<Upstream, PhpSessions>();
  /** The name of this process in `Via`; a request that carries it already has come round in a circle. */
  readonly via = `1.1 donna-gateway-${randomBytes(4).toString('hex')}`;

  constructor(private readonly parts: PipelineParts) {
    this.allowedOrigins = new AllowedOrigins(parts.config.origins.allowed);
    this.security = computeSecurityHeaders({ mode: parts.config.csp.mode, connectTo: parts.connectTo });
    const { security, via } = this;
    this.answers = new AnswerSteps({ ...parts, security, via, sessionsOf: (route) => this.sessionsOf(route) });
  }

  readonly securityHeaders: Step = named('securityHeaders', ({ client, answerHeaders }) => {
    answerHeaders.push(...(client.protocol === 'https' ? this.security.overHttps : this.security.overHttp));
    return undefined;
  });

  /** `route` is undefined for an address that has none. */
  origin(route: Route | undefined): readonly Step[] {
    if (route?.policies.cors === 'upstream') return [];
    return [named('origin', (exchange) => checkOrigin(exchange, this.allowedOrigins))];
  }

  /** For a head that could not be read: nobody is refused. */
  readonly noteOrigin: Step = named('origin', (exchange) => {
    noteOrigin(exchange, this.allowedOrigins);
    return undefined;
  });

  limits(limits: readonly RateLimitPolicy[]): readonly Step[] {
    return limits.map((limit) =>
      named(`limits: ${limit.name}`, (exchange) => this.parts.limits.count(limit, exchange)),
    );
  }

  /** Holds a place among the requests that may be under way together until the answer is out. */
  concurrency({ name, policies }: Route, bound: 'route' | 'caller'): readonly Step[] {
    const max = policies.concurrency[bound];
    if (max === undefined) return [];
    return [
      named(`concurrency: ${bound}`, (exchange) => this.parts.concurrency.enter(exchange, { bound, max, route: name })),
    ];
  }

  identity(route: Route): readonly Step[] {
    const { authorization } = route.policies;
    if (authorization.anyOf.length === 0) return [];
    const sessions = this.sessionsOf(route);
    return [timed('identity', (exchange) => identify(exchange, authorization, this.parts.jwt, sessions))];
  }

  authorization({ policies }: Route): Step {
    return named('authorization', ({ identity }) => authorize(identity, policies.authorization));
  }

  csrf({ policies }: Route): Step {
    return named('csrf', (exchange) => checkCsrf(exchange, policies.cors === 'gateway'));
  }

  bodyLength({ policies }: Route): Step {
    return named('bodyLength', ({ req, body }) => checkAnnouncedLength(req, policies.maxBodyBytes, body?.byteLength));
  }

  readBody({ policies }: Route): Step {
    return named('readBody', (exchange) => readBody(exchange, policies));
  }

  signature({ policies: { signature } }: Route): readonly Step[] {
    if (signature === undefined) return [];
    return [timed('signature', (exchange) => this.parts.signatures.check(exchange, signature))];
  }

  /** More fields than PHP takes; what goes wherever it wants goes on as it is. */
  queryLength({ match: { path } }: Route): readonly Step[] {
    return path === '/{*path}' ? [] : [named('queryLength', checkQueryLength)];
  }

  input({ policies: { input, unknownFields } }: Route, isRead: boolean): readonly Step[] {
    if (input === undefined) return isRead ? [timed('input', refuseHostileBody)] : [];
    return [timed('input', (exchange) => validateInput(exchange, { dto: input, unknownFields }))];
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
