import { transform, transformFile, version as swcVersion } from '@swc/core';
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { IDENTITY_SECRET, JWT_SECRET } from './test-gateway.js';

const PROJECT = resolve(import.meta.dirname, '../..');
const COMPILED = join(PROJECT, 'node_modules/.cache/donna-gateway/compiled-sources');
/** As in the tests' own processes. */
const BASELINE_WASM = pathToFileURL(join(PROJECT, 'test/setup/baseline-wasm.mjs')).href;
const START_WITHIN_MS = 45_000;

/** A gateway in a process of its own, whose memory is its own. */
export interface GatewayProcess {
  readonly url: string;
  readonly pid: number;
  /** Bytes that the process holds now. Linux only. */
  rssBytes(): number;
  /** All that it has written to its streams. */
  output(): string;
  /** Its project folder, with what it keeps under `.data`. */
  readonly folder: string;
  /** Resolves when it has ended, however. */
  readonly ended: Promise<unknown>;
  /** Sends a signal and waits for its end. */
  end(signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Compiles `src` into a temporary folder (never `dist`, which may be older) and runs its `main.js` on a free port; with the
 * embedded PHP application where `phpBase` is undefined. `changed`: sources that are other ones there, or new: path → content.
 */
export async function startGatewayProcess(
  routes: string,
  phpBase: string | undefined,
  env: Readonly<Record<string, string>> = {},
  changed: ReadonlyMap<string, string> = new Map(),
): Promise<GatewayProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-process-'));
  await compileSources(join(PROJECT, 'src'), join(folder, 'dist'));
  for (const [file, source] of changed) {
    const target = join(folder, file.replace(/^src\//, 'dist/').replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(
      target,
      (await transform(source, { filename: join(PROJECT, file), configFile: join(PROJECT, '.swcrc') })).code,
    );
  }
  copyFileSync(join(PROJECT, 'package.json'), join(folder, 'package.json'));
  for (const name of ['node_modules', 'legacy-php']) symlinkSync(join(PROJECT, name), join(folder, name));
  const routesFile = join(folder, 'routes.yaml');
  writeFileSync(routesFile, routes);
  const child = spawn(process.execPath, [join(folder, 'dist/main.js')], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_OPTIONS: `--import=${BASELINE_WASM}`,
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'silent',
      JWT_SECRET,
      GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET,
      ROUTES_FILE: routesFile,
      ...(phpBase === undefined ? {} : { REMOTE_PHP_BASE: phpBase }),
      ...env,
    },
  });
  let said = '';
  const url = await new Promise<string>((done, fail) => {
    const late = setTimeout(() => fail(new Error(`the gateway did not start: ${said}`)), START_WITHIN_MS);
    const read = (text: string): void => {
      said += text;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(phpBase === undefined ? said : said.replaceAll(phpBase, ''));
      if (found === null) return;
      clearTimeout(late);
      done(found[0]);
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.once('exit', () => fail(new Error(`the gateway ended: ${said}`)));
  });
  const pid = child.pid ?? 0;
  const gone = once(child, 'close');
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'close') : undefined;
    child.kill(signal);
    await ended;
  };
  return {
    url,
    pid,
    folder,
    ended: gone,
    output: () => said,
    end,
    rssBytes: () =>
      Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) * 1024,
    stop: async () => {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Compiles TypeScript sources file by file. What was compiled before is kept by its content beside the installed packages:
 * many tests ask for the same.
 */
export async function compileSources(from: string, to: string): Promise<void> {
  const files = readdirSync(from, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.spec.ts') && !file.endsWith('.d.ts'),
  );
  for (const folder of new Set(files.map(dirname))) mkdirSync(join(to, folder), { recursive: true });
  const settings = `${swcVersion}\n${readFileSync(join(PROJECT, '.swcrc'), 'utf8')}`;
  await Promise.all(
    files.map(async (file) => {
      const source = readFileSync(join(from, file));
      const digest = createHash('sha256')
        .update(`${settings}\n${join(from, file)}\n`)
        .update(source)
        .digest('hex');
      const target = join(to, file.replace(/\.ts$/, '.js'));
      const kept = join(COMPILED, file, `${digest}.js`);
      if (copyKept(kept, target)) return;
      const { code } = await transformFile(join(from, file));
      writeFileSync(target, code);
      keepCompiled(kept, code);
    }),
  );
}

function copyKept(kept: string, target: string): boolean {
  try {
    copyFileSync(kept, target);
    return true;
  } catch {
    // Not compiled yet, or just replaced.
    return false;
  }
}

/** The one version of a file that is kept. Whole under its name, or not at all: others may compile the same just now. */
function keepCompiled(path: string, code: string): void {
  const folder = dirname(path);
  const draft = `${folder}.${randomUUID()}`;
  mkdirSync(draft, { recursive: true });
  writeFileSync(join(draft, basename(path)), code);
  try {
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  } catch {
    // Another was quicker.
    rmSync(draft, { recursive: true, force: true });
  }
}
