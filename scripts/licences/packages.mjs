import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { SAID_ELSEWHERE } from './rules.mjs';

/**
 * Every package of package-lock.json, also those of other platforms, with its licence: what the lock says, held against
 * the package itself where it is installed.
 * @returns `packages` by their place in the lock, and `faults`
 */
export function readPackages(root) {
  const { packages: locked } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const packages = new Map();
  const faults = [];
  for (const [place, entry] of Object.entries(locked)) {
    if (place === '' || entry.link === true) continue;
    // An alias has the name of the package that it stands for.
    const name = entry.name ?? nameAt(place);
    const licence = entry.license ?? SAID_ELSEWHERE[name];
    const installed = readManifest(join(root, place));
    const said = installed === undefined ? undefined : licenceIn(installed);
    if (installed !== undefined && installed.version !== entry.version)
      faults.push(`${place}: ${installed.version} is installed, the lock says ${entry.version}`);
    else if (said !== undefined && said !== licence)
      faults.push(
        `${place}: the package says ${said}, ${entry.license === undefined ? 'the rules say' : 'the lock'} ${licence}`,
      );
    packages.set(place, {
      name,
      version: entry.version,
      licence,
      isDev: entry.dev === true,
      // What is for development and optional at once is devOptional only where something else needs it, too.
      isOptional: entry.optional === true || entry.devOptional === true,
    });
  }
  return { packages, faults };
}

/** Places in node_modules of all packages that the build puts into dist: of the server, and of what browsers load. */
export async function listBundled(root) {
  const places = new Set();
  const folder = join(root, 'dist');
  const files = readdirSync(folder).filter((name) => /^(?:main|doctor|gateway\.worker|bundle-\w+)\.js$/.test(name));
  // The bundler names each module above its code.
  for (const name of files)
    for (const [, path] of readFileSync(join(folder, name), 'utf8').matchAll(/^ *\/\/ (node_modules\/\S+)$/gm))
      places.add(placeOf(path));
  if (places.size === 0) throw new Error('dist names no bundled package: npm run build');
  for (const [folderOf, entries] of [
    ['src/admin/ui', ['main.tsx', 'theme.ts']],
    ['src/realtime/client', ['donna-realtime.ts', 'capture-worklet.ts']],
  ]) {
    const { metafile } = await build({
      entryPoints: entries.map((entry) => join(root, folderOf, entry)),
      tsconfig: join(root, folderOf, 'tsconfig.json'),
      outdir: join(root, 'dist'),
      absWorkingDir: root,
      bundle: true,
      write: false,
      metafile: true,
      platform: 'browser',
      format: 'esm',
      logLevel: 'silent',
    });
    for (const path of Object.keys(metafile.inputs)) if (path.startsWith('node_modules/')) places.add(placeOf(path));
  }
  return places;
}

/** `node_modules/a/node_modules/@b/c/index.js` → `node_modules/a/node_modules/@b/c`. */
function placeOf(path) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)[0];
}

function nameAt(place) {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** Also in the old shape: `licenses: [{type}]`. */
function licenceIn({ license, licenses }) {
  if (typeof license === 'string') return license;
  if (typeof license?.type === 'string') return license.type;
  const types = Array.isArray(licenses) ? licenses.map(({ type }) => type) : [];
  return types.length === 0 ? undefined : types.join(' OR ');
}

function readManifest(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  } catch {
    return undefined;
  }
}
