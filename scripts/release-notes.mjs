// Prints what CHANGELOG.md says of a version; .github/workflows/release.yml publishes it.
//   npm run release:notes -- [--tag v1.2.3]     without a tag: of package.json's version
// Exits 1 when tag, package.json, package-lock.json and CHANGELOG.md do not agree; 64 for wrong usage.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const EX_USAGE = 64;
const read = (file) => readFileSync(join(root, file), 'utf8');

const { version } = JSON.parse(read('package.json'));
const tag = readTag() ?? `v${version}`;
const notes = notesOf(version);
const faults = [
  tag === `v${version}` ? '' : `the tag is ${tag}, package.json says ${version}`,
  JSON.parse(read('package-lock.json')).version === version ? '' : `package-lock.json does not say ${version}`,
  notes === undefined ? `CHANGELOG.md has no part ## [${version}] - YYYY-MM-DD with anything in it` : '',
].filter((fault) => fault !== '');
if (faults.length === 0) console.log(notes);
else {
  for (const fault of faults) console.error(fault);
  process.exitCode = 1;
}

function readTag() {
  try {
    return parseArgs({ options: { tag: { type: 'string' } } }).values.tag;
  } catch (error) {
    console.error(`${error.message}\nusage: npm run release:notes -- [--tag v1.2.3]`);
    process.exit(EX_USAGE);
  }
}

/** What stands between a version's heading, which has its date, and the next. */
function notesOf(wanted) {
  const parts = read('CHANGELOG.md').split(/^## /m);
  const part = parts.find((text) => /^\[([^\]]+)\] - \d{4}-\d{2}-\d{2}$/m.exec(text.split('\n')[0])?.[1] === wanted);
  const text = part?.slice(part.indexOf('\n')).trim();
  return text === '' ? undefined : text;
}
