import { GatewayError } from './contract/index.js';
import { answerPreflight } from './edge/index.js';
import type { ForwardPlan } from './forward/index.js';
import { follow, named, type Step, type StepResult, timed, type Way, wayOf } from './named-step.js';
import { type PipelineParts, PipelineSteps } from './pipeline-steps.js';
import {
  dryRunOf,
  isLookAlikeAction,
  type RateLimitPolicy,
  readAction,
  type Route,
  type RouteGroup,
  RouteMatcher,
  type RouteTable,
} from './routing/index.js';
import type { Exchange } from './trace/index.js';

/** The way of a request from its match to its answer: one flat list of steps per route, compiled when a table is taken into use. */
export class Pipeline {
  private table: RouteTable = { upstreams: new Map(), routes: [] };
  private matcher = new RouteMatcher(this.table);
  private ways: ReadonlyMap<RouteGroup, Way> = new Map();
  private readonly steps: PipelineSteps;

  constructor(private readonly parts: PipelineParts) {
    this.steps = new PipelineSteps(parts);
  }

  /** The name of this process in `Via`; a request that carries it already has come round in a circle. */
  get via(): string {
    return this.steps.via;
  }

  /** Takes a route table into use, whole; requests under way finish by the table they began with. */
  use(table: RouteTable): void {
    const { upstreams } = this.parts;
    const matcher = new RouteMatcher(table);
    upstreams.use(table.upstreams);
    this.parts.cache.use(table);
    try {
      this.ways = new Map(matcher.groups().map((group) => [group, wayOf(this.compile(group))]));
    } catch (error) {
      upstreams.use(this.table.upstreams);
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
    if (this.parts.recorder.isOn) this.parts.recorder.watch(exchange, routesOf(group));
    return follow(this.ways.get(group) ?? NO_WAY, exchange);
  }

  /** Leads an upgrade past every policy of its route. */
  admit({ gate }: RouteGroup, exchange: Exchange): StepResult | Promise<StepResult> {
    exchange.route = gate;
    return follow(wayOf([...this.entry(gate, allLimits), ...this.beforeAnswer(gate, false)]), exchange);
  }

  /** The steps that even a request without a route passes, so that its refusal has the headers of any other answer. */
  greet(exchange: Exchange, sample: Route | undefined): StepResult | Promise<StepResult> {
    const { steps } = this;
    const { recorder } = this.parts;
    if (recorder.isOn && sample !== undefined) recorder.watch(exchange, [sample]);
    return follow(wayOf([steps.securityHeaders, ...steps.origin(sample)]), exchange);
  }

  /** The headers of an answer to a head that could not be read. */
  greetUnread(exchange: Exchange): void {
    const { steps } = this;
    void follow(wayOf([steps.securityHeaders, steps.noteOrigin]), exchange);
  }

  /** Answers a preflight by its path's methods, before any limit or identity; undefined where the route leaves CORS to PHP. */
  preflight(exchange: Exchange, path: Parameters<RouteMatcher['match']>[1]): StepResult | Promise<StepResult> {
    const match = this.matcher.match(exchange.req.headers['access-control-request-method'] ?? '', path);
    const route = match.kind === 'group' ? match.group.gate : match.kind === 'none' ? undefined : match.sample;
    if (route?.policies.cors === 'upstream') return undefined;
    exchange.route = route;
    const methods = match.kind === 'none' ? UNKNOWN_ADDRESS_METHODS : match.allow;
    const answer = named('preflight', () => answerPreflight(exchange, methods));
    return follow(wayOf([this.steps.securityHeaders, ...this.steps.origin(route), answer]), exchange);
  }

  planOf(route: Route, bodyIsRead: boolean): ForwardPlan {
    return this.steps.answers.planOf(route, bodyIsRead);
  }

  // ── The order in which a request meets the steps ────────────────────────────────────────────────────────────────

  private compile(group: RouteGroup): readonly Step[] {
    const { gate, byAction, gatesByAction } = group;
    if (byAction === undefined) return this.stepsOf(gate);
    // Without a body the action stands in the query: the route is settled before its first step.
    if (!gatesByAction) return [this.settleFirst(group)];
    return [...this.entry(gate, sharedLimits), this.steps.readBody(gate), this.settleAfterGate(group)];
  }

  private stepsOf(route: Route): readonly Step[] {
    return [...this.entry(route, allLimits), ...this.exit(route, false)];
  }

  /** From the match to the point where the action may still be unknown. */
  private entry(route: Route, which: LimitChoice): readonly Step[] {
    const { steps } = this;
    const limits = route.policies.rateLimit.filter(which);
    return [
      steps.securityHeaders,
      ...steps.origin(route),
      ...steps.limits(limits.filter(({ per, field }) => per === 'ip' && field === undefined)),
      ...steps.concurrency(route, 'caller'),
      ...steps.identity(route),
      steps.authorization(route),
      steps.csrf(route),
      ...steps.limits(limits.filter(({ per }) => per === 'identity')),
      steps.bodyLength(route),
      ...steps.queryLength(route),
    ];
  }

  /** What a settled route demands beyond the gate that stood for it and its siblings. */
  private beyondGate(route: Route, gate: Route): readonly Step[] {
    const { steps } = this;
    const counted = gate.policies.rateLimit.filter(sharedLimits);
    const limits = route.policies.rateLimit.filter((limit) => limit.field === undefined && !counted.includes(limit));
    // The gate's name is that of one of the routes, whose place the request holds already.
    const places = route.name === gate.name ? [] : steps.concurrency(route, 'caller');
    return [...places, steps.authorization(route), ...steps.limits(limits), steps.bodyLength(route)];
  }

  /** From a settled route to its answer. */
  private exit(route: Route, isRead: boolean): readonly Step[] {
    return [...this.beforeAnswer(route, isRead), ...this.answer(route, isRead || mustRead(route))];
  }

  /** What is demanded of a settled route's request after its caller's rights: of its body, where that is read. */
  private beforeAnswer(route: Route, isRead: boolean): readonly Step[] {
    const { steps } = this;
    const readsNow = mustRead(route) && !isRead;
    return [
      ...(readsNow ? [steps.readBody(route)] : []),
      // After the body: the route's places are for those whom somebody works for, not for who sends slowly.
      ...steps.concurrency(route, 'route'),
      ...steps.limits(route.policies.rateLimit.filter(({ field }) => field !== undefined)),
      ...steps.signature(route),
      ...steps.input(route, isRead || readsNow),
    ];
  }

  /** Who answers: the stage of the route says it, unless an administrator does, or the cache has the answer. */
  private answer(route: Route, isRead: boolean): readonly Step[] {
    const { answers } = this.steps;
    return [
      ...answers.noteWrite(route),
      ...this.parts.cache.writing(route).map((step) => named('invalidate', step)),
      ...answers.byChoice(route, isRead),
      ...this.cached(route),
      ...this.answerByStage(route, isRead),
    ];
  }

  private cached(route: Route): readonly Step[] {
    if (route.policies.cache === undefined) return [];
    const again = wayOf(this.answerByStage(route, true));
    return this.steps.answers.cached(route, (exchange) => follow(again, exchange));
  }

  private answerByStage(route: Route, isRead: boolean): readonly Step[] {
    const { answers } = this.steps;
    switch (route.stage) {
      case 'replaced':
        return [answers.replacing(route)];
      case 'canary':
        return [...answers.endSession(route), answers.byArm(route)];
      case 'mirror':
        return [
          ...answers.endSession(route),
          answers.mirrored(route),
          ...answers.tryWrite(route),
          answers.fromPhp(route, isRead),
        ];
      case 'proxy':
        return [...answers.endSession(route), answers.fromPhp(route, isRead)];
    }
  }

  // ── Routes that PHP's `action` tells apart ──────────────────────────────────────────────────────────────────────

  private settleFirst(group: RouteGroup): Step {
    const ways = waysOf(group, (route) => this.stepsOf(route));
    const gate = this.entry(group.gate, sharedLimits);
    return named('action', (exchange) => {
      const route = settle(group, exchange);
      // A refusal has the gate's headers, and nobody learns of it who would not pass the gate.
      if (route instanceof GatewayError) return follow(wayOf([...gate, named('action', () => route)]), exchange);
      exchange.route = route;
      return follow(ways.get(route) ?? NO_WAY, exchange);
    });
  }

  private settleAfterGate(group: RouteGroup): Step {
    const ways = waysOf(group, (route) => [...this.beyondGate(route, group.gate), ...this.exit(route, true)]);
    return timed('action', (exchange) => {
      const route = settle(group, exchange);
      if (route instanceof GatewayError) return route;
      exchange.route = route;
      return follow(ways.get(route) ?? NO_WAY, exchange);
    });
  }
}

/** Nothing on it: the gateway has no way for what it has matched. */
const NO_WAY = wayOf([() => new GatewayError('INTERNAL')]);

/** Of an address that has no route: its script is to learn of the 404, not of a failed preflight. */
const UNKNOWN_ADDRESS_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';

/** Whether something in front of PHP has to see the body. */
function mustRead({ stage, handler, policies: { rateLimit, signature, input, cache } }: Route): boolean {
  const isCountedByField = rateLimit.some(({ field }) => field !== undefined);
  const mayBeNative = stage === 'replaced' || stage === 'canary';
  const isTried = stage === 'mirror' && dryRunOf(handler) !== undefined;
  const isKeyed = cache?.key.body !== undefined;
  return mayBeNative || isTried || isCountedByField || isKeyed || signature !== undefined || input !== undefined;
}

type LimitChoice = (limit: RateLimitPolicy) => boolean;
const allLimits: LimitChoice = () => true;
/** A limit that each route counts for itself waits until the route is settled. */
const sharedLimits: LimitChoice = ({ counts }) => counts === 'policy';

function settle({ base, byAction }: RouteGroup, exchange: Exchange): Route | GatewayError {
  const found = readAction(exchange);
  if (found.kind === 'refused') return new GatewayError('BAD_REQUEST', { error: found.problem });
  const route = found.kind === 'action' ? byAction?.get(found.action) : undefined;
  if (route === undefined && found.kind === 'action' && isLookAlikeAction(found.action, byAction?.keys() ?? []))
    return new GatewayError('BAD_REQUEST', { error: 'Write "action" in its exact spelling.' });
  return route ?? base ?? new GatewayError('NOT_FOUND');
}

function routesOf({ base, byAction }: RouteGroup): readonly Route[] {
  return [...(byAction?.values() ?? []), ...(base === undefined ? [] : [base])];
}

function waysOf(group: RouteGroup, stepsOf: (route: Route) => readonly Step[]): ReadonlyMap<Route, Way> {
  return new Map(routesOf(group).map((route) => [route, wayOf(stepsOf(route))]));
}
