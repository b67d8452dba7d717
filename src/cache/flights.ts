import { LRUCache } from 'lru-cache';
import type { StoredAnswer } from './stored-answer.js';

/** Milliseconds for which requests of a key are not made to wait for each other, once its answer could not be kept. */
const APART_MS = 5000;
const MAX_APART = 10_000;

/** How a fetch ended: kept; an answer that is not to be kept; a failure; or its client left before there was one. */
export type Outcome =
  { readonly kind: 'kept'; readonly answer: StoredAnswer } | { readonly kind: 'refused' | 'failed' | 'left' };

/** One fetch that others wait for. */
export interface Flight {
  /** Of the tags when it began: who comes under another one must not get what it brings. */
  readonly generation: string;
  readonly outcome: Promise<Outcome>;
  land(outcome: Outcome): void;
}

/** Fetches under way, at most one that can be joined for each key. */
export class Flights {
  private readonly underWay = new Map<string, Flight>();
  private readonly apart = new LRUCache<string, true>({ max: MAX_APART, ttl: APART_MS });

  /** The fetch to wait for, if there is one. */
  find(key: string, generation: string): Flight | undefined {
    const flight = this.underWay.get(key);
    return flight?.generation === generation ? flight : undefined;
  }

  /** Whether any fetch of the key is under way. */
  has(key: string): boolean {
    return this.underWay.has(key);
  }

  /** Answers of the key are not kept, as far as is known: each request is on its own. */
  isApart(key: string): boolean {
    return this.apart.has(key);
  }

  /** Begins a fetch. One of an earlier generation goes on, and nobody joins it any more. */
  begin(key: string, generation: string): Flight {
    let land: (outcome: Outcome) => void = () => undefined;
    const outcome = new Promise<Outcome>((resolve) => (land = resolve));
    const flight: Flight = {
      generation,
      outcome,
      land: (landed) => {
        if (this.underWay.get(key) === flight) this.underWay.delete(key);
        if (landed.kind === 'refused') this.apart.set(key, true);
        land(landed);
      },
    };
    this.underWay.set(key, flight);
    return flight;
  }
}
