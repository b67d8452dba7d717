import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { DatabaseUnavailableError } from '../database-unavailable.error.js';

const SQLITE_BUSY = 5;

/** The right to use an embedded database's folder, held by this process alone. */
export interface DataLock {
  release(): void;
}

/**
 * Takes the folder for this process. The lock is the kernel's, by way of an SQLite file beside the folder: it ends with
 * its process, however that ends, and holds between containers that share a volume, where process numbers say nothing.
 * Who holds it stands in a second file, for the message only. Nothing else may open the lock file: on POSIX, closing it
 * anywhere in the process gives the lock up.
 * @throws DatabaseUnavailableError that names the holder when another has it; a system error
 */
export async function acquireDataLock(dataFolder: string): Promise<DataLock> {
  const { DatabaseSync: Sqlite } = await import('node:sqlite');
  mkdirSync(dirname(dataFolder), { recursive: true, mode: 0o700 });
  const ownerFile = `${dataFolder}.owner`;
  let lock: DatabaseSync | undefined;
  try {
    lock = new Sqlite(`${dataFolder}.lock`);
    lock.exec('begin exclusive');
  } catch (error) {
    lock?.close();
    const { errcode, errstr } = error as { readonly errcode?: number; readonly errstr?: string };
    // SQLite's own words: its code is the same for every fault.
    if (errcode !== SQLITE_BUSY) throw new Error(`its lock: ${errstr ?? 'not to be had'}`, { cause: error });
    throw new DatabaseUnavailableError(
      `The embedded database in ${dataFolder} is in use by another gateway${readOwner(ownerFile)}: stop that one, or set DATABASE_URL to a Postgres that both share`,
      { cause: error },
    );
  }
  try {
    writeFileSync(ownerFile, JSON.stringify({ pid: process.pid, since: new Date().toISOString() }), { mode: 0o600 });
  } catch (error) {
    lock.close();
    throw error;
  }
  const held = lock;
  return { release: () => release(held, ownerFile) };
}

function release(lock: DatabaseSync, ownerFile: string): void {
  if (!lock.isOpen) return;
  rmSync(ownerFile, { force: true });
  lock.close();
}

function readOwner(file: string): string {
  try {
    const { pid, since } = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>;
    return typeof pid === 'number' && typeof since === 'string' ? ` (process ${pid}, since ${since})` : '';
  } catch {
    return '';
  }
}
