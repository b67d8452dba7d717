import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compileSources } from './gateway-process.js';
import { IDENTITY_SECRET, JWT_SECRET } from './test-gateway.js';

const PROJECT = resolve(import.meta.dirname, '../..');
const START_WITHIN_MS = 60_000;

/**
 * Native handlers whose faults a test's own process would not outlive. `?do=` says what a candidate does besides its answer;
 * `test.held` collects garbage and tells the bytes that are held; `test.outside` throws where no candidate is at work.
 */
const SCRIPT = `
import 'reflect-metadata';
import { Controller, Module, Req } from '@nestjs/common';
import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { loadConfig } from './dist/config/index.js';
import { EnvelopeFields } from './dist/contract/index.js';
import { startGateway } from './dist/gateway.js';
import { NativeHandler } from './dist/routing/index.js';

const fail = () => { throw new TypeError('stray alice@example.com'); };
const faults = {
  timer: () => void setTimeout(fail, 1),
  tick: () => void process.nextTick(fail),
  event: () => void setImmediate(() => new EventEmitter().emit('error', new Error('stray'))),
  rejection: () => void Promise.reject(new Error('stray')),
  forgotten: () => void (async () => { await new Promise(setImmediate); fail(); })(),
  silent: () => { setTimeout(fail, 1); return new Promise(() => undefined); },
};
const big = 'x'.repeat(32_768);
let count = 0;
class Candidates {
  candidate(req) {
    const asked = new URL(req.url, 'http://x').searchParams;
    const held = faults[asked.get('do')]?.();
    if (held !== undefined) return held;
    if (asked.has('big')) return new EnvelopeFields({ text: big + (asked.get('big') === 'wrong' ? count++ : '') });
    return new EnvelopeFields({ from: 'php', items: [1, 2] });
  }
  held() {
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    return { bytes: heapUsed + external };
  }
}
const proto = Candidates.prototype;
for (const [name, method] of [['test.experiment', 'candidate'], ['test.held', 'held']]) {
  NativeHandler(name)(proto, method, Object.getOwnPropertyDescriptor(proto, method));
}
Req()(proto, 'candidate', 0);
Controller()(Candidates);
class Candidate {}
Module({ controllers: [Candidates] })(Candidate);

const config = loadConfig(process.env, { projectRoot: import.meta.dirname, packageVersion: '0.0.0-test' });
const gateway = await startGateway({
  config,
  routesFile: process.env.ROUTES_FILE,
  phpTargets: [process.env.REMOTE_PHP_BASE],
  features: [Candidate],
});
// A fault of the gateway itself, of which nobody knows what it leaves behind.
const outside = createServer(() => void setTimeout(() => { throw new Error('outside'); }, 1)).listen(0, '127.0.0.1', () => {
  process.stdout.write('ready ' + gateway.url + ' http://127.0.0.1:' + outside.address().port + '\\n');
});
`;

/** A gateway with misbehaving candidates, in a process of its own. */
export interface CandidateProcess {
  readonly url: string;
  /** A request here throws in the process, outside of any candidate. */
  readonly outside: string;
  /** What the process wrote: its log. */
  said(): string;
  /** Undefined while it lives. */
  exitCode(): number | undefined;
  stop(): Promise<void>;
}

export async function startCandidateProcess(
  routes: string,
  phpBase: string,
  env: Readonly<Record<string, string>> = {},
): Promise<CandidateProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'candidate-process-'));
  await compileSources(join(PROJECT, 'src'), join(folder, 'dist'));
  copyFileSync(join(PROJECT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'routes.yaml'), routes);
  writeFileSync(join(folder, 'site.mjs'), SCRIPT);
  const child = spawn(process.execPath, ['--expose-gc', join(folder, 'site.mjs')], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'error',
      JWT_SECRET,
      GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET,
      ROUTES_FILE: join(folder, 'routes.yaml'),
      REMOTE_PHP_BASE: phpBase,
      ...env,
    },
  });
  let said = '';
  const [url, outside] = await new Promise<[string, string]>((done, failed) => {
    const late = setTimeout(() => failed(new Error(`it did not start: ${said}`)), START_WITHIN_MS);
    const read = (text: string): void => {
      said += text;
      const [, ...found] = /^ready (\S+) (\S+)$/m.exec(said) ?? [];
      if (found[0] === undefined || found[1] === undefined) return;
      clearTimeout(late);
      done([found[0], found[1]]);
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.once('exit', () => failed(new Error(`it ended: ${said}`)));
  });
  return {
    url,
    outside,
    said: () => said,
    exitCode: () => child.exitCode ?? undefined,
    stop: async () => {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
