import { expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { describeWith } from '../setup/parts.js';

const RUN = resolve(import.meta.dirname, '../../legacy-php/tests/run.php');

describeWith('php', 'the PHP application by itself', (php) => {
  it('passes its own tests', async () => {
    const { code, output } = await runPhp(php);
    const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? [];
    // What failed is told by name: the whole output is shown.
    if (code !== 0) throw new Error(output);
    expect(Number(failed)).toBe(0);
    expect(Number(passed)).toBeGreaterThan(50);
  }, 120_000);
});

function runPhp(program: string): Promise<{ code: number | null; output: string }> {
  return new Promise((done, fail) => {
    const php = spawn(program, [RUN], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    php.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    php.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    php.once('error', fail);
    php.once('close', (code) => done({ code, output }));
  });
}
