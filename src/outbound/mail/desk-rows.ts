import { type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Tables } from '../../database/index.js';
import type { MailDecision, MailOfPerson, MailView } from './mail-desk.js';

/** Rows of a list, at most. */
const MAX_LISTED = 200;
/** Of what a page of a person's mail holds; one mail more may come with it. What a row has beside its content counts too. */
const PAGE_BYTES = 2_000_000;
const ROW_BYTES = 250;

/** Whose mail it is, by keyed hashes: written in this user's name, or for one of these addresses. */
export interface PersonKeys {
  readonly ownerHash: string;
  readonly recipientHashes: readonly string[];
}

/** The rows behind `MailDesk`. Loaded by who has a database already. */
export class DeskRows {
  constructor(private readonly db: Kysely<Tables>) {}

  async list(): Promise<readonly MailView[]> {
    const { rows } = await sql<MailView>`
      select id, state, message_id as "messageId", caller, bytes, attempts, fault, trace_id as "traceId",
        jsonb_array_length(coalesce(recipients, '[]')) + jsonb_array_length(coalesce(refused, '[]')) as recipients,
        accepted_at as "acceptedAt", due_at as "dueAt", settled_at as "settledAt"
      from mail where state <> 'sent' order by state, accepted_at limit ${MAX_LISTED}`.execute(this.db);
    return rows;
  }

  /** Decides on a dead letter and says who did, in one transaction. */
  decide(id: string, action: 'retry' | 'drop', { by, reason }: MailDecision): Promise<boolean> {
    return this.db.transaction().execute(async (trx) => {
      const { rows } =
        action === 'drop'
          ? await sql`delete from mail where id = ${id} and state = 'dead' returning id`.execute(trx)
          : await sql`
              update mail set state = 'queued', attempts = 0, due_at = now(), accepted_at = now(), settled_at = null, claim = null,
                recipients = coalesce(recipients, '[]') || coalesce(refused, '[]'), refused = '[]'
              where id = ${id} and state = 'dead' returning id`.execute(trx);
      if (rows.length === 0) return false;
      await trx.insertInto('mail_audit').values({ mail: id, action, by, reason }).execute();
      return true;
    });
  }

  /** By their ids, those after `after`; as many as go into a page, one at least. */
  async pageOfPerson(keys: PersonKeys, after: string): Promise<readonly MailOfPerson[]> {
    const { rows } = await sql<MailOfPerson>`
      select id, state, accepted_at as "acceptedAt", settled_at as "settledAt", content from (
        select id, state, accepted_at, settled_at, content, sum(size) over (order by id) - size as before from (
          select *, ${ROW_BYTES}::int + case when content is null then 0 else bytes end as size
          from mail where id > ${after} and ${isOf(keys)}) as own) as summed
      where before < ${PAGE_BYTES} order by id`.execute(this.db);
    return rows;
  }

  async eraseOfPerson(keys: PersonKeys): Promise<void> {
    await this.db.deleteFrom('mail').where(isOf(keys)).execute();
  }
}

function isOf({ ownerHash, recipientHashes }: PersonKeys): RawBuilder<SqlBool> {
  const parts = recipientHashes.map((hash) => sql<SqlBool>`recipient_hashes @> ${JSON.stringify([hash])}::jsonb`);
  return sql<SqlBool>`(${sql.join([sql<SqlBool>`owner_hash = ${ownerHash}`, ...parts], sql` or `)})`;
}
