import type { Database } from '../../database/index.js';
import type { DeskRows } from './desk-rows.js';

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

/** What administrators do with the queue of mail: look at it, decide on dead letters. */
export class MailDesk {
  constructor(
    private readonly database: Database,
    /** Called when a mail is to be tried at once. */
    private readonly wake: () => void,
  ) {}

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
