import { Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { ArmCounters, StageBoard, type StagedRoute } from '../experiment/index.js';
import { isStageable, NativeHandler, type RoutePolicies } from '../routing/index.js';
import { TrafficWatch } from '../watch/index.js';
import type { RoutePoliciesView, RouteView } from './admin-api.js';
import { adminRequest } from './admin-request.js';
import { stagedRouteView } from './stage-view.js';

/** The route table as it is in effect, with what was asked of each route of late. For administrators. */
@Controller()
export class RoutesController {
  constructor(
    @Inject(StageBoard) private readonly board: StageBoard,
    @Inject(ArmCounters) private readonly counters: ArmCounters,
    @Inject(TrafficWatch) private readonly traffic: TrafficWatch,
  ) {}

  @NativeHandler('admin.routes')
  @Header('Cache-Control', 'no-store')
  list(@Req() req: IncomingMessage): readonly RouteView[] {
    adminRequest(req);
    return this.board.all().map((staged) => this.view(staged));
  }

  private view(staged: StagedRoute): RouteView {
    const { name, upstream, handler, policies } = staged.route;
    const { canary: _canary, ...view } = stagedRouteView(staged, this.counters.of(name));
    return {
      ...view,
      isOverrideKnown: this.board.isKnown || !isStageable(staged.route),
      ...(upstream === undefined ? {} : { upstream }),
      ...(handler === undefined ? {} : { handler }),
      policies: policiesView(policies),
      recent: this.traffic.recentOf(name),
    };
  }
}

function policiesView(policies: RoutePolicies): RoutePoliciesView {
  const { authorization, rateLimit, concurrency, timeoutMs, maxBodyBytes, envelope, secretScan, cors } = policies;
  const { input, signature, cache, invalidates } = policies;
  return {
    authorization,
    rateLimit: rateLimit.map(({ name, limit, windowS, per, field }) => ({
      name,
      limit,
      windowS,
      per,
      ...(field === undefined ? {} : { field }),
    })),
    concurrency: {
      ...(concurrency.route === undefined ? {} : { route: concurrency.route }),
      ...(concurrency.caller === undefined ? {} : { caller: concurrency.caller }),
    },
    timeoutMs,
    maxBodyBytes,
    ...(input === undefined ? {} : { input }),
    ...(signature === undefined ? {} : { signature: signature.name }),
    envelope,
    secretScan,
    cors,
    ...(cache === undefined ? {} : { cache: { ttlS: cache.ttlS, vary: cache.vary, tags: cache.tags } }),
    invalidates,
  };
}
