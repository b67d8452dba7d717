import type { Database } from '../../database/index.js';
import { livingAmong } from '../../persons/index.js';
import type { MailRows } from './mail-rows.js';

/** A mail on its way into the table. */
export interface NewMail {
  readonly id: string;
  readonly caller: string;
  readonly key: string;
  readonly contentHash: string;
  readonly messageId: string;
  /** `ownerKey` of the user in whose name it is sent; not kept. */
  readonly owner: string | undefined;
  readonly ownerHash: string | undefined;
  readonly recipientHashes: readonly string[];
  readonly recipients: readonly string[];
  readonly content: string;
  readonly traceId: string | undefined;
}

/** What a caller is told of a mail that is kept, and what it is compared by. */
export interface KeptMail {
  readonly messageId: string;
  readonly contentHash: string;
}

/** A mail that whoever holds `claim` tries to hand over. */
export interface ClaimedMail {
  readonly id: string;
  readonly claim: string;
  readonly messageId: string;
  readonly recipients: readonly string[];
  /** Refused by the server at earlier attempts. */
  readonly refused: readonly string[];
  readonly content: string;
  /** This attempt counted. */
  readonly attempts: number;
  readonly acceptedAt: Date;
  /** Milliseconds since it was accepted, by the database's clock. */
  readonly ageMs: number;
  readonly traceId: string | undefined;
}

export interface MailStats {
  readonly queued: number;
  readonly dead: number;
  /** Milliseconds that the oldest of those that wait has waited. */
  readonly oldestMs: number;
  /** Milliseconds until the next one is due; undefined when none waits. */
  readonly nextMs: number | undefined;
}

/** The queue of mail, in Postgres: what is accepted is committed. */
export class MailStore {
  constructor(private readonly database: Database) {}

  /** Whether there may be anything to read without making a database. */
  get hasData(): boolean {
    return this.database.hasData;
  }

  /** An embedded database that nobody has used yet: reading would start it. */
  get isAsleep(): boolean {
    return this.database.kind === 'embedded' && this.database.state === 'off';
  }

  /**
   * Keeps a mail, unless its key is known: then it is the one that was kept first. `full`: `maxWaiting` wait already; `erased`: its owner's
   * data were erased a moment ago.
   * @throws DatabaseUnavailableError
   */
  async add(mail: NewMail, maxWaiting: number): Promise<KeptMail | 'full' | 'erased'> {
    const { owner } = mail;
    if (owner === undefined) return (await (await this.rows()).add(mail, maxWaiting)) ?? 'full';
    const { MailRows: Rows } = await import('./mail-rows.js');
    return this.database.transaction(async (trx) => {
      const living = await livingAmong(trx, [owner]);
      return living.has(owner) ? ((await new Rows(trx).add(mail, maxWaiting)) ?? 'full') : 'erased';
    });
  }

  /** For one piece of work. @throws DatabaseUnavailableError */
  async rows(): Promise<MailRows> {
    const db = await this.database.db();
    const { MailRows: Rows } = await import('./mail-rows.js');
    return new Rows(db);
  }
}
