import type { Transaction } from 'kysely';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tables } from '../database/index.js';
import { BridgeError } from './bridge.error.js';
import type { Collection } from './collection.js';
import type { DocumentRestorer } from './document-restorer.js';
import { MalformedDocumentError } from './malformed-document.error.js';
import { drawTicket, lockOwner } from './owner-states.js';
import { ReplicationUnavailableError } from './replication-unavailable.error.js';
import type { ReplicationParts } from './replication-parts.js';
import { type Answer, settleRows, type Settled } from './settle-rows.js';

/** Answers of PHP that came too late to be used, one after another, before a request is refused. */
const MAX_ATTEMPTS = 8;
/** Milliseconds between two attempts, by chance up to this: somebody else is changing the same owner. */
const MAX_PAUSE_MS = 20;
/** Milliseconds between two lines of the log that say the same. */
const QUIET_MS = 10_000;

/** Whose rows, and in which request. */
export interface Wanted {
  readonly owner: string;
  readonly traceId: string;
  /** Asks PHP even where it cannot have written, and does not do without its answer. */
  readonly mustAsk?: boolean;
}

/** What is done with an owner's rows once they are up to date. */
export type OwnerWork<Result> = (trx: Transaction<Tables>, isKnownToPhp: boolean) => Promise<Result>;

/**
 * Brings an owner's rows up to date before they are used. PHP is asked while no transaction is open: the embedded database has one
 * connection, and whoever waited for PHP on it would stop everybody.
 */
export class Freshness {
  private lastWarning = -Infinity;

  constructor(
    private readonly parts: ReplicationParts,
    private readonly restorer: DocumentRestorer,
  ) {}

  /**
   * Runs `work` in a transaction under the owner's lock.
   * @throws ReplicationUnavailableError; what `work` throws
   */
  async run<Result>(collection: Collection, wanted: Wanted, work: OwnerWork<Result>): Promise<Result> {
    const { database, documents, writers } = this.parts;
    // Its rows are what PHP held before, put there by whoever began it; and it holds the database, which is not to wait for PHP.
    if (database.isDryRun) return this.runDry(collection, wanted, work);
    let answer: Answer | undefined;
    // PHP may write: it will have to be asked.
    if (wanted.mustAsk === true || (documents.hasBridge && writers.quietMs(collection.writers) === undefined))
      answer = await this.ask(collection, wanted);
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.attempt(collection, wanted, answer, work);
      if ('result' in outcome) return outcome.result;
      if (outcome.kind === 'unknown') throw new ReplicationUnavailableError('php-unreachable');
      if (outcome.kind === 'unreadable') throw this.unreadable(collection, wanted, outcome.why);
      if (attempt === MAX_ATTEMPTS) throw new ReplicationUnavailableError('too-busy');
      if (outcome.kind === 'went-back') await this.restorer.restore(collection, wanted, outcome.version);
      if (attempt > 1) await sleep(Math.random() * MAX_PAUSE_MS);
      answer = await this.ask(collection, wanted);
    }
  }

  private runDry<Result>(collection: Collection, { owner }: Wanted, work: OwnerWork<Result>): Promise<Result> {
    const { database, documents } = this.parts;
    return database.transaction(async (trx) => {
      await lockOwner(trx, collection.name, owner);
      return work(trx, documents.hasBridge);
    });
  }

  private async attempt<Result>(
    collection: Collection,
    { owner, traceId }: Wanted,
    answer: Answer | undefined,
    work: OwnerWork<Result>,
  ): Promise<{ readonly result: Result } | Exclude<Settled, { kind: 'go' }>> {
    const { database, documents, writers, bounds } = this.parts;
    try {
      return await database.transaction(async (trx) => {
        await lockOwner(trx, collection.name, owner);
        const settled = await settleRows(trx, {
          collection,
          owner,
          answer,
          hasBridge: documents.hasBridge,
          quietMs: writers.quietMs(collection.writers),
          graceMs: bounds.graceMs,
          maxPending: bounds.maxPending,
        });
        if (settled.kind !== 'go') return settled;
        if (settled.isStale === true) this.warn({ collection: collection.name, traceId });
        return { result: await work(trx, settled.isKnownToPhp) };
      });
    } catch (error) {
      if (error instanceof MalformedDocumentError) throw this.unreadable(collection, { owner, traceId }, error.message);
      throw error;
    }
  }

  /** Asks PHP. @throws ReplicationUnavailableError when PHP is there and refuses: then it may be writing meanwhile */
  private async ask(collection: Collection, { owner, traceId, mustAsk }: Wanted): Promise<Answer> {
    const { database, documents, bounds, logger } = this.parts;
    const ticket = await drawTicket(await database.db(), collection.name, owner);
    try {
      const call = { traceId, timeoutMs: bounds.askMs };
      return { ticket, read: await documents.read(collection.name, owner, ticket.version, call) };
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      if (mustAsk === true) throw new ReplicationUnavailableError('php-unreachable', error);
      if (error.kind === 'unreachable') return { ticket, read: { kind: 'unreachable' } };
      logger.error(
        { collection: collection.name, traceId, fault: error.fault },
        "PHP's document bridge refuses: see that both sides have the same GATEWAY_IDENTITY_SECRET, and that PHP's files are of this release",
      );
      throw new ReplicationUnavailableError('php-refused', error);
    }
  }

  private unreadable(collection: Collection, { owner, traceId }: Wanted, why: string): ReplicationUnavailableError {
    this.parts.logger.error(
      { collection: collection.name, owner, traceId, why },
      "PHP's document cannot be read: its owner is answered by PHP alone, until it is mended or removed",
    );
    return new ReplicationUnavailableError('document-unreadable');
  }

  private warn(facts: object): void {
    const now = performance.now();
    if (now - this.lastWarning < QUIET_MS) return;
    this.lastWarning = now;
    this.parts.logger.warn(facts, 'PHP does not answer: rows are used as they are, without what it has written since');
  }
}
