import type { CompiledQuery } from 'kysely';
import { DryRunError } from './dry-run.error.js';

const BEFORE = String.raw`^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|;)*`;
/** Statements by which a transaction ends, or another begins. */
const ENDS = new RegExp(
  `${BEFORE}(?:begin|start|commit|end|abort|prepare\\s+transaction|rollback(?!(?:\\s+(?:work|transaction))?\\s+to\\b))\\b`,
  'i',
);
/** A lock of the session, which a roll-back does not give back. */
const SESSION_LOCK = /\bpg_(?:try_)?advisory_lock(?:_shared)?\s*\(/i;
/** Without parameters Postgres takes several statements at once, the second of which could be `commit`. */
const SEVERAL = /;\s*\S/;

/**
 * Refuses SQL that would end the transaction of a dry run, or outlive it.
 * @throws DryRunError
 */
export function refuseOwnEnd({ sql, parameters }: CompiledQuery): void {
  const why = ENDS.test(sql)
    ? 'SQL of its own may not begin or end a transaction: use transaction()'
    : SESSION_LOCK.test(sql)
      ? 'a lock of the session outlives it: take pg_advisory_xact_lock'
      : parameters.length === 0 && SEVERAL.test(sql)
        ? 'SQL without parameters may be one statement only'
        : undefined;
  if (why !== undefined) throw new DryRunError('refused', `Within a dry run ${why}`);
}
