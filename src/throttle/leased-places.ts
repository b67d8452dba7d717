import type { Link } from '../workers/index.js';
import { LEASE_PLACES, RECALL_PLACES, RETURN_PLACES } from './place-desk.js';
import type { Places } from './places.js';

/** Milliseconds after which leased places that nobody uses go back. */
const IDLE_MS = 1000;
/** Of all places, this share for each worker is leased at a time. */
const LOT_SHARE = 4;

interface Lease {
  held: number;
  leased: number;
  usedAt: number;
  asking: Promise<number> | undefined;
}

/**
 * The places of one worker: leased from the primary a few at a time, so that most requests ask nobody, and given back when they are idle
 * or another worker has none. While the primary is silent each worker keeps to the bound by itself.
 */
export class LeasedPlaces implements Places {
  private readonly leases = new Map<string, Lease>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly link: Link,
    private readonly workers: number,
  ) {
    link.handle(RECALL_PLACES, (key) => this.giveUp(key));
  }

  enter(key: string, max: number): boolean | Promise<boolean> {
    const lease = this.leaseOf(key);
    if (lease.held >= max) return false;
    if (lease.held < lease.leased || !this.link.isUp) return this.take(lease);
    return this.ask(key, lease, max);
  }

  leave(key: string): void {
    const lease = this.leases.get(key);
    if (lease === undefined) return;
    lease.held -= 1;
    lease.usedAt = performance.now();
  }

  private take(lease: Lease): true {
    lease.held += 1;
    return true;
  }

  private async ask(key: string, lease: Lease, max: number): Promise<boolean> {
    for (;;) {
      lease.asking ??= this.lease(key, lease, max);
      const granted = await lease.asking.catch(() => undefined);
      if (lease.held >= max) return false;
      // Nobody can say: this worker's own count decides.
      if (granted === undefined || lease.held < lease.leased) return this.take(this.kept(key, lease));
      if (granted === 0) return false;
    }
  }

  private lease(key: string, lease: Lease, max: number): Promise<number> {
    const lot = Math.max(1, Math.floor(max / this.workers / LOT_SHARE));
    const add = (granted: number): number => {
      this.kept(key, lease).leased += granted;
      return granted;
    };
    const asked = this.link.ask(LEASE_PLACES, [key, max, lot], { onLate: add });
    return asked.then(add).finally(() => (lease.asking = undefined));
  }

  /** What nobody uses; the primary counts it as returned. */
  private giveUp(key: string): number {
    const lease = this.leases.get(key);
    const idle = lease === undefined ? 0 : Math.max(0, lease.leased - lease.held);
    if (lease !== undefined) lease.leased -= idle;
    return idle;
  }

  private leaseOf(key: string): Lease {
    const known = this.leases.get(key);
    if (known !== undefined) return known;
    const made: Lease = { held: 0, leased: 0, usedAt: performance.now(), asking: undefined };
    return this.kept(key, made);
  }

  /** An answer that comes late may find its lease forgotten. */
  private kept(key: string, lease: Lease): Lease {
    const known = this.leases.get(key);
    if (known !== undefined) return known;
    this.leases.set(key, lease);
    this.timer ??= setTimeout(() => this.sweep(), IDLE_MS).unref();
    return lease;
  }

  private sweep(): void {
    this.timer = undefined;
    const before = performance.now() - IDLE_MS;
    const lines: (readonly [string, number])[] = [];
    for (const [key, lease] of this.leases) {
      if (lease.held > 0 || lease.asking !== undefined || lease.usedAt > before) continue;
      if (lease.leased > 0) lines.push([key, lease.leased]);
      this.leases.delete(key);
    }
    if (lines.length > 0) this.link.tell(RETURN_PLACES, lines);
    if (this.leases.size > 0) this.timer = setTimeout(() => this.sweep(), IDLE_MS).unref();
  }
}
