import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { loopbackEnv } from './loopback-env.js';

jest.setTimeout(120_000);

const ROOT = resolve(import.meta.dirname, '../..');
const JEST = join(ROOT, 'node_modules/jest/bin/jest.js');
/** Fails the first time that it is run, and passes ever after. */
const UNSTEADY = `
const { existsSync, writeFileSync } = require('node:fs');
it('is quick', () => {
  const isSecond = existsSync(__filename + '.ran');
  writeFileSync(__filename + '.ran', '');
  expect(isSecond ? 'quick' : 'slow').toBe('quick');
});
it('is right', () => expect(1).toBe(1));`;
const GOOD = `it('is good', () => expect(1).toBe(1));`;
const BAD = `it('is bad', () => expect(1).toBe(2)); it('is good', () => expect(1).toBe(1));`;

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Runs the project's own check on a small project of these test files. */
async function check(tests: Readonly<Record<string, string>>): Promise<{ code: number; output: string; last: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'donna-check-spec-'));
  folders.push(folder);
  mkdirSync(join(folder, 'scripts'));
  for (const part of ['check.mjs', 'check'])
    cpSync(join(ROOT, 'scripts', part), join(folder, 'scripts', part), { recursive: true });
  const steps = [
    'format',
    'lint',
    'types',
    'deps',
    'dead',
    'data',
    'observability',
    'cost',
    'soak',
    'docs',
    'licences',
  ].map((step) => [`check:${step}`, 'true']);
  const scripts = {
    ...Object.fromEntries(steps),
    'lint:openapi': 'true',
    'lint:workflows': 'true',
    smokes: 'true',
    test: `exec '${process.execPath}' '${JEST}'`,
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts, jest: { transform: {} } }));
  for (const [name, text] of Object.entries(tests)) writeFileSync(join(folder, name), text);
  const env = { ...loopbackEnv(), PATH: process.env['PATH'], npm_config_update_notifier: 'false', HOME: folder };
  const { code, stdout } = await promisify(execFile)(process.execPath, ['scripts/check.mjs'], { cwd: folder, env })
    .then((out) => ({ ...out, code: 0 }))
    .catch((error: { code: number; stdout: string }) => error);
  return { code, output: stdout, last: stdout.trimEnd().split('\n').at(-1) ?? '' };
}

describe('npm run check', () => {
  it('counts a file that passes alone as passed, and names it and its first failure as unsteady', async () => {
    const { code, output, last } = await check({ 'flaky.spec.js': UNSTEADY, 'good.spec.js': GOOD });
    expect([code, last]).toEqual([0, '17 passed, 0 failed']);
    expect(output).toMatch(/^unsteady: flaky\.spec\.js /m);
    expect(output).toMatch(/^ +is quick: .*Expected: "quick" \| Received: "slow"$/m);
  });

  it('fails by what fails twice, also beside an unsteady one, and by a file that does not run', async () => {
    const { code, output, last } = await check({
      'flaky.spec.js': UNSTEADY,
      'bad.spec.js': BAD,
      'broken.spec.js': 'throw new Error("not loaded");',
    });
    expect([code, last]).toEqual([1, '17 passed, 2 failed']);
    expect(output).toContain('1 test files did not run');
    expect(output.match(/^unsteady: .*$/gm)).toEqual([expect.stringContaining('flaky.spec.js')]);
  });

  it('looks at no more than three files twice', async () => {
    const names = ['a', 'b', 'c', 'd'].map((name) => `${name}.spec.js`);
    const { code, output, last } = await check(Object.fromEntries(names.map((name) => [name, UNSTEADY])));
    expect([code, last]).toEqual([1, '18 passed, 4 failed']);
    expect(output).not.toMatch(/unsteady|second look/);
  });
});
