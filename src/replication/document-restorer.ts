import { BridgeError } from './bridge.error.js';
import type { Collection } from './collection.js';
import type { Wanted } from './freshness.js';
import { changesAfter, forgetChanges } from './outbox.js';
import { findState, lockLivingOwner, lockOwner, makeOrigin, saveState } from './owner-states.js';
import type { ReplicationParts } from './replication-parts.js';

/**
 * Puts an owner's rows in the place of a PHP document that has lost changes which it is known to have had: its file was removed,
 * or put back from a copy. PHP keeps aside what stood there (`<data>/replaced/`), for people.
 */
export class DocumentRestorer {
  constructor(private readonly parts: ReplicationParts) {}

  /** Does so unless the document is no longer the one of `seenVersion`, or PHP does not answer: the next question finds it again. */
  async restore(collection: Collection, { owner, traceId }: Wanted, seenVersion: string): Promise<void> {
    const { logger } = this.parts;
    const at = { collection: collection.name, owner };
    try {
      if (!(await this.put(collection, { owner, traceId }, seenVersion))) return;
      logger.error(
        { ...at, traceId, seenVersion: seenVersion.slice(0, 16) },
        "PHP's document had lost changes: the rows were put in its place; what stood there is kept in PHP's folder `replaced`",
      );
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      logger.error(
        { ...at, traceId, fault: error.fault },
        "PHP's document has lost changes, and cannot be restored yet",
      );
    }
  }

  /**
   * The same without a word. `mustStandOnIt`: unless the rows stand on another version, which PHP has written since they were
   * brought up to date: that is nobody's to undo.
   * @returns false when the document has another version by now, or the rows stand on another
   * @throws BridgeError
   */
  async put(
    collection: Collection,
    { owner, traceId }: Wanted,
    seenVersion: string,
    { mustStandOnIt = false } = {},
  ): Promise<boolean> {
    const { database, documents, bounds } = this.parts;
    const at = { collection: collection.name, owner };
    const taken = await database.transaction(async (trx) => {
      if ((await lockLivingOwner(trx, collection.name, owner)) === 'erased') return undefined;
      const state = await findState(trx, collection.name, owner);
      if (mustStandOnIt && state?.version !== seenVersion) return undefined;
      const origin = state?.origin ?? makeOrigin();
      const deliveredSeq = state?.deliveredSeq ?? 0;
      if (state === undefined)
        await saveState(trx, collection.name, owner, { origin, version: undefined, deliveredSeq });
      const pending = await changesAfter(trx, at, deliveredSeq, bounds.maxPending + 1);
      const seq = pending.at(-1)?.seq ?? deliveredSeq;
      return { origin, seq, version: state?.version, document: (await collection.document(trx, owner)) ?? null };
    });
    if (taken === undefined) return false;
    const { replaced, version } = await documents.replace(
      collection.name,
      owner,
      {
        document: taken.document,
        ifVersion: seenVersion,
        ...(taken.seq === 0 ? {} : { origin: taken.origin, seq: taken.seq }),
      },
      { traceId, timeoutMs: bounds.relayMs },
    );
    if (!replaced) return false;
    await database.transaction(async (trx) => {
      await lockOwner(trx, collection.name, owner);
      const state = await findState(trx, collection.name, owner);
      if (state?.origin !== taken.origin) return;
      const isAsTaken = state.version === taken.version || state.version === version;
      await saveState(trx, collection.name, owner, {
        origin: state.origin,
        version: isAsTaken ? version : undefined,
        deliveredSeq: Math.max(state.deliveredSeq, taken.seq),
      });
      await forgetChanges(trx, at, taken.seq);
    });
    return true;
  }
}
