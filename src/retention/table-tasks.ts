import type { RawBuilder } from 'kysely';
import type { RetentionKind } from './retention-policy.js';
import type { RetentionTask, RetentionWork } from './retention-task.js';

/** Rows of one statement. */
const BATCH = 5000;
const MAX_BATCHES = 200;

/** Rows of one table that go by their age. */
interface AgedRows {
  readonly kind: RetentionKind;
  readonly table: string;
  /** SQL over the table's columns; `$before` is the moment. Written here, never made of input. */
  readonly isOld: string;
}

const AGED: readonly AgedRows[] = [
  { kind: 'experimentSamples', table: 'experiment_sample', isOld: 'at < $before' },
  // Counts of an instance that has not written for so long: of a stage that is over.
  { kind: 'experimentEvidence', table: 'experiment_evidence', isOld: 'updated_at < $before' },
  { kind: 'experimentEvidence', table: 'experiment_decision', isOld: 'at < $before' },
  { kind: 'voiceEvents', table: 'voice_event', isOld: 'recorded_at < $before' },
  { kind: 'migrationRuns', table: 'migration_run', isOld: "state <> 'running' and updated_at < $before" },
  { kind: 'sentMail', table: 'mail', isOld: "state in ('sent', 'dead') and settled_at < $before" },
  { kind: 'sentMail', table: 'mail_audit', isOld: 'at < $before' },
  { kind: 'retentionRuns', table: 'retention_run', isOld: "state <> 'running' and started_at < $before" },
  { kind: 'erasureRecords', table: 'person_record', isOld: 'at < $before' },
  { kind: 'tempFiles', table: 'person_tombstone', isOld: 'until < $before' },
  // How rows stood to PHP's document, where there are none any more and nothing waits: the next use begins anew.
  {
    kind: 'replicationStates',
    table: 'replication_owner',
    isOld: `coalesce(confirmed_at, 'epoch') < $before
      and not exists (select from replication_outbox as o where o.collection = replication_owner.collection and o.owner = replication_owner.owner)
      and not exists (select from conversation as c where c.owner = replication_owner.owner)
      and not exists (select from chatbot_setting as s where s.owner = replication_owner.owner)`,
  },
];

/** Rows that nobody works with any more, of the gateway's own tables. */
export const TABLE_TASKS: readonly RetentionTask[] = AGED.map((aged) => ({
  kind: aged.kind,
  run: (work) => removeAged(aged, work),
}));

async function removeAged(
  { table, isOld }: AgedRows,
  { database, before, isDryRun, isLate }: RetentionWork,
): Promise<{ readonly removed: number }> {
  const { sql } = await import('kysely');
  const db = await database.db();
  const [head = '', ...rest] = isOld.split('$before');
  const condition = rest.reduce<RawBuilder<unknown>>(
    (made, text) => sql`${made}${before}${sql.raw(text)}`,
    sql.raw(head),
  );
  if (isDryRun) {
    const { rows } = await sql<{ n: string }>`select count(*) as n from ${sql.table(table)} where ${condition}`.execute(
      db,
    );
    return { removed: Number(rows[0]?.n ?? 0) };
  }
  let removed = 0;
  for (let batch = 0; batch < MAX_BATCHES && !isLate(); batch++) {
    const { numAffectedRows } = await sql`
      delete from ${sql.table(table)} where ctid = any (array(
        select ctid from ${sql.table(table)} where ${condition} limit ${BATCH} for update skip locked))`.execute(db);
    removed += Number(numAffectedRows ?? 0);
    if (Number(numAffectedRows ?? 0) < BATCH) break;
  }
  return { removed };
}
