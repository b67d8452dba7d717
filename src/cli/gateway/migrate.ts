import { setTimeout as sleep } from 'node:timers/promises';
import { type AdminCall, AdminCallError, callAdmin } from './admin-client.js';
import type { OutputOptions } from './command.js';
import type { MigrateOptions } from './commands/migrate.command.js';
import type { OperatorAccess } from './operator-access.js';
import { advanceOf, type MigrationRun, printMigration } from './print-migration.js';
import { Progress } from './progress.js';
import { printableJson } from './printable.js';
import { warn } from './tell.js';

const LOOK_EVERY_MS = 500;
/** A gateway that restarts, or an instance that is gone, may not answer for this long. */
const PATIENCE_MS = 30_000;
const EX_FAULT = 1;
const EX_INTERRUPTED = 130;

type Ask = (call: AdminCall) => Promise<unknown>;

/**
 * Starts the runs, looks on until they end, and prints what they found. Ctrl-C stops looking on: the gateway goes on.
 * @returns the exit code: 0 when all runs are complete
 * @throws AdminCallError
 */
export async function migrate(command: MigrateOptions & OutputOptions, access: OperatorAccess): Promise<number> {
  const { isJson } = command;
  // It may take longer than a token lives.
  const ask: Ask = (call) => callAdmin(access.base, access.adminToken(), call);
  const looking = new AbortController();
  const interrupt = (): void => looking.abort();
  process.once('SIGINT', interrupt);
  try {
    const ended: MigrationRun[] = [];
    for (const collection of await collectionsOf(command, ask)) {
      const run = command.isStop
        ? await stop(collection, ask)
        : await watch(await start(collection, command, ask), command, ask, looking.signal);
      if (run === undefined) return EX_INTERRUPTED;
      ended.push(run);
      if (!isJson) process.stdout.write(`${printMigration(run)}\n`);
    }
    if (isJson) process.stdout.write(`${printableJson(ended)}\n`);
    return command.isStop || ended.every(({ state }) => state === 'complete') ? 0 : EX_FAULT;
  } finally {
    process.removeListener('SIGINT', interrupt);
  }
}

async function collectionsOf({ collection }: MigrateOptions, ask: Ask): Promise<readonly string[]> {
  if (collection !== 'all') return [collection];
  const known = (await ask({ method: 'GET', path: '/migrations' })) as readonly { readonly collection: string }[];
  if (known.length === 0)
    throw new AdminCallError('No upstream of the route table has `documents`: there is no PHP data to carry', 404);
  return known.map(({ collection: name }) => name);
}

async function start(collection: string, command: MigrateOptions, ask: Ask): Promise<MigrationRun> {
  const begun = (await ask({
    method: 'POST',
    path: `/migrations/${collection}`,
    body: {
      direction: command.isBack ? 'back' : 'forward',
      dryRun: command.isDryRun,
      verifyOnly: command.isVerifyOnly,
    },
  })) as MigrationRun & { readonly isJoined: boolean; readonly isResumed: boolean };
  if (begun.isJoined) warn(`${collection}: such a run is under way already, by ${begun.startedBy}: looking on`);
  if (begun.isResumed) warn(`${collection}: going on where the run of ${begun.startedAt} was`);
  return begun;
}

async function stop(collection: string, ask: Ask): Promise<MigrationRun> {
  let run = (await ask({ method: 'DELETE', path: `/migrations/${collection}` })) as MigrationRun;
  for (const until = Date.now() + PATIENCE_MS; run.state === 'running' && Date.now() < until;) {
    await sleep(LOOK_EVERY_MS);
    run = await find(run, ask);
  }
  return run;
}

/** @returns undefined when interrupted */
async function watch(
  begun: MigrationRun,
  command: MigrateOptions & OutputOptions,
  ask: Ask,
  signal: AbortSignal,
): Promise<MigrationRun | undefined> {
  const progress = new Progress(command.isJson);
  try {
    return await lookOn(begun, { command, ask, signal, progress });
  } finally {
    progress.end();
  }
}

async function lookOn(
  begun: MigrationRun,
  {
    command,
    ask,
    signal,
    progress,
  }: {
    readonly command: MigrateOptions;
    readonly ask: Ask;
    readonly signal: AbortSignal;
    readonly progress: Progress;
  },
): Promise<MigrationRun | undefined> {
  let run = begun;
  let answeredAt = performance.now();
  while (run.state === 'running') {
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) {
      progress.end();
      warn(`${run.collection}: the run goes on in the gateway. The same command looks on; with --stop it ends.`);
      return undefined;
    }
    try {
      run = await find(run, ask);
      if (run.isOrphaned) {
        progress.end();
        warn(`${run.collection}: the process that ran it is not heard of any more`);
        run = await start(run.collection, command, ask);
      }
      answeredAt = performance.now();
    } catch (error) {
      const isAway = error instanceof AdminCallError && (error.status === 0 || error.status >= 500);
      if (!isAway || performance.now() - answeredAt > PATIENCE_MS) throw error;
    }
    progress.show(advanceOf(run));
  }
  return run;
}

async function find({ collection, id }: MigrationRun, ask: Ask): Promise<MigrationRun> {
  return (await ask({ method: 'GET', path: `/migrations/${collection}/${id}` })) as MigrationRun;
}
