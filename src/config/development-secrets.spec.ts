import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { transformFile } from '@swc/core';

const run = promisify(execFile);

describe('development secrets', () => {
  it('are the same for starters that begin together', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'donna-secrets-'));
    try {
      for (const name of ['development-secrets', 'system-errors']) {
        const { code } = await transformFile(join(import.meta.dirname, `${name}.ts`), { filename: `${name}.ts` });
        writeFileSync(join(folder, `${name}.js`), code);
      }
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
      const start = `import { keepDevelopmentSecrets as keep } from './development-secrets.js'; console.log(JSON.stringify(keep('data')));`;
      const starters = Array.from({ length: 6 }, () =>
        run(process.execPath, ['--input-type=module', '-e', start], { cwd: folder }),
      );
      const printed = new Set((await Promise.all(starters)).map(({ stdout }) => stdout.trim()));
      expect(printed.size).toBe(1);
      expect(readdirSync(join(folder, 'data'))).toEqual(['secrets.json']);
      expect([...printed][0]).toBe(JSON.stringify(JSON.parse(readFileSync(join(folder, 'data/secrets.json'), 'utf8'))));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
