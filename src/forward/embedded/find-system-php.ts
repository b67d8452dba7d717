import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A `php` command line binary that can serve the application. */
export interface SystemPhp {
  readonly path: string;
  readonly version: string;
  /** The machine's PATH, which PHP is given too. */
  readonly searchPath: string;
}

const run = promisify(execFile);

/** The first `php` on PATH if it is 8.2 or newer; undefined also on Windows, where `php -S` has no workers. */
export async function findSystemPhp(): Promise<SystemPhp | undefined> {
  if (process.platform === 'win32') return undefined;
  try {
    // The shell knows PATH, so that nothing here reads the gateway's environment.
    const found = await run('/bin/sh', ['-c', 'printf "%s\\n%s" "$PATH" "$(command -v php)"'], { timeout: 5000 });
    const [searchPath = '', path = ''] = found.stdout.split('\n');
    if (!path.startsWith('/')) return undefined;
    const { stdout: version } = await run(path, ['-n', '-r', 'echo PHP_VERSION;'], { timeout: 5000, env: {} });
    return isNewEnough(version) ? { path, version, searchPath } : undefined;
  } catch {
    return undefined;
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 8 || (major === 8 && minor >= 2);
}
