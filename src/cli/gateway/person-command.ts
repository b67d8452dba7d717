import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { callAdmin } from './admin-client.js';
import type { OutputOptions } from './command.js';
import type { PersonTask } from './commands/person.command.js';
import { type OperatorAccess, UsageError } from './operator-access.js';
import { type Advance, Progress } from './progress.js';
import { printable, printableJson } from './printable.js';

const EX_FAULT = 1;

export interface PersonOptions extends OutputOptions {
  readonly task: PersonTask;
  readonly subject: string;
  readonly email: string | undefined;
}

interface Facts {
  readonly count: number;
}

interface Inventory {
  readonly php: Readonly<Record<string, Facts>> | null;
  readonly gateway: Readonly<Record<string, Facts>>;
}

interface Report {
  readonly record: string;
  readonly manifest: { readonly before: Inventory; readonly after: Inventory; readonly isComplete: boolean };
  readonly signature: string;
}

interface Page {
  readonly items: readonly unknown[];
  readonly next?: string;
}

type Ask = (path: string, body: object) => Promise<unknown>;

/** Exports or erases a person's data. @returns the exit code @throws AdminCallError, UsageError */
export async function person(options: PersonOptions, access: OperatorAccess): Promise<number> {
  const { task, subject, email, isJson } = options;
  const who = { subject, ...(email === undefined ? {} : { email }) };
  const ask: Ask = (path, body) =>
    callAdmin(access.base, access.adminToken(), {
      method: 'POST',
      path: `/persons/${path}`,
      body: { ...who, ...body },
    });
  if (task.kind === 'export') return exportTo(task.out, subject, ask, isJson);
  const { reason, withAccount, isDryRun } = task;
  if (isDryRun) {
    const { before } = (await ask('erase', { dryRun: true })) as { readonly before: Inventory };
    return say(isJson ? printableJson(before) : `Would be erased:\n${printInventory(before)}`, 0);
  }
  const report = (await ask('erase', { reason, account: withAccount })) as Report;
  const { before, after, isComplete } = report.manifest;
  const code = isComplete ? 0 : EX_FAULT;
  if (isJson) return say(printableJson(report), code);
  const end = isComplete
    ? 'Both stores were looked at anew: nothing is left.'
    : `Left, or come anew meanwhile; do it again:\n${printInventory(after)}`;
  return say(
    `Erased (record ${report.record}, signature ${report.signature}):\n${printInventory(before)}\n${end}`,
    code,
  );
}

async function exportTo(out: string, subject: string, ask: Ask, isJson: boolean): Promise<number> {
  // Before anything is asked for: an export that cannot be kept is not to be noted as one.
  const file = makeFile(out);
  let isWritten = false;
  const progress = new Progress(isJson);
  try {
    const begun = (await ask('export', {})) as { readonly record: string; readonly parts: Inventory };
    const parts: Record<string, { readonly count: number; readonly bytes: number; readonly sha256: string }> = {};
    const texts: string[] = [];
    const total = countOf(begun.parts.php) + countOf(begun.parts.gateway);
    let done = 0;
    for (const [store, names] of Object.entries(begun.parts) as [string, Inventory['php']][]) {
      for (const part of Object.keys(names ?? {})) {
        const advance: Advance = { label: 'export', done, total, unit: 'items', note: `${store}.${part}` };
        const items = await readWhole(ask, { store, part }, (read) => progress.show({ ...advance, done: done + read }));
        done += items.length;
        const text = JSON.stringify(items);
        const sha256 = createHash('sha256').update(text).digest('hex');
        parts[`${store}.${part}`] = { count: items.length, bytes: Buffer.byteLength(text), sha256 };
        texts.push(`${JSON.stringify(`${store}.${part}`)}:${text}`);
      }
    }
    const manifest = { version: 1, subject, record: begun.record, exportedAt: new Date().toISOString(), parts };
    writeAll(file, `{"manifest":${JSON.stringify(manifest)},\n"parts":{\n${texts.join(',\n')}\n}}\n`);
    isWritten = true;
    progress.end();
    const lines = Object.entries(parts).map(
      ([name, { count, sha256 }]) => `  ${name.padEnd(28)} ${String(count).padStart(6)}  ${sha256}`,
    );
    return say(isJson ? printableJson(manifest) : [`Exported to ${out}:`, ...lines].map(printable).join('\n'), 0);
  } finally {
    progress.end();
    closeSync(file);
    if (!isWritten) rmSync(out, { force: true });
  }
}

/** All pages of a part. */
async function readWhole(ask: Ask, which: object, onPage: (read: number) => void): Promise<readonly unknown[]> {
  const items: unknown[] = [];
  let after: string | undefined;
  do {
    const page = (await ask('export', { ...which, ...(after === undefined ? {} : { after }) })) as Page;
    for (const item of page.items) items.push(item);
    onPage(items.length);
    after = page.next;
  } while (after !== undefined);
  return items;
}

function countOf(parts: Readonly<Record<string, Facts>> | null): number {
  return Object.values(parts ?? {}).reduce((sum, { count }) => sum + count, 0);
}

/** For who runs this alone. @throws UsageError */
function makeFile(out: string): number {
  try {
    return openSync(out, 'wx', 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `--out ${out} cannot be made (${code === 'EEXIST' ? 'it is there already' : (code ?? 'unknown')})`,
    );
  }
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.byteLength;) at += writeSync(file, bytes, at);
  fsyncSync(file);
}

function printInventory({ php, gateway }: Inventory): string {
  const lines = (store: string, parts: Readonly<Record<string, Facts>>): readonly string[] =>
    Object.entries(parts).map(([name, { count }]) => `  ${`${store}.${name}`.padEnd(28)} ${String(count).padStart(6)}`);
  return [
    ...(php === null ? ['  no PHP application keeps data for this gateway'] : lines('php', php)),
    ...lines('gateway', gateway),
  ]
    .map(printable)
    .join('\n');
}

function say(text: string, code: number): number {
  process.stdout.write(`${text}\n`);
  return code;
}
