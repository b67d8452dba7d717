import type { PhpApplied } from './bridge-answer.js';
import { BridgeError } from './bridge.error.js';
import type { Collection } from './collection.js';
import type { DocumentRestorer } from './document-restorer.js';
import { changesAfter, forgetChanges, hasChange, type PendingChange } from './outbox.js';
import { findState, lockOwner, makeOrigin, type OwnerState, saveState } from './owner-states.js';
import type { ReplicationParts } from './replication-parts.js';

/** Changes of one call, and their bytes. */
const MAX_CHANGES = 100;
const MAX_BYTES = 1_000_000;
/** Calls for one owner in a row; what is left then is the relay's. */
const MAX_CALLS = 20;

/** What has become of an owner's changes. */
export type Delivered = 'done' | 'more' | 'unreachable' | 'refused';

interface Batch {
  readonly state: OwnerState;
  readonly changes: readonly PendingChange[];
  readonly lastSeq: number;
}

/** Brings an owner's changes to PHP in their order. Two that deliver the same at once do no harm: PHP takes each number once. */
export class Delivery {
  /** What was last in the way, for the status. */
  lastFailure: { readonly at: Date; readonly fault: string } | undefined;

  constructor(
    private readonly parts: ReplicationParts,
    private readonly restorer: DocumentRestorer,
  ) {}

  async deliver(collection: Collection, owner: string, timeoutMs: number): Promise<Delivered> {
    for (let call = 0; call < MAX_CALLS; call++) {
      const batch = await this.nextBatch(collection, owner);
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
        else await this.confirm(collection, owner, batch, applied);
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
    return { state, changes, lastSeq: changes.at(-1)?.seq ?? 0 };
  }

  private async restore(collection: Collection, owner: string, { changes }: Batch, version: string): Promise<void> {
    await this.restorer.restore(collection, { owner, traceId: changes[0]?.traceId ?? '' }, version);
  }

  /** Notes that PHP has the changes, and whether its document is still the one that the rows stand on. */
  private async confirm(
    collection: Collection,
    owner: string,
    { state: sent, lastSeq }: Batch,
    { previousSeq, previousVersion, version }: PhpApplied,
  ): Promise<void> {
    const at = { collection: collection.name, owner };
    await this.parts.database.transaction(async (trx) => {
      await lockOwner(trx, collection.name, owner);
      const state = await findState(trx, collection.name, owner);
      // Another took it upon itself to number the changes anew.
      if (state === undefined || state.origin !== sent.origin) return;
      const { deliveredSeq } = state;
      if (previousSeq > deliveredSeq && !(await hasChange(trx, at, previousSeq))) {
        // A number that was never given: this database was put back to an earlier state, and PHP has skipped what is new.
        await saveState(trx, collection.name, owner, { origin: makeOrigin(), version: undefined, deliveredSeq: 0 });
        this.parts.logger.error(at, 'PHP has changes that this database has forgotten: it was put back from a copy');
        return;
      }
      const isInStep = state.version === previousVersion || state.version === version;
      await saveState(trx, collection.name, owner, {
        origin: state.origin,
        version: isInStep ? version : undefined,
        deliveredSeq: Math.max(deliveredSeq, lastSeq),
      });
      await forgetChanges(trx, at, lastSeq);
    });
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
