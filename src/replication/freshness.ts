import type { Transaction } from 'kysely';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tables } from '../database/index.js';
import { BridgeError } from './bridge.error.js';
import type { Collection } from './collection.js';
import type { DocumentRestorer } from './document-restorer.js';
import type { KnownVersions } from './known-versions.js';
import { MalformedDocumentError } from './malformed-document.error.js';
import { drawTicket, lockLivingOwner, lockOwner, type OwnerState } from './owner-states.js';
import { type View, viewRows } from './owner-view.js';
import { ReplicationUnavailableError } from './replication-unavailable.error.js';
import type { ReplicationParts } from './replication-parts.js';
import { type Answer, areFresh, type PhpSaid, settleRows, type Settled } from './settle-rows.js';

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
  /** Writes: of an owner who was erased a moment ago that is refused, and what is read is nothing. */
  readonly isWrite?: boolean;
}

/** How PHP is told of a change of these rows: how they stand with it; undefined where it is not told. */
export type Standing = Pick<OwnerState, 'origin' | 'deliveredSeq'> | undefined;

/** What is done with an owner's rows once they are up to date. */
export type OwnerWork<Result> = (trx: Transaction<Tables>, standing: Standing) => Promise<Result>;

/**
 * Brings an owner's rows up to date before they are used. PHP is asked while no transaction is open: the embedded database has one
 * connection, and whoever waited for PHP on it would stop everybody.
 */
export class Freshness {
  private lastWarning = -Infinity;

  constructor(
    private readonly parts: ReplicationParts,
    private readonly restorer: DocumentRestorer,
    private readonly versions: KnownVersions,
  ) {}

  /**
   * The rows that a query finds. Where PHP has nothing new, which is usual, it takes PHP's word and one statement, and no lock.
   * @throws ReplicationUnavailableError
   */
  async read<Row extends object>(collection: Collection, wanted: Wanted, view: View<Row>): Promise<readonly Row[]> {
    const { database, documents, writers, bounds } = this.parts;
    const { owner } = wanted;
    const inTurn: OwnerWork<readonly Row[]> = async (trx) =>
      (await viewRows(trx, collection.name, owner, view(trx, owner))).rows;
    if (database.isDryRun) return this.run(collection, wanted, inTurn);
    let said: PhpSaid | undefined;
    if (this.mayPhpWrite(collection)) {
      const version = this.versions.of(collection.name, owner);
      if (version === undefined) return this.run(collection, wanted, inTurn);
      said = await this.question(collection, wanted, version);
    }
    const db = await database.db();
    const { state, rows } = await viewRows(db, collection.name, owner, view(db, owner));
    const quietMs = writers.quietMs(collection.writers);
    const fresh = areFresh(state, { said, hasBridge: documents.hasBridge, quietMs, graceMs: bounds.graceMs });
    if (fresh === 'no') return this.run(collection, wanted, inTurn, true);
    if (fresh === 'stale') this.warn({ collection: collection.name, traceId: wanted.traceId });
    return rows;
  }

  /**
   * Runs `work` in a transaction under the owner's lock.
   * @param hasGuessed the version that is known here is not the one of the rows
   * @throws ReplicationUnavailableError; what `work` throws
   */
  async run<Result>(
    collection: Collection,
    wanted: Wanted,
    work: OwnerWork<Result>,
    hasGuessed = false,
  ): Promise<Result> {
    const { database } = this.parts;
    // Its rows are what PHP held before, put there by whoever began it; and it holds the database, which is not to wait for PHP.
    if (database.isDryRun) return this.runDry(collection, wanted, work);
    let answer = await this.firstAnswer(collection, wanted, hasGuessed);
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

  /** Whether PHP has to be asked. Once it cannot write, what it says is worth keeping, and `run` does that. */
  private mayPhpWrite({ writers: routes }: Collection): boolean {
    const { documents, writers, bounds } = this.parts;
    if (!documents.hasBridge) return false;
    const quietMs = writers.quietMs(routes);
    return quietMs === undefined || quietMs <= bounds.graceMs;
  }

  private async firstAnswer(collection: Collection, wanted: Wanted, hasGuessed: boolean): Promise<Answer | undefined> {
    if (wanted.mustAsk === true) return this.ask(collection, wanted);
    if (!this.mayPhpWrite(collection)) return undefined;
    const version = hasGuessed ? undefined : this.versions.of(collection.name, wanted.owner);
    if (version === undefined) return this.ask(collection, wanted);
    return { ticket: undefined, read: await this.question(collection, wanted, version) };
  }

  private runDry<Result>(collection: Collection, { owner }: Wanted, work: OwnerWork<Result>): Promise<Result> {
    const { database, documents } = this.parts;
    return database.transaction(async (trx) => {
      await lockOwner(trx, collection.name, owner);
      return work(trx, documents.hasBridge ? { origin: '', deliveredSeq: 0 } : undefined);
    });
  }

  private async attempt<Result>(
    collection: Collection,
    { owner, traceId, isWrite }: Wanted,
    answer: Answer | undefined,
    work: OwnerWork<Result>,
  ): Promise<{ readonly result: Result } | Exclude<Settled, { kind: 'go' }>> {
    const { database, documents, writers, bounds } = this.parts;
    try {
      return await database.transaction(async (trx) => {
        const state = await lockLivingOwner(trx, collection.name, owner);
        if (state === 'erased') {
          if (isWrite === true) throw new ReplicationUnavailableError('erased');
          return { result: await work(trx, undefined) };
        }
        const settled = await settleRows(trx, {
          collection,
          owner,
          state,
          answer,
          hasBridge: documents.hasBridge,
          quietMs: writers.quietMs(collection.writers),
          graceMs: bounds.graceMs,
          maxPending: bounds.maxPending,
        });
        if (settled.kind !== 'go') return settled;
        if (settled.isStale === true) this.warn({ collection: collection.name, traceId });
        return { result: await work(trx, settled.standing) };
      });
    } catch (error) {
      if (error instanceof MalformedDocumentError) throw this.unreadable(collection, { owner, traceId }, error.message);
      throw error;
    }
  }

  /** Asks PHP, and draws a number before. @throws ReplicationUnavailableError when PHP is there and refuses: then it may be writing meanwhile */
  private async ask(collection: Collection, wanted: Wanted): Promise<Answer> {
    const ticket = await drawTicket(await this.parts.database.db(), collection.name, wanted.owner);
    return { ticket, read: await this.question(collection, wanted, ticket.version) };
  }

  private async question(
    collection: Collection,
    { owner, traceId, mustAsk }: Wanted,
    version: string | undefined,
  ): Promise<PhpSaid> {
    const { documents, bounds, logger } = this.parts;
    try {
      const read = await documents.read(collection.name, owner, version, { traceId, timeoutMs: bounds.askMs });
      this.versions.note(collection.name, owner, read.version);
      return read;
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      if (mustAsk === true) throw new ReplicationUnavailableError('php-unreachable', error);
      if (error.kind === 'unreachable') return { kind: 'unreachable' };
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
