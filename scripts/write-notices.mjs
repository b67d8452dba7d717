// Writes dist/THIRD_PARTY_NOTICES.txt: the licence texts of all packages that the build has bundled into dist, as their
// licences ask. Where a package has no such file, its README may quote it, or its licence is MIT, whose text is known; anything
// else is a fault.
//   node scripts/write-notices.mjs      the end of `npm run build`
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listBundled, readPackages } from './licences/packages.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const LICENCE_FILE = /^(?:un)?licen[cs]e(?:[-.].*)?$|^copying(?:\..*)?$/i;
const NOTICE_FILE = /^notice(?:\..*)?$/i;
const QUOTED = /(?:copyright|permission is hereby granted)[^]*?in the software\./i;
const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify,
merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished
to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE
FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION
WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

const { packages } = readPackages(root);
const parts = [];
const without = [];
for (const place of [...(await listBundled(root))].toSorted()) {
  const { name, version, licence } = packages.get(place);
  const texts = readTexts(join(root, place), { name, licence });
  if (texts.length === 0) without.push(`${name} ${version} (${licence})`);
  parts.push(`${name} ${version} (${licence})\n\n${texts.join('\n\n')}\n`);
}
for (const what of without) console.error(`no licence text in ${what}`);
if (without.length > 0) process.exitCode = 1;
else {
  const head = 'Donna Gateway contains the packages below, or parts of them, under these licences.\n';
  writeFileSync(join(root, 'dist', 'THIRD_PARTY_NOTICES.txt'), [head, ...parts].join(`\n${'-'.repeat(80)}\n\n`));
  console.log(`THIRD_PARTY_NOTICES.txt: ${parts.length} packages`);
}

function readTexts(folder, { name, licence }) {
  const names = readdirSync(folder).toSorted();
  const read = (file) => readFileSync(join(folder, file), 'utf8').trim();
  const texts = [LICENCE_FILE, NOTICE_FILE].flatMap((pattern) => names.filter((file) => pattern.test(file)).map(read));
  if (texts.length > 0) return texts;
  const quoted = names.filter((file) => /^readme/i.test(file)).map((file) => QUOTED.exec(read(file))?.[0] ?? '');
  if (quoted.some((text) => text !== '')) return quoted.filter((text) => text !== '');
  if (licence !== 'MIT') return [];
  const { author } = JSON.parse(read('package.json'));
  const who = typeof author === 'string' ? author : author?.name;
  return [`Copyright (c) ${who?.replace(/\s*<[^>]*>/, '') ?? `the authors of ${name}`}\n\n${MIT}`];
}
