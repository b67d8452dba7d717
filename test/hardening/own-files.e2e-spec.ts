import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { KEY_SHAPES, KEY_SHAPES_BUT_IN_PAGES } from '../../src/secrets/key-shapes.js';
import { PatternSet } from '../../src/secrets/pattern-set.js';

const ROOT = resolve(import.meta.dirname, '../..');
const NOT_OURS = new Set(['node_modules', 'dist', '.data', '.git', 'coverage']);
/** Files that may hold what looks like a key, each with its reason. None does today. */
const ALLOWED: ReadonlyMap<string, string> = new Map();

const patterns = new PatternSet([...KEY_SHAPES, ...KEY_SHAPES_BUT_IN_PAGES]);
const find = (bytes: Buffer): string | undefined => patterns.search(bytes, Buffer.alloc(0), true).pattern?.name;

/** What git keeps, and what it would; without git, every file that is not a tool's. */
function listFiles(): readonly string[] {
  const git = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  if (git.status === 0) return [...new Set(git.stdout.toString().split('\0'))].filter((name) => name !== '');
  return readdirSync(ROOT, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .filter((name) => !name.split('/').some((part) => NOT_OURS.has(part)));
}

function read(name: string): Buffer {
  try {
    return readFileSync(join(ROOT, name));
  } catch {
    // Deleted and not yet committed, or a folder's link.
    return Buffer.alloc(0);
  }
}

describe('the files of this repository', () => {
  it('hold no key, by the shapes that answers are searched for', () => {
    const files = listFiles();
    expect(files.length).toBeGreaterThan(200);
    const found = files.filter((name) => !ALLOWED.has(name)).map((name) => [name, find(read(name))] as const);
    expect(found.filter(([, key]) => key !== undefined)).toEqual([]);
  });

  it('would show a planted one', () => {
    const planted = `const key = '${['ghp', 'q8Wf3LxZ0vN5bT7yH2kR9mC4dJ6gP1sEuA7Q'].join('_')}';`;
    expect(find(Buffer.concat([read('src/main.ts'), Buffer.from(planted)]))).toBe('GitHub token');
  });
});
