// Bundles the browser's part of realtime (src/realtime/client) into two files without dependencies:
//   node scripts/build-client.mjs [--out <folder>]      by default dist/realtime/client; after `nest build`, which empties dist
// `npm run build` calls it; Jest does so once for the gateways that run from sources (test/setup/build-client.mjs).
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, 'src', 'realtime', 'client');
/** Bytes, compressed, that the library may have: a page waits for it before it can do anything. */
const MAX_GZIP_BYTES = 11 * 1024;

/** Returns what was built: names, sizes in bytes. @throws Error when it does not compile, or is too large */
export async function buildClient(folder = join(root, 'dist', 'realtime', 'client')) {
  const { outputFiles } = await build({
    entryPoints: [join(sources, 'donna-realtime.ts'), join(sources, 'capture-worklet.ts')],
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    tsconfig: join(sources, 'tsconfig.json'),
    sourcemap: 'linked',
    legalComments: 'none',
    charset: 'utf8',
    write: false,
    logLevel: 'warning',
  });
  mkdirSync(folder, { recursive: true });
  for (const { path, contents } of outputFiles) writeWhole(path, contents);
  const built = outputFiles
    .filter(({ path }) => path.endsWith('.js'))
    .map(({ path, contents }) => ({
      name: basename(path),
      bytes: contents.byteLength,
      gzipBytes: gzipSync(contents, { level: 9 }).byteLength,
    }));
  for (const { name, gzipBytes } of built)
    if (gzipBytes > MAX_GZIP_BYTES)
      throw new Error(`${name} has ${gzipBytes} bytes compressed: more than ${MAX_GZIP_BYTES}`);
  return built;
}

/** Appears complete or not at all: somebody may be reading it, or writing the same. */
function writeWhole(path, contents) {
  if (readIfThere(path)?.equals(contents)) return;
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, contents);
  renameSync(draft, path);
}

function readIfThere(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf('--out');
  const folder = at === -1 ? undefined : process.argv[at + 1];
  for (const { name, bytes, gzipBytes } of await buildClient(folder === undefined ? undefined : resolve(folder)))
    console.log(`${name}: ${bytes} bytes, ${gzipBytes} compressed`);
}
