import type { EndedRequest, RequestObserver } from '../metrics/index.js';
import { SECURITY_KINDS, type SecurityKind, securityKindOf } from './security-kind.js';

/** Refusals that are told together, and of each kind those that others do not push out of the list. */
const MAX_RECENT = 200;
const KEPT_OF_EACH = 25;
const MINUTES = 60;
const MINUTE_MS = 60_000;

/** One refusal. The address is for a pseudonym; it leaves this process as nothing else. */
export interface Refusal {
  /** Unix milliseconds. */
  readonly at: number;
  readonly kind: SecurityKind;
  readonly route: string | null;
  readonly traceId: string;
  readonly address: string;
  readonly status: number;
}

interface Minute {
  /** Minutes since 1970. */
  readonly minute: number;
  readonly counts: Partial<Record<SecurityKind, number>>;
}

/** The latest of one kind, the oldest given up for the newest. */
class LatestRefusals {
  private readonly kept: Refusal[] = [];
  private next = 0;

  add(refusal: Refusal): void {
    this.kept[this.next] = refusal;
    this.next = (this.next + 1) % MAX_RECENT;
  }

  /** Latest first. */
  list(): readonly Refusal[] {
    return [...this.kept.slice(0, this.next).toReversed(), ...this.kept.slice(this.next).toReversed()];
  }
}

/**
 * Refusals, counted and the latest kept: of each kind for itself, so that a flood of one does not hide the others. A million of
 * them cost as much memory as a few thousand.
 */
export class SecurityWatch {
  readonly since = new Date().toISOString();
  /** Told of each refusal that is kept, while somebody listens. */
  listener: ((refusal: Refusal) => void) | undefined;
  private readonly totals = zeros();
  private readonly latest = new Map<SecurityKind, LatestRefusals>();
  private readonly minutes: Minute[] = [];

  readonly observe: RequestObserver = (ended: EndedRequest): void => {
    // An answer that was cut for its secret may have begun well.
    if (ended.status < 400 && !ended.exchange.hasSecretStopped) return;
    const kind = securityKindOf(ended);
    if (kind !== undefined) this.note(kind, ended);
  };

  counts(): Readonly<Record<SecurityKind, number>> {
    return { ...this.totals };
  }

  /** The minutes of the last hour in which there was something, the oldest first; `at` in Unix seconds. */
  points(now = Date.now()): readonly { readonly at: number; readonly counts: Minute['counts'] }[] {
    const current = Math.floor(now / MINUTE_MS);
    return this.minutes
      .filter(({ minute }) => minute > current - MINUTES && minute <= current)
      .map(({ minute, counts }) => ({ at: minute * 60, counts: { ...counts } }));
  }

  /** Latest first: 200 at most, with the last 25 of each kind among them. */
  recent(): readonly Refusal[] {
    const lists = [...this.latest.values()].map((kept) => kept.list());
    const sure = lists.flatMap((list) => list.slice(0, KEPT_OF_EACH));
    const rest = lists.flatMap((list) => list.slice(KEPT_OF_EACH)).toSorted(byTime);
    return [...sure, ...rest.slice(0, MAX_RECENT - sure.length)].toSorted(byTime);
  }

  private note(kind: SecurityKind, { exchange, status }: EndedRequest): void {
    const at = Date.now();
    this.totals[kind] += 1;
    const { counts } = this.minuteOf(Math.floor(at / MINUTE_MS));
    counts[kind] = (counts[kind] ?? 0) + 1;
    if (kind === 'bad-request') return;
    const { traceId, client, route } = exchange;
    const refusal = { at, kind, route: route?.name ?? null, traceId, address: client.address, status };
    const kept = this.latest.get(kind);
    if (kept === undefined) this.latest.set(kind, new LatestRefusals());
    (kept ?? this.latest.get(kind))?.add(refusal);
    this.listener?.(refusal);
  }

  private minuteOf(minute: number): Minute {
    // Where the clock was set back, what lies after it is given up.
    while ((this.minutes.at(-1)?.minute ?? 0) > minute) this.minutes.pop();
    const last = this.minutes.at(-1);
    if (last?.minute === minute) return last;
    const made: Minute = { minute, counts: {} };
    this.minutes.push(made);
    if (this.minutes.length > MINUTES) this.minutes.shift();
    return made;
  }
}

function byTime(a: Refusal, b: Refusal): number {
  return b.at - a.at;
}

function zeros(): Record<SecurityKind, number> {
  return Object.fromEntries(SECURITY_KINDS.map((kind) => [kind, 0])) as Record<SecurityKind, number>;
}
