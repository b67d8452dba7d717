import type { RouteTable } from '../routing/index.js';

/**
 * Knows through which routes PHP may still write. It is shown every route table that comes into effect, so that a route which
 * went back to PHP for a moment is not missed.
 */
export class LegacyWriters {
  /** Route → when it was first seen `replaced`, without having been anything else since; performance.now(). */
  private replacedSince: ReadonlyMap<string, number> = new Map();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Takes note of the stages in effect. */
  see({ routes }: Pick<RouteTable, 'routes'>): void {
    const next = new Map<string, number>();
    for (const { name, stage } of routes)
      if (stage === 'replaced') next.set(name, this.replacedSince.get(name) ?? this.now());
    this.replacedSince = next;
  }

  /** Milliseconds since PHP could last be given a request of these routes; undefined while it can. A route that there is none of may be anything. */
  quietMs(routes: readonly string[]): number | undefined {
    let latest = -Infinity;
    for (const route of routes) {
      const since = this.replacedSince.get(route);
      if (since === undefined) return undefined;
      latest = Math.max(latest, since);
    }
    return this.now() - latest;
  }
}
