import type { Kysely, Transaction } from 'kysely';
import { randomBytes } from 'node:crypto';
import type { Tables } from '../database/index.js';

/** How an owner's rows stand to PHP's document. */
export interface OwnerState {
  readonly origin: string;
  /** The version that the rows stand on, together with the outbox; undefined when that must be asked. */
  readonly version: string | undefined;
  /** Milliseconds since the question whose answer is in the rows; undefined when PHP was never asked. */
  readonly confirmedAgeMs: number | undefined;
  readonly ticket: number;
  readonly deliveredSeq: number;
}

/** Where a question to PHP stands among all questions and changes, and what was known when it was asked. */
export interface Ticket {
  readonly number: number;
  readonly askedAt: Date;
  readonly version: string | undefined;
  readonly deliveredSeq: number;
}

/** Waits until nobody else works on the owner's rows, and tells how they stand; the transaction's end lets the next one in. */
export async function lockOwner(
  trx: Transaction<Tables>,
  collection: string,
  owner: string,
): Promise<OwnerState | undefined> {
  // Not at the start of every gateway: loading it takes a quarter of a second.
  const { sql } = await import('kysely');
  const { rows } = await sql<LockRow>`select * from replication_lock(${collection}, ${owner})`.execute(trx);
  const [row] = rows;
  return row === undefined || row.origin === null ? undefined : stateOf({ ...row, origin: row.origin });
}

/** The same for who is about to read or write data: an owner who was erased a moment ago has none, and may not get any. */
export async function lockLivingOwner(
  trx: Transaction<Tables>,
  collection: string,
  owner: string,
): Promise<OwnerState | 'erased' | undefined> {
  const { sql } = await import('kysely');
  const { rows } = await sql<LockRow>`select * from replication_lock(${collection}, ${owner})`.execute(trx);
  const [row] = rows;
  if (row?.is_erased === true) return 'erased';
  return row === undefined || row.origin === null ? undefined : stateOf({ ...row, origin: row.origin });
}

/** An owner who was erased a moment ago and has no state: without an origin. */
type LockRow = Omit<StateRow, 'origin'> & { readonly origin: string | null; readonly is_erased: boolean };

/** Draws a number before PHP is asked: of two answers the one with the higher number was not asked for earlier. */
export async function drawTicket(db: Kysely<Tables>, collection: string, owner: string): Promise<Ticket> {
  const { sql } = await import('kysely');
  const { rows } = await sql<{
    number: string;
    asked_at: Date;
    php_version: string | null;
    delivered_seq: string | null;
  }>`
    select nextval(pg_get_serial_sequence('replication_outbox', 'seq')) as number, clock_timestamp() as asked_at,
      php_version, delivered_seq
    from (select 1) as one
    left join replication_owner on collection = ${collection} and owner = ${owner}`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('no row of a query that always has one');
  return {
    number: Number(row.number),
    askedAt: row.asked_at,
    version: row.php_version ?? undefined,
    deliveredSeq: Number(row.delivered_seq ?? 0),
  };
}

export async function findState(
  db: Kysely<Tables>,
  collection: string,
  owner: string,
): Promise<OwnerState | undefined> {
  const { sql } = await import('kysely');
  const row = await db
    .selectFrom('replication_owner')
    .select(['origin', 'php_version', 'ticket', 'delivered_seq'])
    .select(sql<number | null>`(extract(epoch from clock_timestamp() - confirmed_at) * 1000)::float8`.as('age_ms'))
    .where('collection', '=', collection)
    .where('owner', '=', owner)
    .executeTakeFirst();
  return row === undefined ? undefined : stateOf(row);
}

/** How an owner stands, as the database tells it. */
export interface StateRow {
  readonly origin: string;
  readonly php_version: string | null;
  readonly ticket: string;
  readonly delivered_seq: string;
  readonly age_ms: number | null;
}

export function stateOf(row: StateRow): OwnerState {
  return {
    origin: row.origin,
    version: row.php_version ?? undefined,
    confirmedAgeMs: row.age_ms ?? undefined,
    ticket: Number(row.ticket),
    deliveredSeq: Number(row.delivered_seq),
  };
}

/** What may be noted of an owner. */
export interface StateChange {
  readonly origin: string;
  readonly version: string | undefined;
  readonly deliveredSeq: number;
  /** The question whose answer is in the rows now; left out: none. */
  readonly confirmedBy?: Pick<Ticket, 'number' | 'askedAt'>;
}

/** Notes how the owner stands now; under `lockOwner` only. */
export async function saveState(
  trx: Transaction<Tables>,
  collection: string,
  owner: string,
  { origin, version, deliveredSeq, confirmedBy }: StateChange,
): Promise<void> {
  const row = {
    origin,
    php_version: version ?? null,
    delivered_seq: deliveredSeq,
    ...(confirmedBy === undefined ? {} : { ticket: confirmedBy.number, confirmed_at: confirmedBy.askedAt }),
  };
  await trx
    .insertInto('replication_owner')
    .values({ collection, owner, ticket: 0, confirmed_at: null, ...row })
    .onConflict((conflict) => conflict.columns(['collection', 'owner']).doUpdateSet(row))
    .execute();
}

/** What PHP said to changes that were sent with numbers of this origin. */
export interface Delivery {
  readonly origin: string;
  readonly lastSeq: number;
  readonly previousSeq: number;
  readonly previousVersion: string;
  readonly version: string;
}

/**
 * Notes under the owner's lock that PHP has changes: they leave the outbox, and the rows stand on PHP's new document if they stood on
 * the one before. `renumbered`: the changes were given other numbers meanwhile; `forgotten`: PHP has a number that was never given here,
 * and the changes are given others.
 */
export async function confirmDelivery(
  db: Kysely<Tables>,
  collection: string,
  owner: string,
  { origin, lastSeq, previousSeq, previousVersion, version }: Delivery,
): Promise<'confirmed' | 'renumbered' | 'forgotten'> {
  const { sql } = await import('kysely');
  const { rows } = await sql<{ outcome: 'confirmed' | 'renumbered' | 'forgotten' }>`
    select replication_confirm(${collection}, ${owner}, ${origin}, ${lastSeq}, ${previousSeq}, ${previousVersion}, ${version},
      ${makeOrigin()}) as outcome`.execute(db);
  return rows[0]?.outcome ?? 'renumbered';
}

export function makeOrigin(): string {
  return randomBytes(16).toString('hex');
}
