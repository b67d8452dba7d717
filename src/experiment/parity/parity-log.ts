import type { ObservationClass } from '../compare/observation.js';

const HOUR_MS = 3_600_000;
/** Hours of routes that wait to be saved: a hundred routes for two days without a database. */
const MAX_WAITING = 5000;

/** What comparisons came to. Those that could not be compared are in none of them. */
export interface ParityCounts {
  readonly compared: number;
  /** The candidate answered otherwise. */
  readonly differed: number;
  /** The candidate failed. */
  readonly candidateErrors: number;
}

/** One route's comparisons in one hour. */
export interface ParityHour extends ParityCounts {
  readonly route: string;
  /** Unix time in ms at its begin. */
  readonly hour: number;
}

/** Counts what this process compared, by route and hour, until it is saved. Bounded: without a database the oldest hours are given up. */
export class ParityLog {
  private waiting = new Map<string, ParityHour>();

  /** Takes a comparison. `now`: unix time in ms. */
  count(route: string, kind: ObservationClass, now = Date.now()): void {
    if (kind === 'not-comparable') return;
    this.add({
      route,
      hour: now - (now % HOUR_MS),
      compared: 1,
      differed: kind === 'mismatch' ? 1 : 0,
      candidateErrors: kind === 'candidate-error' ? 1 : 0,
    });
  }

  /** All that waits; what cannot be saved is to be given back. */
  take(): readonly ParityHour[] {
    const taken = [...this.waiting.values()];
    this.waiting = new Map();
    return taken;
  }

  giveBack(hours: readonly ParityHour[]): void {
    const since = this.take();
    for (const hour of [...hours, ...since]) this.add(hour);
  }

  /** What waits of one route, the oldest hour first. */
  of(route: string): readonly ParityHour[] {
    return [...this.waiting.values()].filter((hour) => hour.route === route).toSorted((a, b) => a.hour - b.hour);
  }

  private add(one: ParityHour): void {
    const key = `${one.hour} ${one.route}`;
    const known = this.waiting.get(key);
    this.waiting.set(key, known === undefined ? one : { ...one, ...sumOf(known, one) });
    if (this.waiting.size <= MAX_WAITING) return;
    const [oldest] = this.waiting.keys();
    if (oldest !== undefined) this.waiting.delete(oldest);
  }
}

/** Counts of the same hour, added up. */
export function sumOf(a: ParityCounts, b: ParityCounts): ParityCounts {
  return {
    compared: a.compared + b.compared,
    differed: a.differed + b.differed,
    candidateErrors: a.candidateErrors + b.candidateErrors,
  };
}
