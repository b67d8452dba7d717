/**
 * Where a route stands on its way off PHP. `proxy`: PHP answers. `mirror`: PHP answers, and the native handler may be asked
 * besides. `canary`: the native handler answers some callers, PHP the others. `replaced`: the native handler answers.
 */
export const STAGES = ['proxy', 'mirror', 'canary', 'replaced'] as const;
export type Stage = (typeof STAGES)[number];

/** A stage, and with `canary` how many callers of 100 the native handler answers; 0 with any other. */
export interface Staging {
  readonly stage: Stage;
  readonly weight: number;
}

/** Who could answer a route. */
export interface Arms {
  readonly upstream: string | undefined;
  readonly handler: string | undefined;
}

/** Why a route cannot have a stage, or undefined when it can. */
export function whyNotStage(stage: Stage, { upstream, handler }: Arms): string | undefined {
  const missing = [
    ...(stage !== 'replaced' && upstream === undefined ? ['an upstream'] : []),
    ...(stage !== 'proxy' && handler === undefined ? ['a handler'] : []),
  ];
  return missing.length === 0 ? undefined : `${stage} needs ${missing.join(' and ')}`;
}

/** Whether a route has both arms, so that its stage can be changed while the gateway runs. */
export function isStageable({ upstream, handler }: Arms): boolean {
  return upstream !== undefined && handler !== undefined;
}
