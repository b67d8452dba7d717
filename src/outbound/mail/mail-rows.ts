import { type Kysely, type RawBuilder, sql } from 'kysely';
import { randomUUID } from 'node:crypto';
import type { Tables } from '../../database/index.js';
import type { ClaimedMail, KeptMail, MailStats, NewMail } from './mail.store.js';
import type { SmtpOutcome } from './smtp-outcome.js';

/** The rows of the queue of mail. Times are the database's, so that instances agree. Loaded by who has a database already. */
export class MailRows {
  constructor(private readonly db: Kysely<Tables>) {}

  /**
   * Keeps a mail, unless its caller's key is known: then the one that was kept first.
   * @returns undefined when `maxWaiting` mails wait already
   */
  async add(mail: NewMail, maxWaiting: number): Promise<KeptMail | undefined> {
    const known = await this.db
      .selectFrom('mail')
      .select(['message_id as messageId', 'content_hash as contentHash'])
      .where('caller', '=', mail.caller)
      .where('idempotency_key', '=', mail.key)
      .executeTakeFirst();
    if (known !== undefined) return known;
    const waiting = await sql<{ waiting: number }>`
      select count(*)::int as waiting from (select 1 from mail where state = 'queued' limit ${maxWaiting}) as waiting_mail`.execute(
      this.db,
    );
    if ((waiting.rows[0]?.waiting ?? 0) >= maxWaiting) return undefined;
    const added = await this.db
      .insertInto('mail')
      .values({
        id: mail.id,
        caller: mail.caller,
        idempotency_key: mail.key,
        content_hash: mail.contentHash,
        message_id: mail.messageId,
        owner_hash: mail.ownerHash ?? null,
        recipient_hashes: JSON.stringify(mail.recipientHashes),
        recipients: JSON.stringify(mail.recipients),
        refused: '[]',
        content: mail.content,
        bytes: Buffer.byteLength(mail.content),
        state: 'queued',
        trace_id: mail.traceId ?? null,
      })
      .onConflict((conflict) => conflict.columns(['caller', 'idempotency_key']).doNothing())
      .returning(['message_id as messageId', 'content_hash as contentHash'])
      .executeTakeFirst();
    // Another came first with the same key, meanwhile.
    return added ?? this.add(mail, maxWaiting);
  }

  /** Takes the mail that is due for longest, for `leaseMs`: afterwards it is anybody's again. No two callers get the same one. */
  async claim(leaseMs: number): Promise<ClaimedMail | undefined> {
    const claim = randomUUID();
    const { rows } = await sql<Omit<ClaimedMail, 'claim' | 'traceId'> & { readonly traceId: string | null }>`
      update mail set claim = ${claim}, attempts = attempts + 1, due_at = ${inMs(leaseMs)}
      where id = (select id from mail where state = 'queued' and due_at <= now() order by due_at limit 1 for update skip locked)
      returning id, message_id as "messageId", recipients, refused, content, attempts, accepted_at as "acceptedAt",
        (extract(epoch from now() - accepted_at) * 1000)::float8 as "ageMs", trace_id as "traceId"`.execute(this.db);
    const [row] = rows;
    return row === undefined ? undefined : { ...row, claim, traceId: row.traceId ?? undefined };
  }

  /** All have it: what it said and whom it was for are gone with this. */
  async settleSent({ id, claim }: ClaimedMail): Promise<void> {
    await this.db
      .updateTable('mail')
      .set({
        state: 'sent',
        content: null,
        recipients: null,
        refused: null,
        claim: null,
        fault: null,
        settled_at: sql<Date>`now()`,
      })
      .where('id', '=', id)
      .where('claim', '=', claim)
      .execute();
  }

  /** Some have not got it: tried again in `retryMs`; a dead letter where that is undefined. */
  async settleFailed(
    { id, claim }: ClaimedMail,
    { left, refused, fault }: SmtpOutcome,
    retryMs: number | undefined,
  ): Promise<void> {
    await this.db
      .updateTable('mail')
      .set({
        recipients: JSON.stringify(left),
        refused: JSON.stringify(refused),
        claim: null,
        fault: fault ?? null,
        ...(retryMs === undefined ? { state: 'dead', settled_at: sql<Date>`now()` } : { due_at: inMs(retryMs) }),
      })
      .where('id', '=', id)
      .where('claim', '=', claim)
      .execute();
  }

  async stats(): Promise<MailStats> {
    const { rows } = await sql<{ queued: number; dead: number; oldestMs: number | null; nextMs: number | null }>`
      select count(*) filter (where state = 'queued')::int as queued, count(*) filter (where state = 'dead')::int as dead,
        (extract(epoch from now() - min(accepted_at) filter (where state = 'queued')) * 1000)::float8 as "oldestMs",
        (extract(epoch from min(due_at) filter (where state = 'queued') - now()) * 1000)::float8 as "nextMs"
      from mail where state <> 'sent'`.execute(this.db);
    const { queued = 0, dead = 0, oldestMs, nextMs } = rows[0] ?? {};
    return {
      queued,
      dead,
      oldestMs: Math.max(0, oldestMs ?? 0),
      nextMs: nextMs === null || nextMs === undefined ? undefined : Math.max(0, nextMs),
    };
  }

  /** Forgets what was sent or has died longer ago than that. @returns how many */
  async prune(sentKeptMs: number, deadKeptMs: number): Promise<number> {
    const { numAffectedRows } = await sql`
      delete from mail where (state = 'sent' and settled_at <= ${inMs(-sentKeptMs)}) or (state = 'dead' and settled_at <= ${inMs(-deadKeptMs)})`.execute(
      this.db,
    );
    return Number(numAffectedRows ?? 0);
  }
}

function inMs(ms: number): RawBuilder<Date> {
  return sql<Date>`now() + ${ms}::float8 * interval '1 millisecond'`;
}
