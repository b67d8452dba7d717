import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { isAbsolute, relative } from 'node:path';
import { type EmbeddedPhpOptions } from '../embedded-php.js';
import { frontScript } from './front-script.js';
import { PhpLogLines } from '../php-log-lines.js';
import { iniFile } from '../php-settings.js';
import { PhpThread } from './php-thread.js';
import { type WorkerPlan } from './wasm-messages.js';

const packages = ['@php-wasm/node', '@php-wasm/universal', '@php-wasm/node-8-3'] as const;

/** Starts WebAssembly PHP threads that all see the same files; PHP is compiled once, by the first. */
export class WasmThreads {
  readonly #lines: PhpLogLines;
  readonly #plan: Omit<WorkerPlan, 'processId' | 'compiled'>;
  #compiled: WebAssembly.Module | undefined;
  #nextProcessId = 1;

  /** @throws Error when the optional packages are not installed. */
  constructor(options: EmbeddedPhpOptions, marker: string) {
    requirePackages();
    this.#lines = new PhpLogLines(options.log);
    this.#plan = {
      phpIni: iniFile(),
      frontScript: frontScript(options.root, marker),
      env: options.env,
      mounts: mounts(options),
    };
  }

  /** Starts one more thread. */
  async start(): Promise<PhpThread> {
    const compiled = this.#compiled;
    const plan = { ...this.#plan, processId: this.#nextProcessId++, ...(compiled === undefined ? {} : { compiled }) };
    const thread = await PhpThread.start(plan, (text) => this.#lines.write(text));
    this.#compiled ??= thread.compiled;
    return thread;
  }

  /** Nothing more will be logged. */
  end(): void {
    this.#lines.end();
  }
}

function requirePackages(): void {
  const { resolve } = createRequire(import.meta.url);
  const missing = packages.filter((name) => {
    try {
      return resolve(name) === '';
    } catch {
      return true;
    }
  });
  if (missing.length === 0) return;
  throw new Error(
    `Embedded PHP: no php 8.2 or newer on PATH and the optional ${missing.join(', ')} not installed; ` +
      'install php-cli, or run "npm install --include=optional".',
  );
}

/** PHP sees the application, the folders its environment names, and the machine's temporary folder (sessions, uploads). */
function mounts({ root, env }: EmbeddedPhpOptions): WorkerPlan['mounts'] {
  const named = Object.values(env).filter(
    (value) => isAbsolute(value) && existsSync(value) && statSync(value).isDirectory(),
  );
  const temporary = tmpdir();
  const outermost: string[] = [];
  for (const folder of [root, ...named].sort((a, b) => a.length - b.length)) {
    if (![...outermost, temporary].some((outer) => isBelow(folder, outer))) outermost.push(folder);
  }
  return [
    { inside: '/tmp', outside: temporary },
    ...(temporary === '/tmp' ? [] : [{ inside: temporary, outside: temporary }]),
    ...outermost.map((folder) => ({ inside: folder, outside: folder })),
  ];
}

function isBelow(folder: string, outer: string): boolean {
  const path = relative(outer, folder);
  return path === '' || (!path.startsWith('..') && !isAbsolute(path));
}
