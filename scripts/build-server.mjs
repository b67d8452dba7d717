// Bundles what `node dist/main.js` (with its workers) and `node dist/doctor.js` load, after `nest build`: one file that is read and compiled at
// once starts in half the time of three thousand, and holds less memory (ADR 0036).
//   node scripts/build-server.mjs [--out <folder>]      by default dist
// - The input is what the compiler wrote (so decorators' metadata stay as they are); the entries are written over, with what
//   both share, or load later, in `bundle-*.js` beside them. The compiled modules stay: worker threads, the gateway's command
//   line and the scripts load those.
// - What is loaded by few starts only, or looks for its own files, stays in node_modules.
// - Source maps lead to src/. Of node_modules nothing is mapped: the maps would be many megabytes, which the first stack trace
//   under --enable-source-maps would have to read.
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const ENTRIES = ['main', 'gateway.worker', 'doctor'];
const MARK = '// Bundled by scripts/build-server.mjs from the compiled modules beside it.';
/** What is loaded by `import()` alone, with all below it. */
const LOADED_ON_DEMAND = [
  '@electric-sql/*',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace',
  '@php-wasm/*',
  '@sentry/core',
  'nodemailer',
];
/** Parts of Nest and pg that are tried for and not installed. */
const NOT_INSTALLED = [
  '@fastify/*',
  '@nestjs/microservices',
  '@nestjs/websockets',
  'class-transformer/storage',
  'pg-native',
];
/** esbuild defines the name of each function that is made, a request's own too; nearly all of them have it already. */
const NAMES_ALWAYS = '(target, value) => __defProp(target, "name", { value, configurable: true })';
const NAMES_WHERE_LOST = `(target, value) => target.name === value ? target : ${NAMES_ALWAYS.slice('(target, value) => '.length)}`;
const MAP_OF_NOTHING = `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(
  '{"version":3,"sources":[""],"mappings":"A"}',
).toString('base64')}`;

const at = process.argv.indexOf('--out');
const built = await buildServer(resolve((at === -1 ? undefined : process.argv[at + 1]) ?? join(root, 'dist')));
const entry = built.find(({ name }) => name === 'main.js');
const sum = built.reduce((all, { bytes }) => all + bytes, 0);
console.log(`main.js: ${entry?.bytes} bytes, with ${built.length - 1} other files ${sum}`);

/** Returns what was bundled: names, sizes in bytes. @throws Error when something cannot be found */
async function buildServer(folder) {
  for (const name of ENTRIES)
    if (readFileSync(join(folder, `${name}.js`), 'utf8').includes(MARK))
      throw new Error(`${name}.js is bundled already: compile first (npm run build)`);
  for (const name of readdirSync(folder))
    if (/^bundle-\w+\.js(\.map|\.LEGAL\.txt)?$/.test(name)) rmSync(join(folder, name));
  const { metafile, outputFiles } = await build({
    entryPoints: ENTRIES.map((name) => join(folder, `${name}.js`)),
    outdir: folder,
    write: false,
    allowOverwrite: true,
    bundle: true,
    splitting: true,
    // Beside the entries, so that `import.meta` means the same in all of them.
    chunkNames: 'bundle-[hash]',
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Of what is installed twice over, the form that can be left out where it is not used.
    mainFields: ['module', 'main'],
    external: [...LOADED_ON_DEMAND, ...NOT_INSTALLED],
    // Names stand in logs and error messages.
    keepNames: true,
    charset: 'ascii',
    legalComments: 'linked',
    sourcemap: 'linked',
    sourcesContent: false,
    banner: {
      js: `${MARK}\nimport { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);`,
    },
    plugins: [whereModulesStand(folder), withoutForeignMaps(), untouchedPipes()],
    metafile: true,
    absWorkingDir: root,
    logLevel: 'warning',
  });
  if (!outputFiles.some(({ text }) => text.includes(NAMES_ALWAYS)))
    throw new Error(`esbuild no longer names functions by ${NAMES_ALWAYS}: look what it does now`);
  for (const { path, text } of outputFiles)
    writeFileSync(path, path.endsWith('.js') ? asciiOnly(text.replace(NAMES_ALWAYS, NAMES_WHERE_LOST)) : text);
  return Object.entries(metafile.outputs)
    .filter(([path]) => path.endsWith('.js'))
    .map(([path, { bytes }]) => ({ name: relative(folder, resolve(root, path)), bytes }));
}

/** Modules look for their files and threads beside themselves: they are told where they stood. */
function whereModulesStand(folder) {
  return {
    name: 'where-modules-stand',
    setup({ onLoad }) {
      onLoad({ filter: /\.js$/ }, async ({ path }) => {
        const place = relative(folder, path);
        if (place.startsWith('..') || !place.includes(sep)) return undefined;
        const contents = await readFile(path, 'utf8');
        if (!contents.includes('import.meta')) return undefined;
        const address = `new URL(${JSON.stringify(place.replaceAll('\\', '/'))}, import.meta.url)`;
        return {
          contents: contents
            .replaceAll('import.meta.dirname', `(import.meta.dirname + ${JSON.stringify(`${sep}${dirname(place)}`)})`)
            .replaceAll('import.meta.url', `${address}.href`),
        };
      });
    },
  };
}

/** Nest's ValidationPipe and ClassSerializerInterceptor, which nobody here uses, would hold all of two libraries. */
function untouchedPipes() {
  return {
    name: 'untouched-pipes',
    setup({ onResolve }) {
      onResolve({ filter: /^class-(validator|transformer)$/ }, ({ path, kind }) =>
        kind === 'dynamic-import' ? { path, external: true } : undefined,
      );
    },
  };
}

/** V8 keeps two bytes for each character of a source with one that is not Latin-1; esbuild leaves those in comments. */
function asciiOnly(text) {
  return text.replace(/[\u0080-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function withoutForeignMaps() {
  return {
    name: 'without-foreign-maps',
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => ({
        contents: `${await readFile(path, 'utf8')}${MAP_OF_NOTHING}`,
      }));
    },
  };
}
