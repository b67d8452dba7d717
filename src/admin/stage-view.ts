import type { ArmCounts, StagedRoute } from '../experiment/index.js';
import { type Stage, STAGES, whyNotStage } from '../routing/index.js';

/** A stage as people write it: the weight only where it means something. */
export interface StageView {
  readonly stage: Stage;
  readonly weight?: number;
}

/** What the admin API tells of a route's stage. */
export interface StagedRouteView {
  readonly route: string;
  readonly path: string;
  /** Empty: every method. */
  readonly methods: readonly string[];
  readonly actions?: readonly string[];
  readonly effective: StageView;
  readonly inTable: StageView;
  readonly override: (StageView & { readonly by: string; readonly reason: string; readonly at: string }) | null;
  /** Stages that the route can have. */
  readonly possible: readonly Stage[];
  /** Requests of the canary since this process started. */
  readonly canary: Readonly<ArmCounts>;
}

export function stageView({ stage, weight }: { readonly stage: Stage; readonly weight: number }): StageView {
  return stage === 'canary' ? { stage, weight } : { stage };
}

export function stagedRouteView({ route, override, effective }: StagedRoute, canary: ArmCounts): StagedRouteView {
  const { actions } = route.match;
  return {
    route: route.name,
    path: route.match.path,
    methods: route.match.methods,
    ...(actions === undefined ? {} : { actions }),
    effective: stageView(effective),
    inTable: stageView(route),
    override:
      override === undefined
        ? null
        : { ...stageView(override), by: override.by, reason: override.reason, at: override.at },
    possible: STAGES.filter((stage) => whyNotStage(stage, route) === undefined),
    canary: { ...canary },
  };
}
