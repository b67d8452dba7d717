import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Asks nginx itself whether it takes `nginx.conf` among these files (by name, with their text), in a folder of their own.
 * Returns what it says, '' for nothing. @throws Error when it refuses them
 */
export function checkWithNginx(nginx: string, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'donna-nginx-'));
  try {
    for (const [name, text] of Object.entries(files))
      writeFileSync(
        join(folder, name),
        text.replaceAll('/tmp/', `${folder}/`).replaceAll('/dev/stderr', `${folder}/error.log`),
      );
    return String(
      execFileSync('sh', ['-c', '"$0" -t -q -p "$1" -c "$1/nginx.conf" -e "$1/error.log" 2>&1', nginx, folder]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
