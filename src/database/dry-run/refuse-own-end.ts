import type { CompiledQuery } from 'kysely';
import { DryRunError } from './dry-run.error.js';

/** Statements by which a transaction ends, or another begins. */
const ENDS =
  /^(?:begin|start|commit|end|abort|prepare\s+transaction|rollback(?!(?:\s+(?:work|transaction))?\s+to\b))\b/i;
/** A lock of the session, which a roll-back does not give back. */
const SESSION_LOCK = /\bpg_(?:try_)?advisory_lock(?:_shared)?"?\s*\(/i;
/** Without parameters Postgres takes several statements at once, the second of which could be `commit`. */
const SEVERAL = /;\s*\S/;
const BLANK = /[\s;]+|--[^\n]*/y;
const IN_COMMENT = /\/\*|\*\//g;

/**
 * Refuses SQL that would end the transaction of a dry run, or outlive it.
 * @throws DryRunError
 */
export function refuseOwnEnd({ sql, parameters }: CompiledQuery): void {
  const why = ENDS.test(sql.slice(beginOf(sql)).replace(/\/\*[\s\S]*?\*\//g, ' '))
    ? 'SQL of its own may not begin or end a transaction: use transaction()'
    : SESSION_LOCK.test(sql)
      ? 'a lock of the session outlives it: take pg_advisory_xact_lock'
      : parameters.length === 0 && SEVERAL.test(sql)
        ? 'SQL without parameters may be one statement only'
        : undefined;
  if (why !== undefined) throw new DryRunError('refused', `Within a dry run ${why}`);
}

/** Where the statement begins, behind blanks and comments, which stand in one another in Postgres. */
function beginOf(sql: string): number {
  let at = 0;
  for (;;) {
    BLANK.lastIndex = at;
    if (sql.startsWith('/*', at)) at = endOfComment(sql, at);
    else if (BLANK.test(sql)) at = BLANK.lastIndex;
    else return at;
  }
}

function endOfComment(sql: string, begin: number): number {
  let depth = 0;
  IN_COMMENT.lastIndex = begin;
  for (let mark = IN_COMMENT.exec(sql); mark !== null; mark = IN_COMMENT.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return IN_COMMENT.lastIndex;
  }
  return sql.length;
}
