import type { Kysely, Transaction } from 'kysely';
import type { Tables } from '../database/index.js';

/** A change that PHP may not have yet. */
export interface PendingChange {
  readonly seq: number;
  readonly change: object;
  readonly traceId: string;
}

export interface PendingOwner {
  readonly collection: string;
  readonly owner: string;
}

type Db = Kysely<Tables>;

/** What is added to the outbox. */
export interface NewChange {
  readonly change: object;
  readonly traceId: string;
  /** Milliseconds for which it is not the relay's. */
  readonly heldMs: number;
  /** Changes of one owner that may wait. */
  readonly maxPending: number;
}

/**
 * Adds a change in the transaction that makes it. Under the owner's lock, so that numbers are in the order of commits.
 * @returns its number, and how many wait before it; undefined when too many do
 */
export async function addChange(
  trx: Transaction<Tables>,
  { collection, owner }: PendingOwner,
  { change, traceId, heldMs, maxPending }: NewChange,
): Promise<{ readonly seq: number; readonly before: number } | undefined> {
  const { sql } = await import('kysely');
  const waiting = sql`(select count(*) from replication_outbox where collection = ${collection} and owner = ${owner})`;
  const { rows } = await sql<{ seq: string; before: string }>`
    insert into replication_outbox (collection, owner, change, trace_id, retry_at)
    select ${collection}, ${owner}, ${JSON.stringify(change)}::jsonb, ${traceId}, now() + ${heldMs} * interval '1 millisecond'
    where ${waiting} < ${maxPending}
    returning seq, ${waiting} as before`.execute(trx);
  return rows[0] === undefined ? undefined : { seq: Number(rows[0].seq), before: Number(rows[0].before) };
}

/** An owner's changes beyond a number, in order. */
export async function changesAfter(
  db: Db,
  { collection, owner }: PendingOwner,
  seq: number,
  limit: number,
): Promise<readonly PendingChange[]> {
  const rows = await db
    .selectFrom('replication_outbox')
    .select(['seq', 'change', 'trace_id'])
    .where('collection', '=', collection)
    .where('owner', '=', owner)
    .where('seq', '>', String(seq))
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ seq: Number(row.seq), change: row.change as object, traceId: row.trace_id }));
}

export async function countChanges(db: Db, { collection, owner }: PendingOwner): Promise<number> {
  const row = await db
    .selectFrom('replication_outbox')
    .select(({ fn }) => fn.countAll<string>().as('n'))
    .where('collection', '=', collection)
    .where('owner', '=', owner)
    .executeTakeFirstOrThrow();
  return Number(row.n);
}

export async function hasChange(db: Db, { collection, owner }: PendingOwner, seq: number): Promise<boolean> {
  const row = await db
    .selectFrom('replication_outbox')
    .select('seq')
    .where('collection', '=', collection)
    .where('owner', '=', owner)
    .where('seq', '=', String(seq))
    .executeTakeFirst();
  return row !== undefined;
}

/** Forgets an owner's changes up to a number: PHP has them. */
export async function forgetChanges(
  trx: Transaction<Tables>,
  { collection, owner }: PendingOwner,
  seq: number,
): Promise<void> {
  await trx
    .deleteFrom('replication_outbox')
    .where('collection', '=', collection)
    .where('owner', '=', owner)
    .where('seq', '<=', String(seq))
    .execute();
}

/**
 * Takes owners with due changes for one instance alone, until `leaseMs` have passed: another that looks meanwhile takes others.
 * Only an owner's first change is looked at, so that no later one overtakes it.
 */
export async function claimOwners(
  db: Db,
  collections: readonly string[],
  limit: number,
  leaseMs: number,
): Promise<readonly PendingOwner[]> {
  const { sql } = await import('kysely');
  const { rows } = await sql<{ collection: string; owner: string }>`
    update replication_outbox set attempts = attempts + 1, retry_at = now() + ${leaseMs} * interval '1 millisecond'
    where seq in (
      select seq from replication_outbox as first
      where retry_at <= now() and collection in (${sql.join(collections)}) and not exists (
        select from replication_outbox as earlier
        where earlier.collection = first.collection and earlier.owner = first.owner and earlier.seq < first.seq)
      order by seq limit ${limit} for update skip locked)
    returning collection, owner`.execute(db);
  return rows;
}

/** Lets an owner's first change rest: for `baseMs`, twice that after the second attempt, and so on up to `maxMs`. */
export async function postponeOwner(
  db: Db,
  { collection, owner }: PendingOwner,
  { baseMs, maxMs }: { baseMs: number; maxMs: number },
): Promise<void> {
  const { sql } = await import('kysely');
  await sql`
    update replication_outbox
    set retry_at = now() + least(${maxMs}, ${baseMs} * power(2, least(attempts, 20))) * interval '1 millisecond'
    where seq = (select min(seq) from replication_outbox where collection = ${collection} and owner = ${owner})`.execute(
    db,
  );
}

/** How much waits, and how long the oldest has. */
export async function measureOutbox(db: Db): Promise<{ pending: number; owners: number; oldestMs: number }> {
  const { sql } = await import('kysely');
  const { rows } = await sql<{ pending: string; owners: string; age: number | null }>`
    select count(*) as pending, count(distinct (collection, owner)) as owners,
      (extract(epoch from now() - min(at)) * 1000)::float8 as age
    from replication_outbox`.execute(db);
  const [row] = rows;
  return {
    pending: Number(row?.pending ?? 0),
    owners: Number(row?.owners ?? 0),
    oldestMs: Math.max(0, Math.round(row?.age ?? 0)),
  };
}
