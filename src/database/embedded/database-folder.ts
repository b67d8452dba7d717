import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Whether a database has been made in a folder: whole, since it is made beside it and then renamed. */
export function hasDatabase(folder: string): boolean {
  return existsSync(join(folder, 'PG_VERSION'));
}

/**
 * Where a new, empty database is kept, to be copied instead of made anew: beside the installed PGlite, whose version it is
 * for. Undefined where PGlite does not stand in a `node_modules`.
 */
export function findTemplate(): string | undefined {
  // …/node_modules/@electric-sql/pglite/dist/index.cjs
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const home = dirname(dirname(entry));
  const modules = dirname(dirname(home));
  if (!modules.endsWith('node_modules')) return undefined;
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { readonly version: string };
  return join(modules, '.cache', 'donna-gateway', `pglite-${version}`);
}
