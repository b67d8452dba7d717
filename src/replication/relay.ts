import { setTimeout as sleep } from 'node:timers/promises';
import { databaseFaultOf } from '../database/index.js';
import type { Collection } from './collection.js';
import type { Delivery } from './delivery.js';
import type { KeyedMutex } from './keyed-mutex.js';
import { claimOwners, type PendingOwner, postponeOwner } from './outbox.js';
import type { ReplicationParts } from './replication-parts.js';

/** Owners of one round. */
const MAX_OWNERS = 50;

/** Delivers in the background what PHP could not take at once, and what a process that ended had not delivered. */
export class Relay {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> | undefined;
  private failures = 0;
  private isStopped = false;
  private isWoken = false;

  constructor(
    private readonly parts: ReplicationParts,
    private readonly delivery: Delivery,
    private readonly owners: KeyedMutex,
    private readonly collections: ReadonlyMap<string, Collection>,
  ) {}

  start(): void {
    const { database, bounds } = this.parts;
    const isAsleep = database.kind === 'embedded' && database.state === 'off';
    this.schedule(isAsleep ? bounds.firstLookMs : 0);
  }

  /** Something waits: looks soon, or at the end of its pause if PHP is away. */
  wake(): void {
    this.isWoken = true;
    if (this.failures === 0 && this.round === undefined) this.schedule(this.parts.bounds.backoffMs);
  }

  /** Begins no further round, and waits a moment for the one that runs. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    const patience = new AbortController();
    await Promise.race([
      this.round,
      sleep(this.parts.bounds.tellMs, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
  }

  private schedule(ms: number | undefined): void {
    clearTimeout(this.timer);
    if (this.isStopped || ms === undefined) return;
    this.timer = setTimeout(() => {
      this.round = this.run().finally(() => (this.round = undefined));
    }, ms);
    this.timer.unref();
  }

  private async run(): Promise<void> {
    this.isWoken = false;
    const { database, documents, logger } = this.parts;
    let isAway = false;
    let hasMore = false;
    try {
      if (this.collections.size > 0 && documents.hasBridge && database.hasData) {
        const outcome = await this.deliverDue();
        isAway = outcome === 'unreachable';
        hasMore = outcome === 'more';
      }
    } catch (error) {
      if (this.failures === 0) logger.error({ fault: databaseFaultOf(error) }, 'the outbox cannot be delivered now');
      isAway = true;
    }
    this.failures = isAway ? this.failures + 1 : 0;
    this.schedule(this.pauseMs(isAway, hasMore));
  }

  private pauseMs(isAway: boolean, hasMore: boolean): number | undefined {
    const { backoffMs, maxBackoffMs, pollMs } = this.parts.bounds;
    if (isAway)
      return Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(this.failures - 1, 20)) * (0.75 + Math.random() / 4);
    if (hasMore) return 0;
    return this.isWoken ? backoffMs : pollMs;
  }

  private async deliverDue(): Promise<'done' | 'more' | 'unreachable'> {
    const { database, bounds } = this.parts;
    const db = await database.db();
    const due = await claimOwners(db, [...this.collections.keys()], MAX_OWNERS, bounds.relayMs * 2);
    for (const [index, pending] of due.entries()) {
      const delivered = this.isStopped ? 'unreachable' : await this.deliverOne(pending);
      if (delivered === 'unreachable') {
        // Free for the next round, here or elsewhere.
        for (const left of due.slice(index)) await postponeOwner(db, left, { baseMs: 0, maxMs: 0 });
        return 'unreachable';
      }
      if (delivered !== 'done')
        await postponeOwner(db, pending, {
          baseMs: delivered === 'more' ? 0 : bounds.backoffMs,
          maxMs: bounds.maxBackoffMs,
        });
    }
    return due.length === MAX_OWNERS ? 'more' : 'done';
  }

  private deliverOne({ collection: name, owner }: PendingOwner): ReturnType<Delivery['deliver']> {
    const collection = this.collections.get(name);
    if (collection === undefined) return Promise.resolve('done');
    return this.owners.run(
      `${name} ${owner}`,
      () => this.delivery.deliver(collection, owner, this.parts.bounds.relayMs),
      () => new Error('an owner whose turn does not come'),
    );
  }
}
