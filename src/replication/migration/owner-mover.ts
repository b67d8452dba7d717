import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../database/index.js';
import type { Collection } from '../collection.js';
import type { DocumentReplication } from '../document-replication.js';
import { countChanges } from '../outbox.js';
import { findState, lockOwner } from '../owner-states.js';
import type { MigrationDirection } from './migration-run.js';
import { OwnerFault } from './owner-fault.js';
import type { BothSides, OwnerSides } from './owner-sides.js';
import type { WalkedOwner } from './owner-walk.js';

const NONE = 'none';
/** Looks at an owner that others are writing, before it is given up. */
const MAX_LOOKS = 4;
const LOOK_AGAIN_MS = 150;

export type Moved = 'moved' | 'unchanged';
export interface Compared {
  readonly sides: BothSides;
  readonly outcome: 'equal' | 'mended' | 'changing' | { readonly different: string };
}

/** How owners are carried and compared in one run. */
export interface Moving {
  readonly direction: MigrationDirection;
  /** Nothing is written. */
  readonly isReadOnly: boolean;
}

/**
 * Carries one owner, the way that requests do: `forward` is what happens before a native read, `back` besides brings PHP what it
 * lacks and puts the rows in place of a document that says something else.
 */
export class OwnerMover {
  constructor(
    private readonly parts: { readonly database: Database; readonly replication: DocumentReplication },
    private readonly collection: Collection,
    private readonly sides: OwnerSides,
    private readonly traceId: string,
    private readonly moving: Moving,
  ) {}

  /** @throws OwnerFault; ReplicationUnavailableError, BridgeError, DatabaseUnavailableError */
  async move(walked: WalkedOwner): Promise<Moved> {
    const { owner, phpVersion, rowsVersion } = walked;
    if (this.moving.isReadOnly) return (await this.sides.read(owner)).areEqual ? 'unchanged' : 'moved';
    if (this.moving.direction === 'back') return this.bringBack(owner);
    if (rowsVersion !== undefined && rowsVersion === (phpVersion ?? NONE)) return 'unchanged';
    await this.adopt(owner);
    if (phpVersion !== undefined && (await this.versionOf(owner)) === NONE)
      throw new OwnerFault("PHP's document was there when owners were listed, and has vanished since");
    return 'moved';
  }

  /**
   * Compares an owner. What differs is looked at again, since somebody may be writing; a run that carries does so once more
   * before.
   */
  async compare(owner: string): Promise<Compared> {
    const first = await this.sides.read(owner);
    let last = first;
    for (let look = 2; !last.areEqual && look <= MAX_LOOKS; look++) {
      await sleep(LOOK_AGAIN_MS);
      if (!this.moving.isReadOnly) await this.mend(owner, last);
      last = await this.sides.read(owner);
    }
    if (last.areEqual) return { sides: last, outcome: first.areEqual || this.moving.isReadOnly ? 'equal' : 'mended' };
    const isChanging = last.php.version !== first.php.version || last.rows.digest !== first.rows.digest;
    return { sides: last, outcome: isChanging ? 'changing' : { different: whyDifferent(last) } };
  }

  private async mend(owner: string, { php, rows }: BothSides): Promise<void> {
    if (this.moving.direction === 'back') {
      await this.bringBack(owner);
      return;
    }
    // The rows stand on this very document, and say something else.
    if (php.version === rows.version) await this.takeAnew(owner, php.version);
    await this.adopt(owner);
  }

  private async bringBack(owner: string): Promise<Moved> {
    const { replication } = this.parts;
    const before = await this.sides.read(owner);
    if (before.areEqual && before.rows.pending === 0) return 'unchanged';
    for (let look = 1; look <= MAX_LOOKS; look++) {
      const delivered = await replication.deliver(this.collection, owner);
      if (delivered === 'refused') throw new OwnerFault('PHP refuses changes that wait in the outbox');
      // What PHP has written itself and no native read has met yet is part of what the rows are to say; what it has lost is put
      // back by this already.
      await this.adopt(owner);
      const { areEqual, php } = await this.sides.read(owner);
      if (areEqual) return 'moved';
      if (await replication.giveBack(this.collection, owner, this.traceId, php.version)) return 'moved';
      await sleep(LOOK_AGAIN_MS);
    }
    throw new OwnerFault("PHP's document was changed again and again meanwhile");
  }

  private async adopt(owner: string): Promise<void> {
    await this.parts.replication.adopt(this.collection, owner, this.traceId);
  }

  private async versionOf(owner: string): Promise<string | undefined> {
    return (await findState(await this.parts.database.db(), this.collection.name, owner))?.version;
  }

  /** Writes the rows once more, whatever they say that they are; `replace` alone trusts what is noted in them. */
  private async takeAnew(owner: string, version: string): Promise<void> {
    const { collection } = this;
    const document = await this.sides.documentOf(owner, version);
    if (document === undefined) return;
    await this.parts.database.transaction(async (trx) => {
      await lockOwner(trx, collection.name, owner);
      const state = await findState(trx, collection.name, owner);
      const pending = await countChanges(trx, { collection: collection.name, owner });
      if (state?.version !== version || pending > 0) return;
      await collection.replace(trx, owner, collection.canonical(undefined).text);
      await collection.replace(trx, owner, document);
    });
  }
}

function whyDifferent({ php, rows }: BothSides): string {
  if (rows.pending > 0) return `${rows.pending} changes of the rows have not reached PHP yet`;
  if (rows.version === undefined) return 'never carried into rows';
  if (rows.version !== php.version)
    return "PHP's document is not the one that the rows stand on: PHP has written since";
  return 'the rows stand on this document and say something else';
}
