import type { ServerResponse } from 'node:http';
import { Tally } from '../../metrics/index.js';
import { Place, RouteShare } from './route-share.js';

/** Milliseconds for which a request waits for a place; its route's `timeoutMs` where that is less. */
const MAX_WAIT_MS = 5000;
/** Requests of a route that wait together. */
const MAX_WAITING = 1024;

/**
 * The places of an upstream: how many calls may be under way there at once, and how many of them a route may have. A route
 * that PHP is slow on fills its own share and then waits; all others go on. Freed places go to the waiting routes by turns.
 */
export class Bulkhead {
  private readonly shares = new Map<string, RouteShare>();
  /** Routes with requests that wait, in the order of their turns. */
  private readonly turns = new Set<RouteShare>();
  private taken = 0;
  /** Requests that found no place in time, by route. */
  readonly refused = new Tally();

  constructor(private readonly places: number) {}

  /** Calls under way. */
  get held(): number {
    return this.taken;
  }

  /** Requests that wait for a place. */
  get waiting(): number {
    let waiting = 0;
    for (const { waiters } of this.turns) waiting += waiters.size;
    return waiting;
  }

  /** A new route table begins: shares are those that are asked for from now on. Calls under way keep their places. */
  beginTable(): void {
    for (const [route, share] of this.shares) {
      share.isListed = false;
      if (share.taken === 0 && share.waiters.size === 0) this.shares.delete(route);
    }
  }

  /** The share of a route: `max` places at most; when left out half of all, and all where it is the only route. */
  shareOf(route: string, max: number | undefined): RouteShare {
    const known = this.shares.get(route);
    if (known?.isListed === true && known.own === max) return known;
    const share = known ?? new RouteShare(route);
    this.shares.set(route, share);
    share.isListed = true;
    share.own = max;
    const listed = [...this.shares.values()].filter(({ isListed }) => isListed);
    const fallback = listed.length === 1 ? this.places : Math.ceil(this.places / 2);
    for (const each of listed) each.max = Math.min(each.own ?? fallback, this.places);
    // Who waits may fit into what is larger now: once the whole table is known.
    if (this.turns.size > 0) queueMicrotask(() => this.admit());
    return share;
  }

  /**
   * Takes a place, at once where one is free. Resolves with undefined when none became free in time, too many wait already,
   * or the client left.
   */
  enter(share: RouteShare, res: ServerResponse, timeoutMs: number): Place | Promise<Place | undefined> {
    if (share.waiters.size === 0 && share.taken < share.max && this.taken < this.places) return this.enterAnyway(share);
    return this.wait(share, res, Math.min(timeoutMs, MAX_WAIT_MS));
  }

  /** Takes a place even where none is free: for the second try of a request that had one. */
  enterAnyway(share: RouteShare): Place {
    share.taken += 1;
    this.taken += 1;
    return new Place(share, this.onLeave);
  }

  private wait(share: RouteShare, res: ServerResponse, ms: number): Promise<Place | undefined> {
    if (share.waiters.size >= MAX_WAITING) {
      this.refused.add(share.route);
      return Promise.resolve(undefined);
    }
    return new Promise((resolve) => {
      const settle = (place: Place | undefined): void => {
        clearTimeout(timer);
        res.off('close', leave);
        share.waiters.delete(settle);
        if (share.waiters.size === 0) this.turns.delete(share);
        resolve(place);
      };
      const leave = (): void => settle(undefined);
      const timer = setTimeout(() => {
        this.refused.add(share.route);
        settle(undefined);
      }, ms);
      res.once('close', leave);
      share.waiters.add(settle);
      this.turns.add(share);
    });
  }

  private readonly onLeave = (share: RouteShare): void => {
    share.taken -= 1;
    this.taken -= 1;
    this.admit();
  };

  private admit(): void {
    // A route that was served stands behind the others that wait: the loop comes to it again after them.
    for (const next of this.turns) {
      if (this.taken >= this.places) return;
      const [settle] = next.waiters;
      if (settle === undefined || next.taken >= next.max) continue;
      this.turns.delete(next);
      if (next.waiters.size > 1) this.turns.add(next);
      settle(this.enterAnyway(next));
    }
  }
}
