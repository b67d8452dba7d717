import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { DatabaseUnavailableError } from '../database/index.js';
import type { Transaction } from 'kysely';
import type { Tables } from '../database/index.js';
import type { Collection } from './collection.js';
import { type Delivered, Delivery } from './delivery.js';
import { DocumentRestorer } from './document-restorer.js';
import { Freshness, type OwnerWork } from './freshness.js';
import { KeyedMutex } from './keyed-mutex.js';
import { addChange, countChanges, measureOutbox, postponeOwner } from './outbox.js';
import { ownerKey } from './owner-key.js';
import { Relay } from './relay.js';
import { type OwnerAccess, Replication, type ReplicationStatus } from './replication.js';
import type { ReplicationParts } from './replication-parts.js';
import { ReplicationUnavailableError } from './replication-unavailable.error.js';

/** Writes of one owner that may wait for the one before them in this process, and how long. */
const MAX_WAITING = 32;
const TURN_WITHIN_MS = 10_000;

/** Replication between rows and PHP's JSON documents (ADR 0017). */
export class DocumentReplication extends Replication implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly collections = new Map<string, Collection>();
  private readonly owners = new KeyedMutex(MAX_WAITING, TURN_WITHIN_MS);
  private readonly freshness: Freshness;
  private readonly delivery: Delivery;
  private readonly relay: Relay;
  private readonly restorer: DocumentRestorer;
  /** Until then PHP is left to the relay; performance.now(). */
  private awayUntil = -Infinity;

  constructor(private readonly parts: ReplicationParts) {
    super();
    const restorer = new DocumentRestorer(parts);
    this.restorer = restorer;
    this.freshness = new Freshness(parts, restorer);
    this.delivery = new Delivery(parts, restorer);
    this.relay = new Relay(parts, this.delivery, this.owners, this.collections);
  }

  onApplicationBootstrap(): void {
    this.relay.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.relay.stop();
  }

  override register(collection: Collection): void {
    this.collections.set(collection.name, collection);
  }

  override read<Result>(
    collection: Collection,
    access: OwnerAccess,
    work: (trx: Transaction<Tables>, owner: string) => Promise<Result>,
  ): Promise<Result> {
    const owner = ownerKey(access.subject);
    return this.run(collection, owner, access.traceId, (trx) => work(trx, owner));
  }

  override async write<Change extends object, Outcome>(
    collection: Collection<Change, Outcome>,
    access: OwnerAccess,
    change: Change,
  ): Promise<Outcome> {
    const owner = ownerKey(access.subject);
    const apply = (): Promise<{ outcome: Outcome; isPending: boolean }> =>
      this.run(collection as Collection, owner, access.traceId, async (trx, isKnownToPhp) => {
        const { outcome, hasChanged } = await collection.apply(trx, owner, change);
        const isPending = hasChanged && isKnownToPhp;
        if (isPending) await this.addToOutbox(trx, collection.name, owner, change, access.traceId);
        return { outcome, isPending };
      });
    // A dry run holds the database meanwhile: it waits for nobody who may be waiting for that.
    if (this.parts.database.isDryRun) return (await apply()).outcome;
    const work = async (): Promise<Outcome> => {
      const { outcome, isPending } = await apply();
      if (isPending) await this.tell(collection as Collection, owner);
      return outcome;
    };
    return this.owners.run(`${collection.name} ${owner}`, work, () => new ReplicationUnavailableError('too-busy'));
  }

  override async adopt(collection: Collection, owner: string, traceId: string): Promise<void> {
    await this.run(collection, owner, traceId, async () => undefined, true);
  }

  /** The collections that are known. */
  registered(): readonly Collection[] {
    return [...this.collections.values()];
  }

  /** Brings an owner's waiting changes to PHP, in their turn, as the relay does. @throws ReplicationUnavailableError */
  deliver(collection: Collection, owner: string): Promise<Delivered> {
    const work = (): Promise<Delivered> => this.delivery.deliver(collection, owner, this.parts.bounds.relayMs);
    return this.owners.run(`${collection.name} ${owner}`, work, () => new ReplicationUnavailableError('too-busy'));
  }

  /**
   * Puts the rows in the place of PHP's document of this version, which PHP keeps aside, where the rows stand on that version and say
   * something else.
   * @returns false when the document has another version by now, or the rows stand on another
   * @throws BridgeError, DatabaseUnavailableError
   */
  giveBack(collection: Collection, owner: string, traceId: string, seenVersion: string): Promise<boolean> {
    return this.restorer.put(collection, { owner, traceId }, seenVersion, { mustStandOnIt: true });
  }

  override async status(): Promise<ReplicationStatus> {
    const { database, documents } = this.parts;
    const { lastFailure } = this.delivery;
    // Nothing is started by looking.
    const isAsleep = database.kind === 'embedded' && database.state !== 'up';
    const waiting = isAsleep ? { pending: 0, owners: 0, oldestMs: 0 } : await measureOutbox(await database.db());
    return { hasBridge: documents.hasBridge, ...waiting, lastFailure };
  }

  private async run<Result>(
    collection: Collection,
    owner: string,
    traceId: string,
    work: OwnerWork<Result>,
    mustAsk = false,
  ): Promise<Result> {
    try {
      return await this.freshness.run(collection, { owner, traceId, mustAsk }, work);
    } catch (error) {
      if (error instanceof DatabaseUnavailableError) throw new ReplicationUnavailableError('database', error);
      throw error;
    }
  }

  private async addToOutbox(
    trx: Transaction<Tables>,
    collection: string,
    owner: string,
    change: object,
    traceId: string,
  ): Promise<void> {
    const { bounds } = this.parts;
    const at = { collection, owner };
    if ((await countChanges(trx, at)) >= bounds.maxPending) throw new ReplicationUnavailableError('too-many-pending');
    // For as long as the request delivers it, it is not the relay's.
    await addChange(trx, at, { change, traceId, heldMs: bounds.tellMs });
  }

  /** Brings the owner's changes to PHP, unless it was away a moment ago. The change is safe in the outbox whatever happens here. */
  private async tell(collection: Collection, owner: string): Promise<void> {
    const { bounds, database, logger } = this.parts;
    try {
      const isAway = performance.now() < this.awayUntil;
      const delivered = isAway ? 'unreachable' : await this.delivery.deliver(collection, owner, bounds.tellMs);
      if (delivered === 'done') return;
      if (delivered === 'unreachable' && !isAway) this.awayUntil = performance.now() + bounds.backoffMs;
      // It is the relay's from now on.
      const baseMs = delivered === 'refused' ? bounds.backoffMs : 0;
      const pending = { collection: collection.name, owner };
      await postponeOwner(await database.db(), pending, { baseMs, maxMs: bounds.maxBackoffMs });
      this.relay.wake();
    } catch (error) {
      logger.error({ fault: error instanceof Error ? error.name : typeof error }, 'a change waits in the outbox');
      this.relay.wake();
    }
  }
}
