import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from './free-port.mjs';

const START_WITHIN_MS = 45_000;

export interface RedisServerOptions {
  readonly password?: string;
  /** More of Redis's own command line. */
  readonly args?: readonly string[];
}

/** A Redis of a test's own: in memory, on a free loopback port, in a temporary folder. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Ends it without a word (SIGKILL); what it held is lost. */
  kill(): Promise<void>;
  /** Starts it again on its port, empty. */
  start(): Promise<void>;
  /** Stops its clock (SIGSTOP): connections stay open, and nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Asks it (inline protocol, RESP2) past the gateway; the raw answer. */
  ask(command: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts `program` (a `redis-server`); use it within `describeWith('redis', …)`. */
export async function startRedisServer(program: string, options: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'donna-redis-'));
  const port = await findFreePort();
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const password = options.password === undefined ? [] : ['--requirepass', options.password];
    const bounds = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
    const started = spawn(program, ['--port', String(port), ...bounds, ...password, ...(options.args ?? [])], {
      stdio: 'ignore',
    });
    child = started;
    await connects(port, started);
  };
  const end = async (): Promise<void> => {
    const running = child;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGKILL');
    await ended;
  };
  await start();
  const login = options.password === undefined ? '' : `:${options.password}@`;
  return {
    port,
    url: `redis://${login}127.0.0.1:${port}`,
    kill: end,
    start,
    freeze: () => child?.kill('SIGSTOP'),
    thaw: () => child?.kill('SIGCONT'),
    ask: (command) => askInline(port, options.password, command),
    stop: async () => {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function askInline(port: number, password: string | undefined, command: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let said = '';
  socket.setEncoding('utf8').on('data', (text: string) => (said += text));
  const login = password === undefined ? '' : `AUTH ${password}\r\n`;
  socket.end(`${login}${command}\r\nQUIT\r\n`);
  await once(socket, 'close');
  return said;
}

async function connects(port: number, child: ChildProcess): Promise<void> {
  const until = Date.now() + START_WITHIN_MS;
  for (;;) {
    const isOpen = await new Promise<boolean>((done) => {
      const probe = connect(port, '127.0.0.1');
      probe.once('error', () => done(false));
      probe.once('connect', () => {
        probe.destroy();
        done(true);
      });
    });
    if (isOpen) return;
    if (Date.now() > until || child.exitCode !== null) throw new Error('redis-server did not start');
    await sleep(20);
  }
}
