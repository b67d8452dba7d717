import { callAdmin } from './admin-client.js';
import type { OutputOptions } from './command.js';
import type { OperatorAccess } from './operator-access.js';
import { Progress } from './progress.js';
import { printable, printableJson } from './printable.js';

const EX_FAULT = 1;
/** A run works for half a minute; what is left is another's. */
const MAX_RUNS = 200;

export interface CleanupOptions extends OutputOptions {
  readonly isDryRun: boolean;
  readonly isVerbose: boolean;
  readonly isStatus: boolean;
}

interface Run {
  readonly id: string;
  readonly state: string;
  readonly isDryRun: boolean;
  readonly by: string;
  readonly startedAt: string;
  readonly found: { readonly counts: Readonly<Record<string, number>>; readonly faults: readonly string[] };
}

interface Status {
  readonly isScheduled: boolean;
  readonly keepMs: Readonly<Record<string, number>>;
  readonly runs: readonly Run[];
}

/** Runs the native clean-up until it is done, and prints what went. @returns the exit code @throws AdminCallError */
export async function cleanup(options: CleanupOptions, access: OperatorAccess): Promise<number> {
  if (options.isStatus) {
    const status = (await callAdmin(access.base, access.adminToken(), { method: 'GET', path: '/retention' })) as Status;
    return say(options.isJson ? printableJson(status) : printStatus(status), 0);
  }
  const counts: Record<string, number> = {};
  const faults = new Set<string>();
  const items: string[] = [];
  let state = 'unfinished';
  const progress = new Progress(options.isJson);
  const work = async (): Promise<void> => {
    for (let round = 0; round < MAX_RUNS && state === 'unfinished'; round++) {
      const { run, items: gone } = (await callAdmin(access.base, access.adminToken(), {
        method: 'POST',
        path: '/retention',
        body: { dryRun: options.isDryRun },
      })) as { readonly run: Run; readonly items: readonly string[] };
      ({ state } = run);
      for (const [kind, count] of Object.entries(run.found.counts)) counts[kind] = (counts[kind] ?? 0) + count;
      for (const fault of run.found.faults) faults.add(fault);
      items.push(...gone);
      // A dry run that is cut would begin at the same place again.
      if (options.isDryRun) break;
      progress.show({ label: 'cleanup', done: sumOf(counts), unit: 'removed' });
    }
  };
  await work().finally(() => progress.end());
  const result = {
    dryRun: options.isDryRun,
    state,
    counts,
    faults: [...faults],
    ...(options.isVerbose ? { items } : {}),
  };
  const code = state === 'complete' ? 0 : EX_FAULT;
  if (options.isJson) return say(printableJson(result), code);
  const lines = [
    ...(options.isVerbose ? items : []),
    `${options.isDryRun ? 'Would go' : 'Removed'}${state === 'complete' ? '' : ` (${state})`}:`,
    ...Object.entries(counts).map(([kind, count]) => `  ${kind.padEnd(20)} ${String(count).padStart(6)}`),
    ...[...faults].map((fault) => `  left alone: ${fault}`),
  ];
  return say(lines.map(printable).join('\n'), code);
}

function printStatus({ isScheduled, keepMs, runs }: Status): string {
  return [
    isScheduled
      ? 'Runs by itself (RETENTION_INTERVAL_MIN).'
      : 'Runs when it is told to (RETENTION_INTERVAL_MIN is not set).',
    ...Object.entries(keepMs).map(([kind, ms]) => `  ${kind.padEnd(20)} ${spell(ms)}`),
    ...runs.map(
      ({ startedAt, state, isDryRun, by, found }) =>
        `${startedAt}  ${state}${isDryRun ? ', dry run' : ''}  by ${by}  ${sumOf(found.counts)} removed`,
    ),
  ]
    .map(printable)
    .join('\n');
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((a, b) => a + b, 0);
}

function spell(ms: number): string {
  if (ms % 86_400_000 === 0) return `${ms / 86_400_000} d`;
  return ms % 3_600_000 === 0 ? `${ms / 3_600_000} h` : `${ms / 60_000} min`;
}

function say(text: string, code: number): number {
  process.stdout.write(`${text}\n`);
  return code;
}
