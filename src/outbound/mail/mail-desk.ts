import type { Database } from '../../database/index.js';
import { MailHashes } from './mail-hashes.js';
import type { DeskRows, PersonKeys } from './desk-rows.js';

/** A mail as administrators see it: nothing of what it says, and of nobody whom it is for. */
export interface MailView {
  readonly id: string;
  readonly state: 'queued' | 'dead';
  readonly messageId: string;
  readonly caller: string;
  /** Who has not got it, refused or not tried to the end. */
  readonly recipients: number;
  readonly bytes: number;
  readonly attempts: number;
  readonly fault: string | null;
  readonly traceId: string | null;
  readonly acceptedAt: Date;
  /** When it is tried next, or when it has died. */
  readonly dueAt: Date;
  readonly settledAt: Date | null;
}

/** Who did it, and why. */
export interface MailDecision {
  readonly by: string;
  readonly reason: string;
}

/** A person's mail that has not been sent, for whoever exports what is kept of that person. */
export interface MailOfPerson {
  readonly id: string;
  readonly state: string;
  readonly acceptedAt: Date;
  readonly settledAt: Date | null;
  /** JSON of the mail; null once it is sent. */
  readonly content: string | null;
}

/** What people do with the queue of mail beside sending: look at it, decide on dead letters, have a person's mail exported or erased. */
export class MailDesk {
  private readonly hashes: MailHashes;

  constructor(
    private readonly database: Database,
    secret: string,
    /** Called when a mail is to be tried at once. */
    private readonly wake: () => void,
  ) {
    this.hashes = new MailHashes(secret);
  }

  /** Whether what waits can be told without starting an embedded database. */
  get isKnown(): boolean {
    const { kind, state, hasData } = this.database;
    return kind === 'postgres' || state === 'up' || !hasData;
  }

  /** What is dead or waits, the oldest first; at most 200. @throws DatabaseUnavailableError */
  async list(): Promise<readonly MailView[]> {
    return this.database.hasData ? (await this.rows()).list() : [];
  }

  /** Has a dead letter tried again from the beginning, also for those who were refused. @returns whether there is one. @throws DatabaseUnavailableError */
  retry(id: string, decision: MailDecision): Promise<boolean> {
    return this.decide(id, 'retry', decision);
  }

  /** Removes a dead letter. @returns whether there is one. @throws DatabaseUnavailableError */
  drop(id: string, decision: MailDecision): Promise<boolean> {
    return this.decide(id, 'drop', decision);
  }

  /**
   * What is kept of a person's mail: written by `owner`, or for one of these addresses. Of sent mail only that it was sent.
   * @throws DatabaseUnavailableError
   */
  async findOfPerson(owner: string | undefined, addresses: readonly string[]): Promise<readonly MailOfPerson[]> {
    return this.database.hasData ? (await this.rows()).findOfPerson(this.keysOf(owner, addresses)) : [];
  }

  /** Removes all of it, sent or not: what waits is not sent any more. @returns how many mails. @throws DatabaseUnavailableError */
  async eraseOfPerson(owner: string | undefined, addresses: readonly string[]): Promise<number> {
    return this.database.hasData ? (await this.rows()).eraseOfPerson(this.keysOf(owner, addresses)) : 0;
  }

  private keysOf(owner: string | undefined, addresses: readonly string[]): PersonKeys {
    return {
      ownerHash: owner === undefined ? undefined : this.hashes.owner(owner),
      recipientHashes: addresses.map((address) => this.hashes.recipient(address)),
    };
  }

  private async decide(id: string, action: 'retry' | 'drop', decision: MailDecision): Promise<boolean> {
    const isDecided = this.database.hasData && (await (await this.rows()).decide(id, action, decision));
    if (isDecided && action === 'retry') this.wake();
    return isDecided;
  }

  private async rows(): Promise<DeskRows> {
    const db = await this.database.db();
    const { DeskRows: Rows } = await import('./desk-rows.js');
    return new Rows(db);
  }
}
