import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { StaticFile } from '../../edge/index.js';

const SCRIPT = 'text/javascript; charset=utf-8';
const MAP = 'application/json; charset=utf-8';
const TYPES: Readonly<Record<string, string>> = {
  'donna-realtime.js': SCRIPT,
  'donna-realtime.js.map': MAP,
  'capture-worklet.js': SCRIPT,
  'capture-worklet.js.map': MAP,
};
/** The build puts them beside this folder; whoever runs from sources (Jest) has them built into a cache of the project. */
const HOMES = ['../client', '../../../node_modules/.cache/donna-gateway/client'];

/** Reads the built client, all of it or, where it was not built, nothing. */
export function readClientFiles(
  homes: readonly string[] = HOMES.map((home) => join(import.meta.dirname, home)),
): ReadonlyMap<string, StaticFile> {
  for (const home of homes) {
    const files = Object.entries(TYPES).flatMap(([name, type]) => readFile(join(home, name), name, type));
    if (files.length === Object.keys(TYPES).length) return new Map(files);
  }
  return new Map();
}

function readFile(path: string, name: string, type: string): [string, StaticFile][] {
  try {
    const bytes = readFileSync(path);
    const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
    return [[name, { type, bytes, gzip: gzipSync(bytes, { level: 9 }), hash }]];
  } catch {
    return [];
  }
}
