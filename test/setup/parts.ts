import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from '@jest/globals';

/**
 * Real parts that some suites need and a machine may lack: the names of their programs, and how Debian calls them. CI
 * installs them all (.ci/packages).
 */
const PARTS = {
  php: { program: /^php$/, debian: 'php-cli' },
  'php-fpm': { program: /^php-fpm(\d+\.\d+)?$/, debian: 'php-fpm' },
  nginx: { program: /^nginx$/, debian: 'nginx-light' },
  redis: { program: /^redis-server$/, debian: 'redis-server' },
  postgres: { program: /^postgres$/, debian: 'postgresql' },
  chromium: { program: /^(chromium|chromium-browser|google-chrome)$/, debian: 'chromium' },
} as const;

export type PartName = keyof typeof PARTS;
export type Part =
  { readonly isPresent: true; readonly path: string } | { readonly isPresent: false; readonly reason: string };

/** System folders that Debian keeps out of a user's PATH. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
/** Debian's home of Postgres's programs, a folder for each version. */
const POSTGRES = '/usr/lib/postgresql';

/**
 * Looks for a part on this machine.
 * @throws Error with CI=true when it is absent: there, what is not checked has failed.
 */
export function requirePart(name: PartName): Part {
  const { program, debian } = PARTS[name];
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_FOLDERS, ...postgresFolders()];
  for (const folder of folders.filter((entry) => entry !== '')) {
    const path = listNames(folder)
      .filter((entry) => program.test(entry))
      .map((entry) => join(folder, entry))
      .findLast(isExecutable);
    if (path !== undefined) return { isPresent: true, path };
  }
  const reason = `${name} is not installed here (Debian: apt-get install ${debian})`;
  if (['true', '1'].includes(process.env['CI'] ?? '')) throw new Error(`${reason}; CI leaves nothing out`);
  return { isPresent: false, reason };
}

/**
 * A `describe` whose tests need a part. Where it is absent, its place in the report is one `todo` that names the
 * reason: Jest counts it as neither passed nor failed, and `npm run check` lists it.
 */
export function describeWith(name: PartName, title: string, define: (path: string) => void): void {
  const part = requirePart(name);
  describe(title, () => {
    if (part.isPresent) define(part.path);
    else it.todo(`left out: ${part.reason}`);
  });
}

/** The newest first. */
function postgresFolders(): string[] {
  const versions = listNames(POSTGRES).toSorted((left, right) => Number(right) - Number(left));
  return versions.map((version) => join(POSTGRES, version, 'bin'));
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
