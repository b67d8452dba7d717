import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { describeWith, requirePart } from './parts.js';

describe('a part that a suite needs', () => {
  const { PATH, CI } = process.env;
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'donna-parts-'));
    process.env['PATH'] = folder;
    delete process.env['CI'];
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
    process.env['PATH'] = PATH;
    if (CI === undefined) delete process.env['CI'];
    else process.env['CI'] = CI;
  });

  it('is found when its program can be run', () => {
    writeFileSync(join(folder, 'php'), '');
    expect(requirePart('php')).toMatchObject({ isPresent: false });
    chmodSync(join(folder, 'php'), 0o755);
    expect(requirePart('php')).toEqual({ isPresent: true, path: join(folder, 'php') });
  });

  it('is told with its reason when it is absent', () => {
    expect(requirePart('chromium')).toEqual({
      isPresent: false,
      reason: 'chromium is not installed here (Debian: apt-get install chromium)',
    });
  });

  it('fails the suite in CI when it is absent', () => {
    process.env['CI'] = 'true';
    expect(() => requirePart('chromium')).toThrow('CI leaves nothing out');
  });
});

describeWith('php', 'a suite that needs a part', (php) => {
  it('is handed a program that runs', () => {
    expect(execFileSync(php, ['-n', '-r', 'echo PHP_MAJOR_VERSION;']).toString()).toMatch(/^[89]$/);
  });
});
