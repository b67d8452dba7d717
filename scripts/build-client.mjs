// Bundles what runs in browsers, after `nest build`, which empties dist:
//   node scripts/build-client.mjs [--out <folder>]      by default dist: realtime/client and admin/ui below it
// - the voice client (src/realtime/client): two files of fixed names, without dependencies
// - the dashboard (src/admin/ui): files named by their content, each compressed beside itself, and the page that names them
// `npm run build` calls it; Jest does so once for the gateways that run from sources (test/setup/build-client.mjs).
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const client = join(root, 'src', 'realtime', 'client');
const dashboard = join(root, 'src', 'admin', 'ui');
/** Bytes, compressed, that the library may have: a page waits for it before it can do anything. */
const MAX_CLIENT_BYTES = 11 * 1024;
/** The same for the dashboard, by kind of file. */
const MAX_DASHBOARD_BYTES = { '.js': 60 * 1024, '.css': 8 * 1024 };

const COMMON = {
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  legalComments: 'none',
  charset: 'utf8',
  write: false,
  logLevel: 'warning',
};

/** Returns what was built: names, sizes in bytes. @throws Error when it does not compile, or is too large */
export async function buildClient(folder = join(root, 'dist', 'realtime', 'client')) {
  const { outputFiles } = await build({
    ...COMMON,
    entryPoints: [join(client, 'donna-realtime.ts'), join(client, 'capture-worklet.ts')],
    outdir: folder,
    tsconfig: join(client, 'tsconfig.json'),
    sourcemap: 'linked',
  });
  mkdirSync(folder, { recursive: true });
  for (const { path, contents } of outputFiles) writeWhole(path, contents);
  const built = outputFiles.filter(({ path }) => path.endsWith('.js')).map(measure);
  for (const { name, gzipBytes } of built)
    if (gzipBytes > MAX_CLIENT_BYTES)
      throw new Error(`${name} has ${gzipBytes} bytes compressed: more than ${MAX_CLIENT_BYTES}`);
  return built;
}

/** Builds the dashboard's page and its assets. Returns and throws as `buildClient` does. */
export async function buildDashboard(folder = join(root, 'dist', 'admin', 'ui')) {
  const assets = join(folder, 'assets');
  const { outputFiles, metafile } = await build({
    ...COMMON,
    entryPoints: { dashboard: join(dashboard, 'main.tsx'), theme: join(dashboard, 'theme.ts') },
    outdir: assets,
    entryNames: '[name]-[hash]',
    tsconfig: join(dashboard, 'tsconfig.json'),
    metafile: true,
  });
  mkdirSync(assets, { recursive: true });
  const kept = new Set();
  for (const { path, contents } of outputFiles) {
    const file = lowerName(path);
    const brotli = brotliCompressSync(contents, {
      params: { [constants.BROTLI_PARAM_SIZE_HINT]: contents.byteLength },
    });
    const variants = { [file]: contents, [`${file}.gz`]: gzipSync(contents, { level: 9 }), [`${file}.br`]: brotli };
    for (const [name, bytes] of Object.entries(variants)) {
      kept.add(basename(name));
      writeWhole(name, bytes);
    }
  }
  writeWhole(join(folder, 'index.html'), Buffer.from(pageOf(metafile, folder)));
  for (const name of readdirSync(assets))
    if (!kept.has(name) && /^(dashboard|theme)-/.test(name)) rmSync(join(assets, name));
  const built = outputFiles.map(measure);
  for (const [ending, most] of Object.entries(MAX_DASHBOARD_BYTES)) {
    const sum = built.filter(({ name }) => name.endsWith(ending)).reduce((all, { gzipBytes }) => all + gzipBytes, 0);
    if (sum > most) throw new Error(`the dashboard's *${ending} have ${sum} bytes compressed: more than ${most}`);
  }
  return built;
}

/** The page, with the names that its files have this time; `%root%` is the server's to say. */
function pageOf({ outputs }, folder) {
  const files = Object.entries(outputs).map(([path, { entryPoint }]) => ({
    address: relative(folder, lowerName(resolve(path))).replaceAll('\\', '/'),
    from: entryPoint === undefined ? undefined : basename(entryPoint),
  }));
  const addressOf = (isIt) => files.find(isIt)?.address;
  const named = {
    theme: addressOf(({ from }) => from === 'theme.ts'),
    script: addressOf(({ from, address }) => from === 'main.tsx' && address.endsWith('.js')),
    style: addressOf(({ address }) => address.endsWith('.css')),
  };
  const page = readFileSync(join(dashboard, 'index.html'), 'utf8').replace(/\n\s*/g, '\n');
  return page.replace(/%(theme|script|style)%/g, (_, name) => {
    if (named[name] === undefined) throw new Error(`the dashboard has no ${name}`);
    return named[name];
  });
}

/** Addresses are matched without regard to case. */
function lowerName(path) {
  return join(dirname(path), basename(path).toLowerCase());
}

function measure({ path, contents }) {
  return {
    name: basename(path),
    bytes: contents.byteLength,
    gzipBytes: gzipSync(contents, { level: 9 }).byteLength,
  };
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
  const out = resolve((at === -1 ? undefined : process.argv[at + 1]) ?? join(root, 'dist'));
  const built = [
    ...(await buildClient(join(out, 'realtime', 'client'))),
    ...(await buildDashboard(join(out, 'admin', 'ui'))),
  ];
  for (const { name, bytes, gzipBytes } of built) console.log(`${name}: ${bytes} bytes, ${gzipBytes} compressed`);
}
