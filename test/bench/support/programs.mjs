import { accessSync, constants, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';

/** What the parts start besides Node: how the program is called, and Debian's package. `in`: the parts that need it, or all. */
const PROGRAMS = {
  taskset: { name: /^taskset$/, debian: 'util-linux' },
  wrk: { name: /^wrk$/, debian: 'wrk' },
  nginx: { name: /^nginx$/, debian: 'nginx-light' },
  'php-fpm': { name: /^php-fpm(\d+\.\d+)?$/, debian: 'php-fpm', in: ['php', 'bulkhead'] },
  postgres: { name: /^postgres$/, debian: 'postgresql', in: ['start'] },
  'redis-server': { name: /^redis-server$/, debian: 'redis-server', in: ['redis'] },
};
/** System folders that Debian keeps out of a user's PATH. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
const POSTGRES_VERSIONS = '/usr/lib/postgresql';

/**
 * The paths of the programs that these parts need.
 * @throws Error that names everything that is missing at once, and how to get it
 */
export function findPrograms(parts) {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter).filter(Boolean),
    ...SYSTEM_FOLDERS,
    ...list(POSTGRES_VERSIONS).map((version) => join(POSTGRES_VERSIONS, version, 'bin')),
  ];
  const wanted = Object.entries(PROGRAMS).filter(
    ([, { in: only }]) => only?.some((part) => parts.includes(part)) ?? true,
  );
  const found = Object.fromEntries(wanted.map(([program, { name }]) => [program, find(folders, name)]));
  const missing = wanted.filter(([program]) => found[program] === undefined);
  const faults = [
    process.platform === 'linux' ? undefined : 'Linux: processor time is read from /proc',
    availableParallelism() >= 2 ? undefined : 'two processors: one for what is measured, one for load and upstream',
    missing.length === 0
      ? undefined
      : `${missing.map(([program]) => program).join(', ')}: apt-get install ${missing.map(([, { debian }]) => debian).join(' ')}`,
  ].filter(Boolean);
  if (faults.length > 0) throw Object.assign(new Error(`The bench needs\n  ${faults.join('\n  ')}`), { isPlain: true });
  return found;
}

function find(folders, name) {
  return folders
    .flatMap((folder) =>
      list(folder)
        .filter((entry) => name.test(entry))
        .map((entry) => join(folder, entry)),
    )
    .find(isExecutable);
}

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
