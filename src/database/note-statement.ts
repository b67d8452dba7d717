import type { LogEvent, OperationNode, RootOperationNode } from 'kysely';
import { codeOfWord, timelineHere } from '../trace/index.js';

/** Statements that are written as text begin with one of these, or are not told apart. */
const KINDS = /^\s*(select|insert|update|delete|with|begin|commit|rollback|savepoint|release|listen|set)\b/i;
const FAILED = codeOfWord('failed');

/** Notes an ended statement in the timeline of the request that asked for it: its kind and its table, never its text or values. */
export function noteStatement({ query, queryDurationMillis, level }: LogEvent): void {
  const timeline = timelineHere();
  if (timeline === undefined) return;
  const to = timeline.now();
  const word = codeOfWord(`database: ${namedBy(query.query, query.sql)}`);
  timeline.add(word, 1, to - queryDurationMillis, to, level === 'error' ? FAILED : 0);
}

function namedBy(node: RootOperationNode, sql: string): string {
  switch (node.kind) {
    case 'SelectQueryNode':
      return withTable('select', node.from?.froms[0]);
    case 'InsertQueryNode':
      return withTable('insert', node.into);
    case 'UpdateQueryNode':
      return withTable('update', node.table);
    case 'DeleteQueryNode':
      return withTable('delete', node.from.froms[0]);
    default:
      return KINDS.exec(sql)?.[1]?.toLowerCase() ?? 'statement';
  }
}

/** Tables of this program have names of its own; what stands in a table's stead (a sub-query, text) is not looked into. */
function withTable(kind: string, from: OperationNode | undefined): string {
  const node = from?.kind === 'AliasNode' ? (from as unknown as { readonly node: OperationNode }).node : from;
  if (node?.kind !== 'TableNode') return kind;
  const { table } = node as unknown as { readonly table: { readonly identifier: { readonly name: string } } };
  return `${kind} ${table.identifier.name}`;
}
