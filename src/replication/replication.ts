import type { Transaction } from 'kysely';
import type { Tables } from '../database/index.js';
import type { Collection } from './collection.js';
import type { View } from './owner-view.js';

/** How far the changes of this side have come. */
export interface ReplicationStatus {
  /** Whether a PHP application is told of changes at all. */
  readonly hasBridge: boolean;
  /** Changes that PHP may not have yet, and of how many owners. */
  readonly pending: number;
  readonly owners: number;
  /** Milliseconds for which the oldest of them waits; 0 when there is none. */
  readonly oldestMs: number;
  /** What was last in the way of this process; `fault` holds no address and no data. */
  readonly lastFailure: { readonly at: Date; readonly fault: string } | undefined;
}

/** Whose data, and in which request. */
export interface OwnerAccess {
  /** The identity's subject. */
  readonly subject: string;
  readonly traceId: string;
}

/**
 * Keeps PHP's documents and Node's rows alike while both may answer: what one side has acknowledged, the other one finds.
 * Native handlers read and write a collection through it alone. Inject it by this class.
 */
export abstract class Replication {
  /** Makes a collection known: once, when its module starts. */
  abstract register(collection: Collection): void;

  /**
   * Reads an owner's rows by one query, brought up to date from PHP before where PHP may have written them. Their order is not the
   * query's.
   * @throws ReplicationUnavailableError
   */
  abstract read<Row extends object>(
    collection: Collection,
    access: OwnerAccess,
    view: View<Row>,
  ): Promise<readonly Row[]>;

  /**
   * Applies a change to an owner's rows and tells PHP of it. When it resolves, the change is on disk here and either in PHP's
   * document or in the outbox, from which it gets there.
   * @throws ReplicationUnavailableError; what the collection throws
   */
  abstract write<Change extends object, Outcome>(
    collection: Collection<Change, Outcome>,
    access: OwnerAccess,
    change: Change,
  ): Promise<Outcome>;

  /** The same for an owner named by its key: for work on all of them. @throws as `write` */
  abstract writeOwner<Change extends object, Outcome>(
    collection: Collection<Change, Outcome>,
    owner: string,
    traceId: string,
    change: Change,
  ): Promise<Outcome>;

  /**
   * Brings the rows of an owner, named by its key, up to date from PHP, asked in any case: for a migration of all.
   * @throws ReplicationUnavailableError
   */
  abstract adopt(collection: Collection, owner: string, traceId: string): Promise<void>;

  /**
   * Forgets what is known of an owner beside its rows: states and waiting changes, within a transaction that holds its locks from
   * then on. The owner must stand under `person_tombstone` already, so that nobody who comes after brings anything back.
   */
  abstract forgetOwner(trx: Transaction<Tables>, owner: string): Promise<void>;

  /** What waits for PHP; starts nothing. @throws DatabaseUnavailableError */
  abstract status(): Promise<ReplicationStatus>;
}
