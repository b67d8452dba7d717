import { createHash } from 'node:crypto';
import type { Database } from '../../database/index.js';
import type { Collection } from '../collection.js';
import { countChanges } from '../outbox.js';
import { findState, lockOwner } from '../owner-states.js';
import type { PhpDocuments } from '../php-documents.js';
import { MalformedDocumentError } from '../malformed-document.error.js';
import { OwnerFault } from './owner-fault.js';

const READ_WITHIN_MS = 10_000;

/** What one side holds of an owner, without the texts. */
export interface OwnerSide {
  /** SHA-256 of the canonical document, hex. */
  readonly digest: string;
  readonly items: number;
  readonly isEmpty: boolean;
}

/** An owner on both sides. */
export interface BothSides {
  readonly php: OwnerSide & { readonly version: string };
  readonly rows: OwnerSide & {
    /** The version of PHP's document that they stand on. */
    readonly version: string | undefined;
    /** Changes that PHP may not have yet. */
    readonly pending: number;
  };
  readonly areEqual: boolean;
}

/** Reads an owner on both sides, and changes nothing. */
export class OwnerSides {
  /** Digest of what an owner has who has nothing. */
  private readonly nothing: string;

  constructor(
    private readonly database: Database,
    private readonly documents: PhpDocuments,
    private readonly collection: Collection,
    private readonly traceId: string,
  ) {
    this.nothing = sha256(collection.canonical(undefined).text);
  }

  /** @throws OwnerFault when PHP's document cannot be read; BridgeError, DatabaseUnavailableError */
  async read(owner: string): Promise<BothSides> {
    const php = await this.readPhp(owner);
    const rows = await this.readRows(owner);
    return { php, rows, areEqual: php.digest === rows.digest };
  }

  /** PHP's document, if it has this version. */
  async documentOf(owner: string, version: string): Promise<string | undefined> {
    const call = { traceId: this.traceId, timeoutMs: READ_WITHIN_MS };
    const read = await this.documents.read(this.collection.name, owner, undefined, call);
    return read.kind === 'document' && read.version === version ? read.document : undefined;
  }

  private async readPhp(owner: string): Promise<BothSides['php']> {
    const call = { traceId: this.traceId, timeoutMs: READ_WITHIN_MS };
    const read = await this.documents.read(this.collection.name, owner, undefined, call);
    if (read.kind === 'unreadable') throw new OwnerFault(`PHP's document cannot be read: ${read.why}`);
    // Never asked for: no version was named.
    if (read.kind === 'unchanged') throw new OwnerFault('PHP did not send its document');
    return { ...this.sideOf(read.document, "PHP's document"), version: read.version };
  }

  /** Under the owner's lock: several statements make one document. */
  private async readRows(owner: string): Promise<BothSides['rows']> {
    if (!this.database.hasData) return { ...this.sideOf(undefined, 'nothing'), version: undefined, pending: 0 };
    const { name } = this.collection;
    const { document, state, pending } = await this.database.transaction(async (trx) => {
      await lockOwner(trx, name, owner);
      return {
        document: await this.collection.document(trx, owner),
        state: await findState(trx, name, owner),
        pending: await countChanges(trx, { collection: name, owner }),
      };
    });
    return { ...this.sideOf(document, 'what the rows say'), version: state?.version, pending };
  }

  private sideOf(document: string | undefined, what: string): OwnerSide {
    try {
      const { text, items } = this.collection.canonical(document);
      const digest = sha256(text);
      return { digest, items, isEmpty: digest === this.nothing };
    } catch (error) {
      if (error instanceof MalformedDocumentError) throw new OwnerFault(`${what} is malformed: ${error.message}`);
      throw error;
    }
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
