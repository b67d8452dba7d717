import { createHmac, hkdfSync } from 'node:crypto';
import type { Database } from '../database/index.js';

/** Separates this key from whatever else is derived from the same secret. */
const PURPOSE = 'donna person records v1';

/** Who asked for it, and why. */
export interface PersonDecision {
  readonly by: string;
  readonly reason: string;
}

/**
 * That persons' data were exported and erased: who, when, why, how much. The person stands there as a keyed hash, so that the record
 * of an erasure does not keep whom it was about. Every method throws DatabaseUnavailableError.
 */
export class PersonRecordStore {
  private readonly key: Buffer;

  constructor(
    private readonly database: Database,
    secret: string,
  ) {
    this.key = Buffer.from(hkdfSync('sha256', secret, '', PURPOSE, 32));
  }

  /** HMAC-SHA-256 in hex; `what` keeps hashes of one kind from being those of another. */
  mac(what: string, text: string): string {
    return createHmac('sha256', this.key).update(`${what}\0${text}`).digest('hex');
  }

  subjectHash(subject: string): string {
    return this.mac('subject', subject);
  }

  /** @returns the record's id */
  async begin(
    action: 'export' | 'erase',
    subject: string,
    { by, reason }: PersonDecision,
    manifest: object,
  ): Promise<string> {
    const db = await this.database.db();
    const { id } = await db
      .insertInto('person_record')
      .values({
        subject_hash: this.subjectHash(subject),
        action,
        state: 'begun',
        by,
        reason,
        manifest: JSON.stringify(manifest),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    return id;
  }

  async settle(id: string, state: 'complete' | 'incomplete', manifest: object): Promise<void> {
    const db = await this.database.db();
    await db
      .updateTable('person_record')
      .set({ state, manifest: JSON.stringify(manifest), settled_at: new Date() })
      .where('id', '=', id)
      .execute();
  }
}
