import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Owners under way at a time: PHP and the database have other work to do. */
export const MIGRATION_WORKERS = 2;

/** Of what an owner has taken: at rest, and where others wait. */
const REST = 0.25;
const REST_UNDER_LOAD = 3;
const MAX_REST_MS = 500;
/** This process is busy for this part of its time, or owners take so many times as long as they did: others wait. */
const BUSY = 0.7;
const SLOW = 3;
/** Of the difference to what is usual: what is quicker is believed soon, what is slower after hundreds. */
const LEARN_QUICKER = 0.1;
const LEARN_SLOWER = 0.01;
/** Milliseconds: shorter times are noise. */
const QUICK_MS = 10;
const LOOK_EVERY_MS = 250;

/** Gives way to requests: after each owner a pause, which grows with what PHP and the database take for one. */
export class MigrationPace {
  private usual: number | undefined;
  private utilization = performance.eventLoopUtilization();
  private lookedAt = performance.now();
  private isBusy = false;

  async rest(spentMs: number, signal: AbortSignal): Promise<void> {
    const known = this.usual ?? spentMs;
    this.usual = Math.max(QUICK_MS, known + (spentMs - known) * (spentMs < known ? LEARN_QUICKER : LEARN_SLOWER));
    const isSlow = spentMs > this.usual * SLOW;
    const rest = spentMs * (isSlow || this.look() ? REST_UNDER_LOAD : REST);
    await sleep(Math.min(rest, MAX_REST_MS), undefined, { signal }).catch(() => undefined);
  }

  private look(): boolean {
    const now = performance.now();
    if (now - this.lookedAt > LOOK_EVERY_MS) {
      const next = performance.eventLoopUtilization();
      this.isBusy = performance.eventLoopUtilization(next, this.utilization).utilization > BUSY;
      this.utilization = next;
      this.lookedAt = now;
    }
    return this.isBusy;
  }
}
