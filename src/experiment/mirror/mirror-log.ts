import type { OutboundCall } from '../../outbound/index.js';

const MAX_OUTBOUND = 20;

/** How the mirror of one route fares in this process, whatever the stage meanwhile was. */
export class MirrorLog {
  /** Handlers that have not ended, be they given up or not. */
  underWay = 0;
  /** Requests that were not mirrored because too many were under way. */
  skipped = 0;
  /** Comparisons that failed by a fault of the comparison itself, or answers whose client left. */
  lost = 0;
  /** When PHP was last asked a second time; ms of `performance.now()`. */
  askedAgainAt = -Infinity;
  /** What handlers would have sent in dry runs, the last of it. */
  readonly outbound: { readonly traceId: string; readonly call: OutboundCall }[] = [];

  keepBack(calls: readonly OutboundCall[], traceId: string): void {
    this.outbound.push(...calls.map((call) => ({ traceId, call })));
    this.outbound.splice(0, this.outbound.length - MAX_OUTBOUND);
  }
}
