import type { Transaction } from 'kysely';
import type { Tables } from '../database/index.js';

/** What became of a change. */
export interface Applied<Outcome> {
  readonly outcome: Outcome;
  /** False: nothing was changed (no such row, nothing to reset), so that there is nothing to tell PHP. */
  readonly hasChanged: boolean;
}

/**
 * One kind of data that PHP keeps as one JSON document per owner, and Node in rows. An owner is named by its key
 * (`ownerKey`), never by its id: PHP's documents do not say whose they are.
 */
export interface Collection<Change extends object = object, Outcome = unknown> {
  /** PHP's folder: `conversations`, `settings`. */
  readonly name: string;
  /** Routes through which PHP writes it. As long as PHP may answer one of them, PHP's document is asked for first. */
  readonly writers: readonly string[];
  /**
   * Makes the owner's rows say what PHP's document (JSON text) says, and nothing else.
   * @throws MalformedDocumentError; then nothing may have been changed
   */
  replace(trx: Transaction<Tables>, owner: string, document: string): Promise<void>;
  /** The owner's rows as PHP would write them, as JSON text; undefined when there are none. */
  document(trx: Transaction<Tables>, owner: string): Promise<string | undefined>;
  /** Changes the owner's rows as PHP changes its document. The change is JSON, holds its own time and id, and says all that PHP needs to do the same. */
  apply(trx: Transaction<Tables>, owner: string, change: Change): Promise<Applied<Outcome>>;
  /** A document in the one spelling in which both sides can be compared; `items` is what people count (conversations, settings). */
  canonical(document: string | undefined): { readonly text: string; readonly items: number };
}
