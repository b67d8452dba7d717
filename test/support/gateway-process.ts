import { transformFile } from '@swc/core';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { IDENTITY_SECRET, JWT_SECRET } from './test-gateway.js';

const PROJECT = resolve(import.meta.dirname, '../..');
const START_WITHIN_MS = 45_000;

/** A gateway in a process of its own, whose memory is its own. */
export interface GatewayProcess {
  readonly url: string;
  readonly pid: number;
  /** Bytes that the process holds now. Linux only. */
  rssBytes(): number;
  stop(): Promise<void>;
}

/** Compiles `src` into a temporary folder (never `dist`, which may be older) and runs its `main.js` on a free port. */
export async function startGatewayProcess(
  routes: string,
  phpBase: string,
  env: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-process-'));
  await compileSources(join(PROJECT, 'src'), join(folder, 'dist'));
  copyFileSync(join(PROJECT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  const routesFile = join(folder, 'routes.yaml');
  writeFileSync(routesFile, routes);
  const child = spawn(process.execPath, [join(folder, 'dist/main.js')], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'silent',
      JWT_SECRET,
      GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET,
      ROUTES_FILE: routesFile,
      REMOTE_PHP_BASE: phpBase,
      ...env,
    },
  });
  let said = '';
  const url = await new Promise<string>((done, fail) => {
    const late = setTimeout(() => fail(new Error(`the gateway did not start: ${said}`)), START_WITHIN_MS);
    const read = (text: string): void => {
      said += text;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said.replaceAll(phpBase, ''));
      if (found === null) return;
      clearTimeout(late);
      done(found[0]);
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.once('exit', () => fail(new Error(`the gateway ended: ${said}`)));
  });
  const pid = child.pid ?? 0;
  return {
    url,
    pid,
    rssBytes: () =>
      Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) * 1024,
    stop: async () => {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Compiles TypeScript sources file by file. */
export async function compileSources(from: string, to: string): Promise<void> {
  const files = readdirSync(from, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.spec.ts') && !file.endsWith('.d.ts'),
  );
  await Promise.all(
    files.map(async (file) => {
      const { code } = await transformFile(join(from, file));
      const target = join(to, file.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, code);
    }),
  );
}
