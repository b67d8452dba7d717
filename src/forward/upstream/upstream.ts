import type { UpstreamSettings } from '../../routing/index.js';
import { Bulkhead } from './bulkhead.js';
import { HealthProbe } from './health-probe.js';
import { Target } from './target.js';

/** The PHP application behind its targets: chooses among them, knows whether any is there. */
export class Upstream {
  readonly targets: readonly Target[];
  /** Host names (without port) by which a cookie may name this upstream. */
  readonly hostnames: ReadonlySet<string>;
  /** Who may call it how many at once. */
  readonly bulkhead: Bulkhead;
  private readonly probe: HealthProbe;
  private next = 0;

  constructor(readonly settings: UpstreamSettings) {
    this.targets = settings.targets.map((address, i) => new Target(address, settings, `${settings.name} ${i + 1}`));
    this.hostnames = new Set(this.targets.map((target) => target.hostname));
    this.bulkhead = new Bulkhead(settings.connections * Math.max(1, settings.targets.length));
    this.probe = new HealthProbe(this.targets, settings.health);
    this.probe.start();
  }

  /** `unknown` until the first probe or where every target's state is. */
  get state(): 'up' | 'down' | 'unknown' {
    const states = this.targets.map((target) => target.state);
    if (states.includes('up')) return 'up';
    return states.every((state) => state === 'down') ? 'down' : 'unknown';
  }

  /** Seconds after which a refused caller should come again. */
  get retryAfterS(): number {
    return Math.max(1, Math.ceil(this.settings.breaker.openMs / 1000));
  }

  /** The next target in turn, available ones first; never the one that has just failed, unless it is the only one. */
  pick(failed?: Target): Target {
    const count = this.targets.length;
    const start = this.next++ % count;
    let last: Target | undefined;
    for (let i = 0; i < count; i++) {
      const target = this.targets[(start + i) % count];
      if (target === undefined || (target === failed && count > 1)) continue;
      if (target.isAvailable) return target;
      last ??= target;
    }
    // None is known to be well: the call is tried all the same, it is the breaker's to refuse it.
    if (last === undefined) throw new Error(`upstream ${this.settings.name} has no target`);
    return last;
  }

  /** No more probes, once a reload has put it out of use. */
  stopProbing(): void {
    this.probe.stop();
  }

  /** Lets the calls that still run finish. */
  async retire(): Promise<void> {
    await Promise.all(this.targets.map((target) => target.retire()));
  }

  /** Cuts whatever still runs. */
  async close(): Promise<void> {
    this.probe.stop();
    await Promise.all(this.targets.map((target) => target.close()));
  }
}
