import type { Transaction } from 'kysely';
import type { Tables } from '../database/index.js';
import type { Collection } from './collection.js';
import type { DocumentReplication } from './document-replication.js';
import { ownerKey } from './owner-key.js';
import { lockOwner } from './owner-states.js';
import type { PhpDocuments } from './php-documents.js';

/** The document of an owner who has none, in every collection. */
const EMPTY = '[]';
/** Milliseconds: nobody waits for it but the comparison. */
const ASK_WITHIN_MS = 2000;

interface WriteFacts {
  readonly hasWritten: boolean;
  readonly isOvertaken: boolean;
}

/** One owner's data of a collection on both sides, for a write that is tried and taken back. */
class OwnerEffects {
  constructor(
    private readonly collection: Collection,
    private readonly owner: string,
    private readonly documents: PhpDocuments,
  ) {}

  get key(): string {
    return keyOf(this.collection, this.owner);
  }

  /** What a request that PHP has answered has done. @throws BridgeError, and where PHP's document cannot be read */
  async read(
    keptAs: string,
    traceId: string,
  ): Promise<{ before: string | undefined; after: string | undefined } & WriteFacts> {
    const { documents, collection, owner } = this;
    const call = { traceId, timeoutMs: ASK_WITHIN_MS };
    const { now, before, isOvertaken } = await documents.effects(collection.name, owner, keptAs, call);
    if (now.kind !== 'document') throw new Error("PHP's document cannot be read");
    const after = now.document;
    return {
      before: before === undefined ? after : before.document,
      after,
      hasWritten: before !== undefined,
      isOvertaken,
    };
  }

  /** Makes the rows say what a document says, under the owner's lock. */
  async prepare(trx: Transaction<Tables>, document: string | undefined): Promise<void> {
    await lockOwner(trx, this.collection.name, this.owner);
    await this.collection.replace(trx, this.owner, document ?? EMPTY);
  }

  document(trx: Transaction<Tables>): Promise<string | undefined> {
    return this.collection.document(trx, this.owner);
  }

  canonical(document: string | undefined): string {
    return this.collection.canonical(document).text;
  }
}

/** Finds owners' data for writes that are tried beside PHP. */
export class OwnerEffectsSource {
  constructor(
    private readonly replication: Pick<DocumentReplication, 'registered'>,
    private readonly documents: PhpDocuments,
  ) {}

  /** Undefined for a collection that there is not, and where there is no PHP that could be asked. */
  of(collection: string, subject: string): OwnerEffects | undefined {
    const found = this.replication.registered().find(({ name }) => name === collection);
    if (found === undefined || !this.documents.hasBridge) return undefined;
    return new OwnerEffects(found, ownerKey(subject), this.documents);
  }

  /** Keys of the subject's data that a route writes. */
  keysWrittenBy(route: string, subject: string): readonly string[] {
    const written = this.replication.registered().filter(({ writers }) => writers.includes(route));
    return written.map((collection) => keyOf(collection, ownerKey(subject)));
  }
}

function keyOf({ name }: Collection, owner: string): string {
  return `${name} ${owner}`;
}
