import type { Transaction } from 'kysely';
import type { Tables } from '../database/index.js';

/** Minutes for which nothing of an erased owner is written, as in PHP (Storage\ErasedOwners): longer than anything under way takes. */
const MINUTES = 10;

/**
 * Puts up an owner's tombstone, in a transaction of its own, which must be committed before anything is removed: who writes asks for
 * it under a lock that is waited for here.
 */
export async function raiseTombstone(trx: Transaction<Tables>, owner: string): Promise<void> {
  const { sql } = await import('kysely');
  // Those who have asked already and not written yet.
  await sql`select pg_advisory_xact_lock(hashtextextended('donna_persons', 0))`.execute(trx);
  await sql`
    insert into person_tombstone (owner, until) values (${owner}, now() + ${MINUTES} * interval '1 minute')
    on conflict (owner) do update set until = excluded.until`.execute(trx);
}

/** Those of some owners who were not erased a moment ago; that holds until the transaction ends. For rows without an owner's lock. */
export async function livingAmong(trx: Transaction<Tables>, owners: readonly string[]): Promise<ReadonlySet<string>> {
  const { sql } = await import('kysely');
  await sql`select pg_advisory_xact_lock_shared(hashtextextended('donna_persons', 0))`.execute(trx);
  const living = new Set(owners);
  if (living.size === 0) return living;
  const { rows } = await sql<{ owner: string }>`
    select owner from person_tombstone where until > clock_timestamp() and owner in (${sql.join([...living])})`.execute(
    trx,
  );
  for (const { owner } of rows) living.delete(owner);
  return living;
}
