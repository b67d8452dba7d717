import type { PGlite, PGliteOptions } from '@electric-sql/pglite';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Postgres's type number of bigint. Text, as `pg` gives it: above 2^53 a number would lie. */
const INT8 = 20;
const OPTIONS: PGliteOptions = { parsers: { [INT8]: (value) => value } };

/** Whether a database has been made in a folder: whole, since it is made beside it and then renamed. */
export function hasDatabase(folder: string): boolean {
  return existsSync(join(folder, 'PG_VERSION'));
}

/**
 * Opens the embedded Postgres of a folder that this process has locked, and makes it where there is none. Made under another
 * name first: a process that is killed meanwhile leaves nothing that looks like a database and does not start.
 */
export async function openPGlite(folder: string): Promise<PGlite> {
  // Loaded here: it is large, and most gateways that start never use it.
  const { PGlite } = await import('@electric-sql/pglite');
  if (!hasDatabase(folder)) {
    const draft = `${folder}.new`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
    const made = await PGlite.create(draft, OPTIONS);
    await made.close();
    renameSync(draft, folder);
  }
  return PGlite.create(folder, OPTIONS);
}
