import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { DatabaseUnavailableError } from '../database/index.js';
import type { Transaction } from 'kysely';
import type { Tables } from '../database/index.js';
import type { Collection } from './collection.js';
import { type Batch, type Delivered, Delivery } from './delivery.js';
import { DocumentRestorer } from './document-restorer.js';
import { Freshness, type OwnerWork, type Standing, type Wanted } from './freshness.js';
import { KeyedMutex } from './keyed-mutex.js';
import { KnownVersions } from './known-versions.js';
import { addChange, measureOutbox, type PendingOwner, postponeOwner } from './outbox.js';
import { ownerKey } from './owner-key.js';
import { lockOwner } from './owner-states.js';
import type { View } from './owner-view.js';
import { Relay } from './relay.js';
import { type OwnerAccess, Replication, type ReplicationStatus } from './replication.js';
import type { ReplicationParts } from './replication-parts.js';
import { ReplicationUnavailableError } from './replication-unavailable.error.js';

/** Writes of one owner that may wait for the one before them in this process, and how long. */
const MAX_WAITING = 32;
const TURN_WITHIN_MS = 10_000;

/** What a write has put into the outbox; `only` when nothing else of the owner waits there. */
interface Added {
  readonly only?: Batch;
}

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
    const versions = new KnownVersions();
    this.freshness = new Freshness(parts, restorer, versions);
    this.delivery = new Delivery(parts, restorer, versions);
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

  override read<Row extends object>(
    collection: Collection,
    { subject, traceId }: OwnerAccess,
    view: View<Row>,
  ): Promise<readonly Row[]> {
    return telling(() => this.freshness.read(collection, { owner: ownerKey(subject), traceId }, view));
  }

  override write<Change extends object, Outcome>(
    collection: Collection<Change, Outcome>,
    { subject, traceId }: OwnerAccess,
    change: Change,
  ): Promise<Outcome> {
    return this.writeOwner(collection, ownerKey(subject), traceId, change);
  }

  override async writeOwner<Change extends object, Outcome>(
    collection: Collection<Change, Outcome>,
    owner: string,
    traceId: string,
    change: Change,
  ): Promise<Outcome> {
    const apply = (): Promise<{ outcome: Outcome; added?: Added }> =>
      this.run(collection as Collection, { owner, traceId, isWrite: true }, async (trx, standing) => {
        const { outcome, hasChanged } = await collection.apply(trx, owner, change);
        if (!hasChanged || standing === undefined) return { outcome };
        const at = { collection: collection.name, owner };
        return { outcome, added: await this.addToOutbox(trx, at, change, { traceId, standing }) };
      });
    // A dry run holds the database meanwhile: it waits for nobody who may be waiting for that.
    if (this.parts.database.isDryRun) return (await apply()).outcome;
    const work = async (): Promise<Outcome> => {
      const { outcome, added } = await apply();
      if (added !== undefined) await this.tell(collection as Collection, owner, added);
      return outcome;
    };
    return this.owners.run(`${collection.name} ${owner}`, work, () => new ReplicationUnavailableError('too-busy'));
  }

  override async adopt(collection: Collection, owner: string, traceId: string): Promise<void> {
    await this.run(collection, { owner, traceId, mustAsk: true }, async () => undefined);
  }

  override async forgetOwner(trx: Transaction<Tables>, owner: string): Promise<void> {
    // In one order, so that two who do so wait for each other in no circle.
    for (const name of [...this.collections.keys()].toSorted()) {
      await lockOwner(trx, name, owner);
      await trx.deleteFrom('replication_outbox').where('collection', '=', name).where('owner', '=', owner).execute();
      await trx.deleteFrom('replication_owner').where('collection', '=', name).where('owner', '=', owner).execute();
    }
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

  private run<Result>(collection: Collection, wanted: Wanted, work: OwnerWork<Result>): Promise<Result> {
    return telling(() => this.freshness.run(collection, wanted, work));
  }

  private async addToOutbox(
    trx: Transaction<Tables>,
    at: PendingOwner,
    change: object,
    { traceId, standing }: { readonly traceId: string; readonly standing: NonNullable<Standing> },
  ): Promise<Added> {
    const { maxPending, tellMs } = this.parts.bounds;
    // For as long as the request delivers it, it is not the relay's.
    const added = await addChange(trx, at, { change, traceId, heldMs: tellMs, maxPending });
    if (added === undefined) throw new ReplicationUnavailableError('too-many-pending');
    const { seq, before } = added;
    if (before > 0) return {};
    return { only: { state: standing, changes: [{ seq, change, traceId }], lastSeq: seq, isAll: true } };
  }

  /** Brings the owner's changes to PHP, unless it was away a moment ago. The change is safe in the outbox whatever happens here. */
  private async tell(collection: Collection, owner: string, { only }: Added): Promise<void> {
    const { bounds, database, logger } = this.parts;
    try {
      const isAway = performance.now() < this.awayUntil;
      const delivered = isAway ? 'unreachable' : await this.delivery.deliver(collection, owner, bounds.tellMs, only);
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

async function telling<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DatabaseUnavailableError) throw new ReplicationUnavailableError('database', error);
    throw error;
  }
}
