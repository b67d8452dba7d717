import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** A `php` command line binary that can serve the application. */
export interface SystemPhp {
  readonly path: string;
  readonly version: string;
}

const run = promisify(execFile);

/** The first `php` on PATH if it is 8.2 or newer; undefined also on Windows, where `php -S` has no workers. */
export async function findSystemPhp(searchPath = process.env['PATH'] ?? ''): Promise<SystemPhp | undefined> {
  if (process.platform === 'win32') return undefined;
  for (const folder of searchPath.split(delimiter).filter((entry) => entry !== '')) {
    const path = join(folder, 'php');
    if (!(await isExecutable(path))) continue;
    const version = await versionOf(path);
    return version !== undefined && isNewEnough(version) ? { path, version } : undefined;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(path, ['-n', '-r', 'echo PHP_VERSION;'], { timeout: 5000, env: {} });
    return stdout.trim();
  } catch {
    return undefined;
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 8 || (major === 8 && minor >= 2);
}
