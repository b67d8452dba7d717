/**
 * The thread in which the embedded Postgres lives. Node runs this file as it stands (type stripping), also from the sources
 * under Jest: so erasable syntax only, and what stands beside it is imported by its extension.
 */
import { messages, PGlite, protocol } from '@electric-sql/pglite';
import { createHash, randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type * as FlushedFilesModule from './flushed-files.worker.js';
import type {
  SaidByPostgres,
  StatementCall,
  ThreadCall,
  ThreadMessage,
  ThreadPlan,
  WrittenRows,
} from './pglite-messages.js';

/** PGlite runs Postgres without `fsync`. */
const WITHOUT_FSYNC = '-F';
/**
 * Postgres's cache of pages: its default of 128 MiB is resident from the start, for databases of a few MiB. Of its ways to flush, the
 * default one does nothing here.
 */
const SETTINGS = [
  ...PGlite.defaultStartParams.filter((setting) => setting !== WITHOUT_FSYNC),
  ...['shared_buffers=32MB', 'wal_sync_method=fsync'].flatMap((setting) => ['-c', setting]),
];
/** Pages of 64 KiB that the engine's memory may grow to: 768 MiB; beyond it Postgres says "out of memory", and goes on. */
const MAX_MEMORY_PAGES = 12_288;
/** Bytes of a result. A larger one would fill the memory of the process, and end it. */
const MAX_RESULT_BYTES = 32 * 1024 * 1024;
/** Values that are sent at once: the gateway reads them in a few milliseconds. */
const VALUES_AT_ONCE = 5000;
/** Milliseconds after which what a killed process left of a template may be removed. */
const LEFTOVER_AFTER_MS = 600_000;
/** PGlite's POSTGRES_MAIN_LONGJMP: how the engine leaves a statement that has failed. */
const AN_ERROR_WAS_TOLD = 100;
const PROGRAM_LIMIT_EXCEEDED = '54000';
const ERROR_FIELDS =
  'severity detail hint position internalPosition internalQuery where schema table column dataType constraint file line routine'.split(
    ' ',
  );

/** In pages. */
interface MemorySize {
  readonly initial: number;
  readonly maximum?: number;
}

const { folder, template } = workerData as ThreadPlan;
/** By this file's own extension: `.ts` where the sources are run as they stand. */
const files = new URL(
  `./flushed-files.worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
  import.meta.url,
);
const { FlushedFiles, flushFolder, flushPath } = (await import(files.href)) as typeof FlushedFilesModule;

function tell(message: ThreadMessage): void {
  parentPort?.postMessage(message, []);
}

/** PGlite lets its memory grow to 2 GiB, and has no setting for it. This thread has no other WebAssembly. */
function boundMemory(): void {
  const Memory = Reflect.get(WebAssembly, 'Memory') as new (size: MemorySize) => object;
  class BoundedMemory extends Memory {
    constructor({ initial, maximum = MAX_MEMORY_PAGES }: MemorySize) {
      super({ initial, maximum: Math.min(maximum, MAX_MEMORY_PAGES) });
    }
  }
  Reflect.set(WebAssembly, 'Memory', BoundedMemory);
}

/**
 * Copies a folder, readable for this user alone.
 * @returns a digest of all names and contents
 */
function copyFolder(from: string, to: string): string {
  const hash = createHash('sha256');
  mkdirSync(to, { recursive: true, mode: 0o700 });
  const paths = readdirSync(from, { recursive: true, withFileTypes: true }).map((entry) => ({
    isFolder: entry.isDirectory(),
    path: relative(from, join(entry.parentPath, entry.name)),
  }));
  for (const { path, isFolder } of paths.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    hash.update(`${path}\0`);
    if (isFolder) {
      mkdirSync(join(to, path), { mode: 0o700 });
      continue;
    }
    const bytes = readFileSync(join(from, path));
    hash.update(`${bytes.length}\0`).update(bytes);
    writeFileSync(join(to, path), bytes, { mode: 0o600 });
  }
  return hash.digest('hex');
}

/** False: there is no template, or it is not what was kept; such a one is removed. */
function copyTemplate(from: string, to: string): boolean {
  if (!existsSync(from)) return false;
  try {
    if (copyFolder(join(from, 'data'), to) === readFileSync(join(from, 'sha256'), 'utf8')) return true;
  } catch {
    // Another process may be removing it just now.
  }
  removeIfAllowed(from);
  rmSync(to, { recursive: true, force: true });
  return false;
}

/** Keeps a template for the next new database, if it can: whole under its name, or not at all. */
function keepTemplate(from: string, to: string): void {
  const draft = `${to}.${randomUUID()}`;
  try {
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    writeFileSync(join(draft, 'sha256'), copyFolder(from, join(draft, 'data')));
    for (const name of readdirSync(dirname(to))) {
      const other = join(dirname(to), name);
      if (other !== to && Date.now() - statSync(other).mtimeMs > LEFTOVER_AFTER_MS) rmSync(other, { recursive: true });
    }
    renameSync(draft, to);
  } catch {
    // Another process was quicker, or the folder cannot be written to.
    removeIfAllowed(draft);
  }
}

/** A folder of another user's may not even be looked into. */
function removeIfAllowed(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // It is in nobody's way.
  }
}

function openFiles(path: string): Promise<PGlite> {
  return PGlite.create({ fs: new FlushedFiles(path), startParams: SETTINGS });
}

/** Made under another name first: a process that is killed meanwhile leaves nothing that looks like a database and does not start. */
async function makeDatabase(): Promise<void> {
  const draft = `${folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  if (template === undefined || !copyTemplate(template, draft)) {
    const made = await openFiles(draft);
    await made.close();
    if (template !== undefined) keepTemplate(draft, template);
  }
  // PGlite makes its files readable for everybody.
  chmodSync(draft, 0o700);
  flushFolder(draft);
  renameSync(draft, folder);
  flushPath(dirname(folder));
}

/**
 * A trap of the engine (its stack is full, say) leaves it in any state. PGlite swallows it and goes on, with wrong answers or
 * for ever: this thread ends instead, as a Postgres process would.
 */
function endOnTrap({ Module }: PGlite): void {
  const runOnce = Module._PostgresMainLoopOnce;
  Module._PostgresMainLoopOnce = () => {
    try {
      runOnce();
    } catch (error) {
      const { status, message } = error as { readonly status?: number; readonly message?: string };
      if (status === AN_ERROR_WAS_TOLD) throw error;
      tell({ kind: 'fault', fault: message ?? `it ended with status ${status}` });
      // This thread's end, not the process's.
      process.exit(1);
    }
  };
}

async function open(): Promise<PGlite> {
  if (!existsSync(join(folder, 'PG_VERSION'))) await makeDatabase();
  const opened = await openFiles(folder);
  endOnTrap(opened);
  return opened;
}

/** What is heard while a statement runs. */
class Answer {
  columns: WrittenRows['columns'] = [];
  rows: (string | null)[][] = [];
  tag: string | undefined;
  error: SaidByPostgres | undefined;
  /** Rows that are sent already. */
  sent = 0;
  private size = 0;
  private readonly parser = new protocol.Parser();

  /** Nothing may be thrown in here: the engine calls it. */
  hear(bytes: Uint8Array): void {
    this.size += bytes.length;
    if (this.size <= MAX_RESULT_BYTES) return this.parser.parse(bytes, (message) => this.take(message));
    const message = `the result is larger than ${MAX_RESULT_BYTES} bytes: ask for less at a time`;
    this.error ??= { message, code: PROGRAM_LIMIT_EXCEEDED, fields: {} };
    this.rows = [];
  }

  private take(message: messages.BackendMessage): void {
    if (message instanceof messages.DataRowMessage) this.rows.push(message.fields);
    else if (message instanceof messages.RowDescriptionMessage)
      this.columns = message.fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }));
    else if (message instanceof messages.CommandCompleteMessage) this.tag = message.text;
    else if (message instanceof messages.NotificationResponseMessage)
      tell({ kind: 'notification', channel: message.channel, payload: message.payload });
    else if (message instanceof messages.DatabaseError) this.error ??= describe(message);
    else if (message.name === 'emptyQuery') this.tag = '';
  }
}

