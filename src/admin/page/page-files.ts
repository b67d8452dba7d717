import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { StaticFile } from '../../edge/index.js';

/** The built dashboard. */
export interface PageFiles {
  /** The page, for a root that it is told as a relative address. */
  page(root: string): StaticFile;
  /** What the page names, by its address below the page: `assets/…`. */
  readonly assets: ReadonlyMap<string, StaticFile>;
}

/** The build puts them beside this folder; whoever runs from sources (Jest) has them built into a cache of the project. */
const HOMES = ['../ui', '../../../node_modules/.cache/donna-gateway/admin-ui'];
const NAMED = /(?:src|href)="(assets\/[a-z0-9.-]+)"/g;
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** Reads the built dashboard; undefined where it was not built. */
export function readPageFiles(
  homes: readonly string[] = HOMES.map((home) => join(import.meta.dirname, home)),
): PageFiles | undefined {
  for (const home of homes) {
    try {
      return readHome(home);
    } catch {
      // Not built here, or not wholly.
    }
  }
  return undefined;
}

function readHome(home: string): PageFiles {
  const text = readFileSync(join(home, 'index.html'), 'utf8');
  const names = [...text.matchAll(NAMED)].map(([, name = '']) => name);
  // Beside the sources lies what the page is made from.
  if (names.length === 0) throw new Error(`${home} holds no built page`);
  const assets = new Map(names.map((name) => [name, readAsset(home, name)]));
  return { assets, page: (root) => toPage(text.replace('%root%', root)) };
}

function readAsset(home: string, name: string): StaticFile {
  const [bytes, gzip, brotli] = ['', '.gz', '.br'].map((ending) => readFileSync(join(home, name + ending)));
  if (bytes === undefined || gzip === undefined || brotli === undefined) throw new Error(`${name} is not whole`);
  return { type: TYPES[extname(name)] ?? 'application/octet-stream', bytes, gzip, brotli, hash: hashOf(bytes) };
}

function toPage(text: string): StaticFile {
  const bytes = Buffer.from(text);
  return {
    type: 'text/html; charset=utf-8',
    bytes,
    gzip: gzipSync(bytes),
    brotli: brotliCompressSync(bytes),
    hash: hashOf(bytes),
  };
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
}
