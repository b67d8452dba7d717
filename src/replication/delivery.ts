import type { PhpApplied } from './bridge-answer.js';
import { BridgeError } from './bridge.error.js';
import type { Collection } from './collection.js';
import type { DocumentRestorer } from './document-restorer.js';
import type { KnownVersions } from './known-versions.js';
import { changesAfter, type PendingChange } from './outbox.js';
import { confirmDelivery, findState, type OwnerState } from './owner-states.js';
import type { ReplicationParts } from './replication-parts.js';

/** Changes of one call, and their bytes. */
const MAX_CHANGES = 100;
const MAX_BYTES = 1_000_000;
/** Calls for one owner in a row; what is left then is the relay's. */
const MAX_CALLS = 20;

/** What has become of an owner's changes. */
export type Delivered = 'done' | 'more' | 'unreachable' | 'refused';

/** What is sent to PHP in one call. */
export interface Batch {
  readonly state: Pick<OwnerState, 'origin' | 'deliveredSeq'>;
  readonly changes: readonly PendingChange[];
  readonly lastSeq: number;
  /** Whether there is nothing behind it. */
  readonly isAll: boolean;
}

/** Brings an owner's changes to PHP in their order. Two that deliver the same at once do no harm: PHP takes each number once. */
export class Delivery {
  /** What was last in the way, for the status. */
  lastFailure: { readonly at: Date; readonly fault: string } | undefined;

  constructor(
    private readonly parts: ReplicationParts,
    private readonly restorer: DocumentRestorer,
    private readonly versions: KnownVersions,
  ) {}

  /** @param first what is known to wait */
  async deliver(collection: Collection, owner: string, timeoutMs: number, first?: Batch): Promise<Delivered> {
    for (let call = 0; call < MAX_CALLS; call++) {
      const batch = (call === 0 ? first : undefined) ?? (await this.nextBatch(collection, owner));
      if (batch === undefined) return 'done';
      try {
        const applied = await this.parts.documents.apply(
          collection.name,
          owner,
          {
            origin: batch.state.origin,
            since: batch.state.deliveredSeq,
            changes: batch.changes.map(({ seq, change }) => ({ ...change, seq })),
          },
          { traceId: batch.changes[0]?.traceId ?? '', timeoutMs },
        );
        if (applied.isBehind) await this.restore(collection, owner, batch, applied.version);
        else if ((await this.confirm(collection, owner, batch, applied)) && batch.isAll) return 'done';
      } catch (error) {
        if (!(error instanceof BridgeError)) throw error;
        this.note(collection, owner, error);
        return error.kind;
      }
    }
    return 'more';
  }

  private async nextBatch(collection: Collection, owner: string): Promise<Batch | undefined> {
    const db = await this.parts.database.db();
    const state = await findState(db, collection.name, owner);
    const found = await changesAfter(db, { collection: collection.name, owner }, 0, MAX_CHANGES);
    if (found.length === 0) return undefined;
    if (state === undefined) throw new Error('a change in the outbox without its owner');
    const changes: PendingChange[] = [];
    let bytes = 0;
    for (const pending of found) {
      bytes += Buffer.byteLength(JSON.stringify(pending.change));
      if (changes.length > 0 && bytes > MAX_BYTES) break;
      changes.push(pending);
    }
    const isAll = changes.length === found.length && found.length < MAX_CHANGES;
    return { state, changes, lastSeq: changes.at(-1)?.seq ?? 0, isAll };
  }

  private async restore(collection: Collection, owner: string, { changes }: Batch, version: string): Promise<void> {
    await this.restorer.restore(collection, { owner, traceId: changes[0]?.traceId ?? '' }, version);
  }

  /**
   * Notes that PHP has the changes, and whether its document is still the one that the rows stand on.
   * @returns false when the changes were given other numbers meanwhile, and wait still
   */
  private async confirm(
    { name }: Collection,
    owner: string,
    { state, lastSeq }: Batch,
    applied: PhpApplied,
  ): Promise<boolean> {
    this.versions.note(name, owner, applied.version);
    const outcome = await confirmDelivery(await this.parts.database.db(), name, owner, {
      origin: state.origin,
      lastSeq,
      ...applied,
    });
    if (outcome === 'forgotten')
      this.parts.logger.error(
        { collection: name, owner },
        'PHP has changes that this database has forgotten: it was put back from a copy',
      );
    return outcome === 'confirmed';
  }

  private note(collection: Collection, owner: string, { kind, fault }: BridgeError): void {
    this.lastFailure = { at: new Date(), fault: `${kind}: ${fault}` };
    if (kind === 'refused')
      this.parts.logger.error(
        { collection: collection.name, owner, fault },
        'PHP refuses changes: they wait in the outbox, and those of the same owner behind them',
      );
  }
}
