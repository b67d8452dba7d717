// Whether every dependency has a licence that we may use, and whether docs/licences.md lists them as they are now:
//   npm run check:licences
//   npm run licences            writes docs/licences.md anew
// What is allowed stands in scripts/licences/rules.mjs. Before the real packages, planted ones are looked at: a check that
// does not find those finds nothing. Needs dist, for what is bundled into it (npm run build).
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { listBundled, readPackages } from './licences/packages.mjs';
import { exceptionOf, findFault } from './licences/rules.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const DOCUMENT = join(root, 'docs', 'licences.md');

/** A package, and whether something must be found wrong with it. */
const CANARY = [
  [{ name: 'planted', licence: 'GPL-3.0-only' }, true],
  [{ name: 'planted', licence: 'AGPL-3.0-only', isDev: true }, true],
  [{ name: 'planted', licence: undefined }, true],
  [{ name: 'planted', licence: 'SEE LICENSE IN LICENSE' }, true],
  [{ name: 'planted', licence: 'MIT AND GPL-2.0-only' }, true],
  [{ name: 'planted', licence: '(MIT' }, true],
  [{ name: 'planted', licence: 'MPL-2.0' }, true],
  [{ name: 'planted', licence: 'MPL-2.0', isDev: true, isBundled: true }, true],
  [{ name: '@php-wasm/planted', licence: 'GPL-2.0-or-later', isOptional: false }, true],
  [{ name: '@php-wasm/planted', licence: 'GPL-2.0-or-later', isOptional: true, isBundled: true }, true],
  [{ name: '@php-wasm/planted', licence: 'GPL-2.0-or-later', isOptional: true }, false],
  [{ name: 'planted', licence: 'MPL-2.0', isDev: true }, false],
  [{ name: 'planted', licence: '(GPL-3.0-only OR (MIT AND ISC))' }, false],
];

const { packages, faults } = readPackages(root);
for (const [planted, isWrong] of CANARY)
  if ((findFault(planted) !== undefined) !== isWrong)
    faults.push(`planted: ${planted.licence} of ${planted.name} was ${isWrong ? 'not found' : 'refused'}`);

for (const place of await listBundled(root)) {
  const bundled = packages.get(place);
  if (bundled === undefined) faults.push(`${place} is bundled and stands not in package-lock.json`);
  else bundled.isBundled = true;
}
for (const [place, entry] of packages) {
  const fault = findFault(entry);
  if (fault !== undefined) faults.push(`${place} (${entry.version}): ${fault}`);
}

const text = await describe([...packages.values()]);
if (process.argv.includes('--write')) writeFileSync(DOCUMENT, text);
else if (readIfThere(DOCUMENT) !== text) faults.push('docs/licences.md is not current: npm run licences');

for (const fault of faults) console.log(fault);
console.log(`Licences: ${faults.length} faults in ${packages.size} packages (${CANARY.length} planted).`);
process.exitCode = faults.length === 0 ? 0 : 1;

async function describe(all) {
  const handedOn = unique(all.filter(({ isDev, isBundled }) => !isDev || isBundled));
  const development = unique(all.filter(({ isDev, isBundled }) => isDev && !isBundled));
  const lines = [
    '# Licences of dependencies',
    '',
    'Made by `npm run licences` from package-lock.json, the installed packages and what the build bundles; `npm run check:licences` holds it.',
    'What is allowed, and every exception, stands in `scripts/licences/rules.mjs`; why a dependency is here, in [dependencies.md](dependencies.md).',
    'The texts of the licences of what is bundled lie beside it, in `dist/THIRD_PARTY_NOTICES.txt`.',
    '',
    '## With the gateway',
    '',
    `${handedOn.length} packages: _bundled_ into \`dist\` (the server, the dashboard), or installed beside it; _optional_ ones may be left out.`,
    '',
    '| package | version | licence | |',
    '| --- | --- | --- | --- |',
    ...handedOn.map((entry) => `| \`${entry.name}\` | ${entry.version} | ${entry.licence} | ${noteOf(entry)} |`),
    '',
    '## For development only',
    '',
    `${development.length} packages, never handed on.`,
    '',
  ];
  for (const [licence, entries] of byLicence(development))
    lines.push(
      `- **${licence}** (${entries.length}): ${entries.map(({ name, version }) => `${name} ${version}`).join(', ')}`,
    );
  const options = await resolveConfig(DOCUMENT);
  return format(`${lines.join('\n')}\n`, { ...options, parser: 'markdown' });
}

function noteOf(entry) {
  const notes = [entry.isBundled ? 'bundled' : '', entry.isOptional ? 'optional' : '', exceptionOf(entry) ?? ''];
  return notes.filter((note) => note !== '').join('; ');
}

/** One line for each name and version, however often it is installed. */
function unique(entries) {
  const lines = new Map();
  for (const entry of entries) {
    const key = `${entry.name} ${entry.version}`;
    const known = lines.get(key);
    lines.set(key, {
      ...entry,
      isBundled: entry.isBundled === true || known?.isBundled === true,
      isOptional: entry.isOptional && (known?.isOptional ?? true),
    });
  }
  return [...lines.values()].toSorted(
    (left, right) => compare(left.name, right.name) || compare(left.version, right.version),
  );
}

/** Most packages first. */
function byLicence(entries) {
  const groups = Map.groupBy(entries, ({ licence }) => licence);
  return [...groups].toSorted(([left, some], [right, others]) => others.length - some.length || compare(left, right));
}

/** By code points: the same order on every machine. */
function compare(left, right) {
  return left < right ? -1 : left > right ? 1 : 0;
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
