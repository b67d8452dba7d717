import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { findFreePort } from './free-port.mjs';

const START_WITHIN_MS = 45_000;
const PASSWORD = 'pg:pass/word';
const KEPT = resolve(import.meta.dirname, '../../node_modules/.cache/donna-gateway/postgres');

export interface PostgresServerOptions {
  /** PEM; with it the server takes TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** More of Postgres's settings, `name=value`. */
  readonly settings?: readonly string[];
}

/** A Postgres of a test's own: on a free loopback port, in a temporary folder, with a password. */
export interface PostgresServer {
  readonly port: number;
  /** Of the superuser `donna` and a database that is made by `createDatabase`. */
  urlOf(database: string): string;
  /** Makes an empty database; its URL. */
  createDatabase(name: string): Promise<string>;
  /** Asks it past the gateway. */
  ask(database: string, statement: string): Promise<readonly Record<string, unknown>[]>;
  /** Ends it without a word (SIGKILL), and every connection with it. */
  kill(): Promise<void>;
  /** Starts it again on its port, with its data. */
  start(): Promise<void>;
  /** Stops the clock of the server and all its connections (SIGSTOP): nothing is answered. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

/** Starts `program` (a `postgres`); use it within `describeWith('postgres', …)`. */
export async function startPostgresServer(
  program: string,
  { tls, settings = [] }: PostgresServerOptions = {},
): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'donna-postgres-'));
  const user = serverUser();
  chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  makeData(program, folder, data, user);
  const tlsSettings: string[] = [];
  if (tls !== undefined) {
    for (const [text, name] of [
      [tls.cert, 'server.crt'],
      [tls.key, 'server.key'],
    ] as const) {
      writeFileSync(join(data, name), text, { mode: 0o600 });
      chownSync(join(data, name), user.uid, user.gid);
    }
    tlsSettings.push('ssl=on');
  }
  const port = await findFreePort();
  let child: ChildProcess | undefined;
  const urlOf = (database: string): string =>
    `postgres://donna:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}`;
  const ask = async (database: string, statement: string): Promise<readonly Record<string, unknown>[]> => {
    const client = new Client({ connectionString: urlOf(database), connectionTimeoutMillis: 5000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(statement)).rows;
    } finally {
      await client.end();
    }
  };
  const start = async (): Promise<void> => {
    const bounds = [
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${folder}`,
      'fsync=off',
      'shared_buffers=16MB',
      'max_connections=60',
    ];
    const all = [...bounds, ...tlsSettings, ...settings].flatMap((setting) => ['-c', setting]);
    let said = '';
    const started = spawn(program, ['-D', data, '-p', String(port), ...all], {
      ...user,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    started.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
    child = started;
    const until = Date.now() + START_WITHIN_MS;
    for (;;) {
      if (
        await ask('postgres', 'select 1').then(
          () => true,
          () => false,
        )
      )
        return;
      if (Date.now() > until || started.exitCode !== null) throw new Error(`postgres did not start: ${said}`);
      await sleep(30);
    }
  };
  const end = async (): Promise<void> => {
    const running = child;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    signal(running, 'SIGKILL');
    await ended;
  };
  await start();
  return {
    port,
    urlOf,
    ask,
    createDatabase: async (name) => {
      await ask('postgres', `create database ${name}`);
      return urlOf(name);
    },
    kill: end,
    start,
    freeze: () => signal(child, 'SIGSTOP'),
    thaw: () => signal(child, 'SIGCONT'),
    stop: async () => {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Makes the folder of an empty server. One that was made is kept beside the installed packages, to be copied: a second of CPU
 * for each of many suites.
 */
function makeData(program: string, folder: string, data: string, user: { uid: number; gid: number }): void {
  const initdb = join(dirname(realpathSync(program)), 'initdb');
  const version = execFileSync(initdb, ['--version'], { encoding: 'utf8' }).replace(/\W+/g, '-');
  const kept = join(KEPT, `${version}${user.uid}`);
  const draft = `${kept}.${randomUUID()}`;
  if (!existsSync(kept)) {
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, PASSWORD);
    const given = ['-D', data, '-U', 'donna', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
    const asked = ['-N', '--no-instructions', '-E', 'UTF8', '--locale=C'];
    execFileSync(initdb, [...given, ...asked], { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    mkdirSync(KEPT, { recursive: true });
    // With its owner and rights.
    execFileSync('cp', ['-a', data, draft]);
    try {
      renameSync(draft, kept);
    } catch {
      // Another suite was quicker.
      rmSync(draft, { recursive: true, force: true });
    }
    return;
  }
  execFileSync('cp', ['-a', kept, data]);
}

/** To the server and its children: each connection is one. Linux only. */
function signal(child: ChildProcess | undefined, name: NodeJS.Signals): void {
  if (child?.pid === undefined) return;
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
  for (const pid of [child.pid, ...children.split(' ').map(Number)]) {
    if (pid === 0) continue;
    try {
      process.kill(pid, name);
    } catch {
      // It has ended by itself.
    }
  }
}

/** Postgres refuses to run as root: there it runs as the user that its package made. */
function serverUser(): { uid: number; gid: number } {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  if (uid !== 0) return { uid, gid };
  const idOf = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}
