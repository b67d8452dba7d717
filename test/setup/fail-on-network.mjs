// Fails the test during which something tried to reach beyond this machine, whether or not the code minded.
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach } from '@jest/globals';
import { takeAttempts } from './loopback-only.mjs';

/** What children of this worker's tests noted since the last call. */
export function takeNotes(folder = process.env.DONNA_LOOPBACK_NOTES) {
  if (folder === undefined) return [];
  return listFiles(folder).flatMap((name) => {
    const file = join(folder, name);
    try {
      const text = readFileSync(file, 'utf8');
      rmSync(file);
      return [text];
    } catch {
      return []; // A folder, or gone.
    }
  });
}

function listFiles(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function failOnAttempts() {
  const attempts = [...takeAttempts(), ...takeNotes()];
  if (attempts.length > 0) throw new Error(attempts.join('\n'));
}

afterEach(failOnAttempts);
afterAll(failOnAttempts);
