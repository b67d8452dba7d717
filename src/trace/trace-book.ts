import type { Exchange } from './exchange.js';
import { TraceSlot, type TracedRequest, type TracedRow } from './trace-slot.js';

/** Requests that are remembered, whatever became of them; and of those before them, the slow and the failed. */
const LATEST = 2000;
const SLOW = 200;
const FAILED = 200;
/** What `recent` lists of the latest; of older ones it lists all that are kept, the slow up to this many. */
const LISTED = 50;
/** Milliseconds after which a slow request gives its place to any other: what was slow a week ago helps nobody. */
const SLOW_FOR_MS = 3_600_000;

/** A request whose answer is out, or whose client is gone. */
interface Ended {
  readonly exchange: Exchange;
  readonly status: number;
  readonly ms: number;
}

/**
 * Remembers how the latest requests went, step by step, for whoever asks by trace id. In a memory that does not grow: the places of
 * those that are forgotten are written on anew. Names, numbers and codes only: no path, no address, nothing that a client has sent but its trace id.
 */
export class TraceBook {
  private readonly latest = Array.from<TraceSlot | undefined>({ length: LATEST });
  private next = 0;
  private readonly failed = Array.from<TraceSlot | undefined>({ length: FAILED });
  private nextFailed = 0;
  private readonly slow: TraceSlot[] = [];
  /** What a request must be slower than to be kept, and until when (milliseconds of `performance.now()`) that holds. */
  private leastSlow = 0;
  private leastUntil = 0;

  /** Takes note of a request that has ended; its timeline is closed with it. */
  readonly observe = ({ exchange, status, ms }: Ended): void => {
    const at = this.next;
    this.next = at + 1 === LATEST ? 0 : at + 1;
    const old = this.latest[at];
    const slot = old === undefined ? new TraceSlot() : this.retire(old);
    slot.take(exchange, status, ms);
    this.latest[at] = slot;
  };

  /** The requests of a trace that are remembered, in the order of their begin. */
  find(traceId: string): readonly TracedRequest[] {
    return this.slots()
      .filter((slot) => slot.traceId === traceId)
      .flatMap((slot) => slot.requests())
      .toSorted((a, b) => a.at.localeCompare(b.at));
  }

  /** The last fifty, the latest first; then of older ones the failed and the slow, the latest first. */
  recent(): readonly TracedRow[] {
    const latest = this.latest.filter((slot) => slot !== undefined).toSorted(byEnd);
    const rest = latest.slice(LISTED);
    const failed = [...rest.filter((slot) => slot.isFailed), ...this.failed.filter((slot) => slot !== undefined)];
    const slow = [...rest.filter(({ isLasting }) => !isLasting), ...this.slow]
      .toSorted((a, b) => b.ms - a.ms)
      .slice(0, LISTED);
    const older = [...new Set([...failed.toSorted(byEnd).slice(0, LISTED), ...slow])].toSorted(byEnd);
    return [...latest.slice(0, LISTED), ...older].map((slot) => slot.row());
  }

  /** Where a request is kept that is no longer among the latest, if it is worth that. @returns a slot that is free for another */
  private retire(slot: TraceSlot): TraceSlot {
    if (slot.isFailed) {
      const at = this.nextFailed;
      this.nextFailed = at + 1 === FAILED ? 0 : at + 1;
      const free = this.failed[at];
      this.failed[at] = slot;
      return free ?? new TraceSlot();
    }
    return this.keepSlow(slot);
  }

  private keepSlow(slot: TraceSlot): TraceSlot {
    if (slot.isLasting) return slot;
    if (this.slow.length < SLOW) {
      this.slow.push(slot);
      return new TraceSlot();
    }
    if (slot.ms <= this.leastSlow && slot.endedAt < this.leastUntil) return slot;
    const { slow } = this;
    const oldest = slot.endedAt - SLOW_FOR_MS;
    const least = slow.reduce((found, one, at) => (weight(one, oldest) < weight(slow[found], oldest) ? at : found), 0);
    const given = slow[least];
    this.leastSlow = weight(given, oldest);
    // Until the first of them is too old, nothing below it is looked at.
    this.leastUntil = SLOW_FOR_MS + Math.min(...slow.map(({ endedAt }) => Math.max(endedAt, oldest)));
    if (given === undefined || slot.ms <= this.leastSlow) return slot;
    slow[least] = slot;
    return given;
  }

  private slots(): TraceSlot[] {
    return [...this.latest, ...this.failed, ...this.slow].filter((slot) => slot !== undefined);
  }
}

function weight(slot: TraceSlot | undefined, oldest: number): number {
  return slot === undefined || slot.endedAt < oldest ? 0 : slot.ms;
}

function byEnd(a: TraceSlot, b: TraceSlot): number {
  return b.endedAt - a.endedAt;
}
