import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Runs of the clean-up, what was done for persons who asked, and owners who were erased a moment ago (ADR 0027). */
export const retention: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('retention_run')
      .addColumn('id', 'bigserial', (column) => column.primaryKey())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('is_dry_run', 'boolean', (column) => column.notNull())
      .addColumn('by', 'text', (column) => column.notNull())
      .addColumn('instance', 'text', (column) => column.notNull())
      .addColumn('lease_until', 'timestamptz', (column) => column.notNull())
      .addColumn('started_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addColumn('ended_at', 'timestamptz')
      .addColumn('found', 'jsonb', (column) => column.notNull())
      .addCheckConstraint(
        'retention_run_state',
        sql`state in ('running', 'complete', 'unfinished', 'incomplete', 'abandoned')`,
      )
      .execute();
    // One at a time, over all instances.
    await sql`create unique index retention_run_running on retention_run ((true)) where state = 'running'`.execute(db);
    // Rows are added and settled, never removed before their time. The subject stands there as a keyed hash alone.
    await db.schema
      .createTable('person_record')
      .addColumn('id', 'bigserial', (column) => column.primaryKey())
      .addColumn('subject_hash', 'text', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('by', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addColumn('settled_at', 'timestamptz')
      .addColumn('manifest', 'jsonb')
      .addCheckConstraint('person_record_action', sql`action in ('export', 'erase')`)
      .addCheckConstraint('person_record_state', sql`state in ('begun', 'complete', 'incomplete')`)
      .execute();
    await db.schema.createIndex('person_record_subject').on('person_record').columns(['subject_hash', 'id']).execute();
    await db.schema
      .createTable('person_tombstone')
      .addColumn('owner', 'text', (column) => column.primaryKey())
      .addColumn('until', 'timestamptz', (column) => column.notNull())
      .execute();
    await lockFunction(db, true);
  },

  async down(db: Kysely<unknown>): Promise<void> {
    await lockFunction(db, false);
    for (const table of ['person_tombstone', 'person_record', 'retention_run'])
      await db.schema.dropTable(table).execute();
  },
};

/**
 * `replication_lock` of migration 0007, which besides tells of an owner who was erased a moment ago: in the round trip that a request
 * makes anyway. Such an owner without a state has a row without an origin.
 */
async function lockFunction(db: Kysely<unknown>, knowsErased: boolean): Promise<void> {
  await sql`drop function replication_lock(text, text)`.execute(db);
  const column = sql.raw(knowsErased ? ', is_erased boolean' : '');
  const value = sql.raw(knowsErased ? ', tombstone.owner is not null' : '');
  const join = sql.raw(
    knowsErased
      ? 'left join person_tombstone as tombstone on tombstone.owner = wanted_owner and tombstone.until > clock_timestamp()'
      : '',
  );
  const filter = sql.raw(
    knowsErased ? 'state.origin is not null or tombstone.owner is not null' : 'state.origin is not null',
  );
  await sql`
    create function replication_lock(wanted_collection text, wanted_owner text)
    returns table (origin text, php_version text, ticket bigint, delivered_seq bigint, age_ms double precision ${column})
    language plpgsql volatile as $$
    begin
      perform pg_advisory_xact_lock(hashtextextended('donna_replication ' || wanted_collection || ' ' || wanted_owner, 0));
      return query
        select state.origin, state.php_version, state.ticket, state.delivered_seq,
          (extract(epoch from clock_timestamp() - state.confirmed_at) * 1000)::double precision ${value}
        from (select 1) as one
        left join replication_owner as state on state.collection = wanted_collection and state.owner = wanted_owner
        ${join}
        where ${filter};
    end $$`.execute(db);
}
