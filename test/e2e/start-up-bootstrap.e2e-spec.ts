import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

/** Stands for npm, which is beyond this machine: notes what it was asked and leaves what the real one would leave. */
const FAKE_NPM = `
const { appendFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } = require('node:fs');
const [command] = process.argv.slice(2);
appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n');
if (process.env.FAKE_NPM_FAILS === command) { console.error('npm error the reason'); process.exit(7); }
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
const leave = (folder, file, text) => { mkdirSync(folder, { recursive: true }); writeFileSync(folder + '/' + file, text); };
if (command === 'install') leave('node_modules', '.package-lock.json', '{}');
if (command === 'install' && process.env.FAKE_NPM_PINS && !existsSync('node_modules/.bin/node')) {
  mkdirSync('node_modules/.bin', { recursive: true });
  symlinkSync(process.execPath, 'node_modules/.bin/node');
}
if (command !== 'install') leave('dist', 'main.js', '');
`;
const OLD_NODE = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.1.0'}})`;

interface Outcome {
  readonly code: number;
  readonly stderr: string;
}

let project = '';

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'donna-bootstrap-'));
  write('scripts/.keep', '');
  cpSync(join(import.meta.dirname, '../../scripts/bootstrap.mjs'), join(project, 'scripts/bootstrap.mjs'));
  write('npm.cjs', FAKE_NPM);
  write('package.json', '{"scripts":{"build":"nest build"}}');
  write('package-lock.json', '{}');
  write('src/main.ts', 'one');
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
}

function bootstrap(args: string[] = [], env: NodeJS.ProcessEnv = {}, nodeArgs: string[] = []): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...nodeArgs, join(project, 'scripts/bootstrap.mjs'), ...args],
      { env: { ...process.env, npm_execpath: join(project, 'npm.cjs'), ...env }, cwd: tmpdir() },
      (error, _stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, stderr }),
    );
  });
}

/** What npm was asked since the last call, by its first word. */
function npmCalls(): string[] {
  const file = join(project, 'npm-calls');
  const calls = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  rmSync(file, { force: true });
  return calls.map((call) => call.split(' ')[0] ?? '');
}

describe('the bootstrap', () => {
  it('installs and builds a fresh clone, and then has nothing to do', async () => {
    expect(await bootstrap()).toEqual({ code: 0, stderr: 'Installing dependencies (first start) …\nBuilding …\n' });
    expect(npmCalls()).toEqual(['install', 'run']);
    expect(await bootstrap()).toEqual({ code: 0, stderr: '' });
    expect(npmCalls()).toEqual([]);
  });

  it('installs again when the lock is newer, once', async () => {
    await bootstrap();
    utimesSync(join(project, 'package-lock.json'), new Date(), new Date());
    utimesSync(join(project, 'node_modules/.package-lock.json'), new Date(0), new Date(0));
    npmCalls();
    expect((await bootstrap()).stderr).toMatch(/^Installing dependencies \(package-lock\.json is newer/);
    expect(npmCalls()).toEqual(['install']);
    await bootstrap();
    expect(npmCalls()).toEqual([]);
  });

  it('builds again when a source changes, appears or goes, not when it is touched or is a spec', async () => {
    await bootstrap();
    npmCalls();
    const steps: [() => void, string[]][] = [
      [() => utimesSync(join(project, 'src/main.ts'), new Date(0), new Date(0)), []],
      [() => write('src/main.spec.ts', 'spec'), []],
      [() => write('src/main.ts', 'two'), ['run']],
      [() => write('src/room/new.ts', 'new'), ['run']],
      [() => rmSync(join(project, 'src/room/new.ts')), ['run']],
      [() => write('tsconfig.build.json', '{}'), ['run']],
      [() => write('scripts/build-client.mjs', 'another bundle'), ['run']],
      [() => write('scripts/build-server.mjs', 'another bundle'), ['run']],
      [() => write('package-lock.json', '{ "other": "dependencies" }'), ['install', 'run']],
      [() => rmSync(join(project, 'dist/main.js')), ['run']],
    ];
    for (const [change, calls] of steps) {
      change();
      await bootstrap();
      expect(npmCalls()).toEqual(calls);
    }
  });

  it('only installs with --no-build', async () => {
    await bootstrap(['--no-build']);
    expect(npmCalls()).toEqual(['install']);
  });

  it('installs what the build needs under NODE_ENV=production too', async () => {
    await bootstrap(['--no-build'], { NODE_ENV: 'production' });
    expect(readFileSync(join(project, 'npm-calls'), 'utf8')).toContain('--include=dev');
  });

  it.each([
    ['install', 'Installing failed: npm install ended with 7.'],
    ['run', 'Building failed: npm run build ended with 7.'],
  ])('shows npm’s error when %s fails, and tries again next time', async (command, told) => {
    const { code, stderr } = await bootstrap([], { FAKE_NPM_FAILS: command });
    expect(code).toBe(1);
    expect(stderr).toContain('npm error the reason\n');
    expect(stderr).toContain(told);
    expect(stderr).not.toContain('    at ');
    npmCalls();
    expect((await bootstrap()).code).toBe(0);
    expect(npmCalls()).toContain(command);
  });

  it('does the work once when two start together', async () => {
    const outcomes = await Promise.all([bootstrap(), bootstrap(), bootstrap()]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(npmCalls()).toEqual(['install', 'run']);
    expect(readdirSync(join(project, '.data'))).toEqual([]);
  });

  it('takes over from one that died', async () => {
    write('.data/bootstrap.lock', `${hostname()} 2147483646 someone`);
    expect((await bootstrap()).code).toBe(0);
    expect(npmCalls()).toEqual(['install', 'run']);
  });

  it('installs once more with the pinned Node, when an old one brought it: optional packages may have been left out', async () => {
    const pinning = { FAKE_NPM_PINS: '1' };
    expect((await bootstrap(['--no-build'], pinning, ['--import', OLD_NODE])).code).toBe(0);
    expect(npmCalls()).toEqual(['install', 'install']);
    rmSync(join(project, 'node_modules/.package-lock.json'));
    expect((await bootstrap(['--no-build'], pinning, ['--import', OLD_NODE])).code).toBe(0);
    expect(npmCalls()).toEqual(['install']);
  });

  it('asks for a newer Node in one sentence where none is pinned', async () => {
    const { code, stderr } = await bootstrap(['--no-build'], {}, ['--import', OLD_NODE]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Donna Gateway needs Node 24 or newer on this machine .* and this is 20\.1\.0: install it from/,
    );
    write('node_modules/.bin/node', '');
    expect((await bootstrap(['--no-build'], {}, ['--import', OLD_NODE])).code).toBe(0);
  });
});
