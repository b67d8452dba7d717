import type { RouteSides } from './cache/index.js';
import { answerWithError, GatewayError } from './contract/index.js';
import { openDetached, type Recorder } from './experiment/index.js';
import type { Step } from './named-step.js';
import type { Route } from './routing/index.js';
import { besides, endBranch, type Exchange } from './trace/index.js';

/** Whom a request of the route would be given to. */
export type ArmOf = (exchange: Exchange) => 'control' | 'candidate';

/** What the response cache must know of who answers a route. `again` answers an exchange that has no client, as the stage does. */
export function cacheSides({ stage, experiment }: Route, recorder: Recorder, armOf: ArmOf, again: Step): RouteSides {
  return {
    armOf: (exchange) => (exchange.settledArm = armOf(exchange)),
    mustPass: (exchange) => {
      if (stage === 'mirror') exchange.isMirrored = Math.random() < experiment.sample;
      return recorder.isOn || exchange.isMirrored === true;
    },
    refetch: (exchange, tap, onCut) => {
      exchange.timeline.expectBranches();
      const branch = exchange.timeline.branch('refresh');
      let status: number | undefined;
      const end = (): void => {
        if (branch !== undefined) endBranch(branch, status);
      };
      const nobody = {
        onHead: (args?: readonly [number, ...unknown[]]) => void (status = args?.[0] ?? 200),
        onWrite: () => true,
        onEnd: end,
        onCut: () => {
          end();
          onCut();
        },
      };
      const detached = openDetached(exchange, { url: exchange.req.url ?? '/' }, nobody);
      // PHP does not count it against the caller's limits.
      Object.assign(detached, { isAgain: true, isMirrored: false, settledArm: exchange.settledArm });
      if (branch !== undefined) detached.timeline = branch.timeline;
      tap(detached);
      const answer = async (): Promise<void> => {
        const result = await again(detached);
        if (result instanceof GatewayError) answerWithError(detached, result);
      };
      besides(detached.timeline, () => void answer().catch(nobody.onCut));
    },
  };
}
