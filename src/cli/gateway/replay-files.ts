import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Fixture, FixtureError, readFixture } from '../../experiment/index.js';
import { UsageError } from './operator-access.js';

const MAX_FILES = 5000;

/** Reads fixtures from files, folders, or the folders of routes below `folder`. @throws UsageError */
export function readFixtures(names: readonly string[], folder: string): Fixture[] {
  const files = (names.length === 0 ? [folder] : names).flatMap((name) => filesOf(name, folder));
  if (files.length === 0)
    throw new UsageError(`There are no fixtures in ${names.length === 0 ? folder : names.join(', ')}`);
  if (files.length > MAX_FILES) throw new UsageError(`More than ${MAX_FILES} fixtures: name routes`);
  return [...new Set(files)].map((file) => {
    try {
      return readFixture(readFileSync(file, 'utf8'), file);
    } catch (error) {
      if (error instanceof FixtureError) throw new UsageError(error.message);
      throw error;
    }
  });
}

function filesOf(name: string, folder: string): string[] {
  for (const path of [name, join(folder, name)]) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isFile() === true) return [path];
    if (found?.isDirectory() === true) return jsonFilesIn(path);
  }
  throw new UsageError(`There is neither a file ${name} nor a folder ${join(folder, name)}`);
}

function jsonFilesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry: Dirent) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
