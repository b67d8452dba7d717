import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * What the replication does on each request in one round trip instead of four to six. Volatile functions: under READ COMMITTED each
 * statement within them sees what was committed before it began, also what was waited for (PostgreSQL 15, 38.7).
 */
export const replicationFunctions: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create function replication_lock(wanted_collection text, wanted_owner text)
      returns table (origin text, php_version text, ticket bigint, delivered_seq bigint, age_ms double precision)
      language plpgsql volatile as $$
      begin
        perform pg_advisory_xact_lock(hashtextextended('donna_replication ' || wanted_collection || ' ' || wanted_owner, 0));
        return query
          select state.origin, state.php_version, state.ticket, state.delivered_seq,
            (extract(epoch from clock_timestamp() - state.confirmed_at) * 1000)::double precision
          from replication_owner as state
          where state.collection = wanted_collection and state.owner = wanted_owner;
      end $$`.execute(db);
    await sql`
      create function replication_confirm(
        of_collection text, of_owner text, sent_origin text, last_sent bigint, seq_before bigint,
        version_before text, version_now text, other_origin text)
      returns text
      language plpgsql volatile as $$
      declare
        known record;
      begin
        -- Lost with a crash it is found again: PHP skips what it has.
        perform set_config('synchronous_commit', 'off', true);
        select * into known from replication_lock(of_collection, of_owner);
        -- Another took it upon itself to number the changes anew.
        if known.origin is distinct from sent_origin then
          return 'renumbered';
        end if;
        if seq_before > known.delivered_seq and not exists (
          select from replication_outbox
          where collection = of_collection and owner = of_owner and seq = seq_before)
        then
          -- A number that was never given: this database was put back to an earlier state, and PHP has skipped what is new.
          update replication_owner set origin = other_origin, php_version = null, delivered_seq = 0
          where collection = of_collection and owner = of_owner;
          return 'forgotten';
        end if;
        update replication_owner set
          php_version = case when php_version in (version_before, version_now) then version_now end,
          delivered_seq = greatest(delivered_seq, last_sent)
        where collection = of_collection and owner = of_owner;
        delete from replication_outbox where collection = of_collection and owner = of_owner and seq <= last_sent;
        return 'confirmed';
      end $$`.execute(db);
  },

  async down(db: Kysely<unknown>): Promise<void> {
    await sql`drop function replication_confirm(text, text, text, bigint, bigint, text, text, text)`.execute(db);
    await sql`drop function replication_lock(text, text)`.execute(db);
  },
};
