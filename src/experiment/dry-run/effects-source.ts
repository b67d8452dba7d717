import type { Transaction } from 'kysely';
import type { Tables } from '../../database/index.js';

/** What PHP did with a write: the owner's document (JSON text; undefined where there is none) before and after it. */
export interface ControlEffects {
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** False: PHP has written nothing, and `before` is `after`. */
  readonly hasWritten: boolean;
  /** Somebody else has written since: `after` is not this write's alone. */
  readonly isOvertaken: boolean;
}

/** The data of one owner that a write may change, on both sides. */
export interface OwnerEffects {
  /** Names the owner and the kind of data: writes of the same key may meet. */
  readonly key: string;
  /** What became of the write that PHP was sent with `keepAs`; told once. @throws when PHP does not tell */
  read(keepAs: string, traceId: string): Promise<ControlEffects>;
  /** Makes the owner's rows say what the document says, under the owner's lock. */
  prepare(trx: Transaction<Tables>, document: string | undefined): Promise<void>;
  /** The owner's rows as a document. */
  document(trx: Transaction<Tables>): Promise<string | undefined>;
  /** A document in the one spelling in which both sides can be compared. @throws when it is none */
  canonical(document: string | undefined): string;
}

/** Where the effects of writes are found. */
export interface EffectsSource {
  /** A subject's data of a collection; undefined for a collection that there is not, and where PHP cannot be asked. */
  of(collection: string, subject: string): OwnerEffects | undefined;
  /** Keys of the subject's data that a route writes. */
  keysWrittenBy(route: string, subject: string): readonly string[];
}
