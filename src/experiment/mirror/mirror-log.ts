import type { Observation } from '../compare/observation.js';
import { EvidenceLog } from '../decide/evidence-log.js';

const MAX_SAMPLES = 20;
const WORST_FIELDS = 20;

/** One comparison that did not match; values are redacted. */
export interface MirrorSample {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly traceId: string;
  readonly observation: Observation;
}

/** What the mirror has seen of one route since this process started, in bounded memory. */
export class MirrorLog {
  readonly evidence = new EvidenceLog();
  private readonly samples: MirrorSample[] = [];
  /** Handlers that have not ended, be they given up or not. */
  underWay = 0;
  /** Why the route cannot be mirrored at all. */
  fault: string | undefined;
  /** Requests that were not mirrored because too many were under way. */
  skipped = 0;
  /** Comparisons that failed by a fault of the comparison itself, or answers whose client left. */
  lost = 0;

  add(observation: Observation, traceId: string): void {
    this.evidence.observe(observation);
    if (observation.class === 'match' || observation.class === 'not-comparable') return;
    this.samples.push({ at: new Date().toISOString(), traceId, observation });
    if (this.samples.length > MAX_SAMPLES) this.samples.shift();
  }

  toJSON(): object {
    const { classes, arms, covered, expiredRules, fields } = this.evidence.toJSON();
    return {
      classes,
      arms: {
        control: { requests: arms.control.requests, errors: arms.control.errors },
        candidate: { requests: arms.candidate.requests, errors: arms.candidate.errors },
      },
      covered,
      expiredRules,
      fields: fields
        .filter(({ differed }) => differed > 0)
        .toSorted((a, b) => b.observations - a.observations)
        .slice(0, WORST_FIELDS),
      ...(this.fault === undefined ? {} : { fault: this.fault }),
      underWay: this.underWay,
      skipped: this.skipped,
      lost: this.lost,
      samples: this.samples.toReversed(),
    };
  }
}
