import type { Expression, Kysely } from 'kysely';
import type { Tables } from '../database/index.js';
import { type OwnerState, stateOf, type StateRow } from './owner-states.js';

/** A query for an owner's rows: one statement. */
export type View<Row extends object> = (db: Kysely<Tables>, owner: string) => Expression<Row>;

/**
 * An owner's rows as a query finds them, and how they stood at that moment: in one statement, so that nobody comes between. It waits
 * for nobody. The rows' order is not the query's.
 */
export async function viewRows<Row extends object>(
  db: Kysely<Tables>,
  collection: string,
  owner: string,
  query: Expression<Row>,
): Promise<{ readonly state: OwnerState | undefined; readonly rows: readonly Row[] }> {
  const { sql } = await import('kysely');
  type Viewed = Row & { readonly '~found': true | null } & {
    readonly [Column in keyof StateRow as `~${Column}`]: StateRow[Column];
  };
  const { rows } = await sql<Viewed>`
    select found.*, state.origin as "~origin", state.php_version as "~php_version", state.ticket as "~ticket",
      state.delivered_seq as "~delivered_seq",
      (extract(epoch from clock_timestamp() - state.confirmed_at) * 1000)::float8 as "~age_ms"
    from (select 1) as one
    left join replication_owner as state on state.collection = ${collection} and state.owner = ${owner}
    left join (select true as "~found", viewed.* from ${query} as viewed) as found on true`.execute(db);
  const [first] = rows;
  const state =
    first?.['~origin'] == null
      ? undefined
      : stateOf({
          origin: first['~origin'],
          php_version: first['~php_version'],
          ticket: first['~ticket'],
          delivered_seq: first['~delivered_seq'],
          age_ms: first['~age_ms'],
        });
  return { state, rows: rows.filter((row) => row['~found'] === true) };
}
