import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { findFreePort } from './free-port.mjs';

const DEBIAN = '/usr/lib/postgresql';
const START_WITHIN_MS = 30_000;

/** A Postgres of a soak's or a bench's own, where there is one (Debian's package). @returns undefined without one */
export async function startPostgres() {
  const version = existsSync(DEBIAN) ? readdirSync(DEBIAN).toSorted().at(-1) : undefined;
  if (version === undefined) return undefined;
  const bin = join(DEBIAN, version, 'bin');
  const folder = mkdtempSync(join(tmpdir(), 'donna-postgres-'));
  // Postgres refuses to run as root.
  const user = process.getuid() === 0 ? idsOf('postgres') : {};
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'donna', '-A', 'trust', '--no-sync'], {
    ...user,
    stdio: 'ignore',
    cwd: folder,
  });
  const port = await findFreePort();
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'],
    { ...user, stdio: 'ignore', cwd: folder },
  );
  process.on('exit', () => child.kill('SIGQUIT'));
  const url = `postgresql://donna@127.0.0.1:${port}/postgres`;
  const stop = async () => {
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (const until = Date.now() + START_WITHIN_MS; ; await sleep(50)) {
    if (await answers(url)) return { url, stop };
    if (Date.now() > until) throw new Error('Postgres did not start');
  }
}

async function answers(connectionString) {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

function idsOf(name) {
  const id = (flag) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