function describe(error: messages.DatabaseError): SaidByPostgres {
  const said = new Map<string, unknown>(Object.entries(error));
  const fields = ERROR_FIELDS.flatMap((name) => {
    const value = said.get(name);
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return { message: error.message, code: error.code ?? '', fields: Object.fromEntries(fields) };
}

/** All in one, as `pg` asks. PGlite's own `query` has no bound: a large result would end the process. */
async function run({ sql, parameters }: StatementCall): Promise<Answer> {
  const { parse, bind, describe: describePortal, execute, sync } = protocol.serialize;
  const answer = new Answer();
  const asked = Buffer.concat([
    parse({ text: sql }),
    bind({ values: [...parameters] }),
    describePortal({ type: 'P' }),
    execute(),
    sync(),
  ]);
  await pglite.execProtocolRawStream(asked, { onRawData: (bytes) => answer.hear(bytes) });
  return answer;
}

/** What is left to send of large results. */
const unsent = new Map<number, Answer>();

function send(id: number, answer: Answer): void {
  const { columns, rows, tag, error } = answer;
  if (error !== undefined) return tell({ kind: 'error', id, error });
  // Must not look like success.
  if (tag === undefined) return tell({ kind: 'fault', fault: 'a statement was not answered' });
  const begin = answer.sent;
  answer.sent += Math.max(1, Math.floor(VALUES_AT_ONCE / Math.max(1, columns.length)));
  const part = { columns, rows: rows.slice(begin, answer.sent) };
  if (answer.sent >= rows.length) {
    unsent.delete(id);
    return tell({ kind: 'result', id, part, tag });
  }
  unsent.set(id, answer);
  tell({ kind: 'rows', id, part });
}

async function receive(call: ThreadCall): Promise<void> {
  if (call.kind === 'statement') {
    try {
      send(call.id, await run(call));
    } catch (error) {
      tell({ kind: 'fault', fault: error instanceof Error ? error.message : 'it cannot be asked' });
    }
  } else if (call.kind === 'more') {
    const answer = unsent.get(call.id);
    if (answer !== undefined) send(call.id, answer);
  } else {
    await pglite.close();
    tell({ kind: 'closed' });
  }
}

boundMemory();
const pglite = await open();
parentPort?.on('message', (call: ThreadCall) => void receive(call));
tell({ kind: 'ready' });
