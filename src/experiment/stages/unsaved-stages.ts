import type { Staging } from '../../routing/index.js';
import type { StagedRoute } from './stage-board.js';
import type { StageOverride, StageReason } from './stage-store.js';

/** A change of stage that the gateway decided by evidence. */
export interface StageDecision extends StageReason {
  /** What it was decided on: it holds only as long as nobody changed that. */
  readonly on: StagedRoute;
  readonly to: Staging;
  /** JSON. */
  readonly evidence: object;
}

/** Stages that hold in this process before the database knows of them; at most one a route. */
export class UnsavedStages {
  private readonly entries = new Map<string, { readonly decision: StageDecision; readonly at: string }>();

  has(route: string): boolean {
    return this.entries.has(route);
  }

  add(decision: StageDecision): void {
    this.entries.set(decision.on.route.name, { decision, at: new Date().toISOString() });
  }

  all(): readonly StageDecision[] {
    return [...this.entries.values()].map(({ decision }) => decision);
  }

  /** The overrides as they hold here. What was changed otherwise meanwhile, or is saved by now, is what the database says. */
  over(saved: ReadonlyMap<string, StageOverride>): ReadonlyMap<string, StageOverride> {
    const all = new Map(saved);
    for (const [route, { decision, at }] of this.entries) {
      const { on, to, by, reason } = decision;
      if (saved.get(route)?.at === on.override?.at) all.set(route, { route, ...to, by, reason, at });
      else this.entries.delete(route);
    }
    return all;
  }
}
