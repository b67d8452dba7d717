import type { TraceRow, TraceView } from '../../admin/index.js';
import { callAdmin } from './admin-client.js';
import type { OutputOptions } from './command.js';
import type { OperatorAccess } from './operator-access.js';
import { printTrace, printTraces } from './print-trace.js';
import { tellAnswer, warn } from './tell.js';

const COLUMNS = 120;

/** Prints a request's way, or the last requests. @returns the exit code @throws AdminCallError */
export async function showTrace(
  { traceId, isJson }: OutputOptions & { readonly traceId: string | undefined },
  { base, adminToken }: OperatorAccess,
): Promise<number> {
  const path = traceId === undefined ? '/traces' : `/traces/${traceId}`;
  const data = await callAdmin(base, adminToken(), { method: 'GET', path }, warn);
  // Without a terminal it has no width.
  const columns = process.stdout.isTTY ? process.stdout.columns : COLUMNS;
  return tellAnswer(data, { isJson, base }, () =>
    traceId === undefined ? printTraces(data as readonly TraceRow[]) : printTrace(data as TraceView, columns),
  );
}
