import { Inject, Injectable } from '@nestjs/common';
import { HealthChecks } from '../../features/index.js';
import { Upstreams } from '../../forward/index.js';
import { RequestWatch } from '../../metrics/index.js';
import { TrafficWatch, WatchClock } from '../../watch/index.js';
import type { LiveEvents, TargetView } from '../admin-api.js';

export type StateView = LiveEvents['state'];

/** How this instance and its targets are at this moment. It tells what is known; nobody is asked. */
@Injectable()
export class OverviewReader {
  constructor(
    @Inject(TrafficWatch) private readonly traffic: TrafficWatch,
    @Inject(WatchClock) private readonly clock: WatchClock,
    @Inject(RequestWatch) private readonly requests: RequestWatch,
    @Inject(Upstreams) private readonly upstreams: Upstreams,
    @Inject(HealthChecks) private readonly health: HealthChecks,
  ) {}

  state(): StateView {
    return {
      totals: this.traffic.totals(),
      targets: this.targets(),
      checks: this.health.read(),
      openRequests: this.requests.openCount,
      loopDelayP99: this.clock.loopDelayP99,
      memoryBytes: process.memoryUsage.rss(),
    };
  }

  /** By their places: an address tells more than an administrator's browser has to know. */
  private targets(): readonly TargetView[] {
    return this.upstreams.all().flatMap(({ settings, targets }) =>
      targets.map((target, at) => ({
        name: `${settings.name} ${at + 1}`,
        isHealthy: target.state !== 'down',
        breaker: target.breakerState,
        underWay: target.calls.underWay,
      })),
    );
  }
}
