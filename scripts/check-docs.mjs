// What the documents say is so: links and anchors, paths, npm scripts, commands and environment variables exist, and blocks of
// code can be read. Before the real pages, the check is run over planted ones: a check that does not find those finds nothing.
//   node scripts/check-docs.mjs
import { readFileSync, readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFaults } from './docs/find-faults.mjs';
import { plantedPages } from './docs/planted-pages.mjs';
import { readPage } from './docs/read-page.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** What they name may be gone by now. */
const HISTORY = new Set(['CHANGELOG.md']);

const broken = tryOnPlanted();
if (broken.length > 0) {
  console.error(`The check itself is broken. ${broken.join('; ')}.`);
  process.exitCode = 1;
} else {
  const project = readProject();
  let count = 0;
  for (const [path, page] of project.pages)
    for (const { line, kind, what } of findFaults(path, page, project, { isHistory: HISTORY.has(path) })) {
      count += 1;
      console.error(`${path}:${line}: ${kind}${what === '' ? '' : `: ${what}`}`);
    }
  const blocks = [...project.pages.values()].reduce((sum, page) => sum + page.blocks.length, 0);
  const links = [...project.pages.values()].reduce((sum, page) => sum + page.links.length, 0);
  const planted = plantedPages.faulty.length;
  console.log(
    `Documents: ${count} faults in ${project.pages.size} pages, ${links} links, ${blocks} blocks (and ${planted} of ${planted} planted ones were found).`,
  );
  if (count > 0 || project.pages.size < 20) process.exitCode = 1;
}

function readProject() {
  const files = new Set(listFiles());
  const read = (path) => readFileSync(join(root, path), 'utf8');
  const pages = new Map([...files].filter((file) => file.endsWith('.md')).map((file) => [file, readPage(read(file))]));
  const variables = new Set(
    [
      // The gateway's, PHP's (a table), and what compose.yaml is told.
      ...read('.env.example').matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm),
      ...read('legacy-php/README.md').matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g),
      ...(files.has('compose.yaml') ? read('compose.yaml') : '').matchAll(/\$\{([A-Z][A-Z0-9_]+)/g),
    ].map(([, name]) => name),
  );
  const codes = new Set(
    Array.from(read('src/contract/error-catalogue.ts').matchAll(/\b([A-Z]+(?:_[A-Z]+)+)\b/g), ([, name]) => name),
  );
  const sources = [...files].filter((file) => /^src\/(?!.*\.spec\.).*\.ts$/.test(file)).map(read);
  const metrics = new Set(sources.flatMap((text) => Array.from(text.matchAll(/'(donna_\w+)'/g), ([, name]) => name)));
  const commands = new Set(
    [...files].flatMap((file) => /^src\/cli\/gateway\/commands\/(.+)\.command\.ts$/.exec(file)?.[1] ?? []),
  );
  const scripts = new Set(Object.keys(JSON.parse(read('package.json')).scripts));
  return { files, folders: foldersOf(files), pages, variables, metrics, codes, commands, scripts };
}

/** What git tracks or is about to; of an export without .git every file beside what a run makes. */
function listFiles() {
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 };
  const top = spawnSync('git', ['rev-parse', '--show-toplevel'], options);
  if (top.status === 0 && relative(top.stdout.trim(), root) === '') {
    const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], options);
    const gone = spawnSync('git', ['ls-files', '-z', '--deleted'], options).stdout.split('\0');
    return stdout.split('\0').filter((name) => name !== '' && !gone.includes(name));
  }
  const made = /^(?:node_modules|dist|coverage|\.data|legacy-php\/var)(?:\/|$)/;
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((name) => !made.test(name));
}

function foldersOf(files) {
  const folders = new Set();
  for (const file of files)
    for (let folder = posix.dirname(file); folder !== '.'; folder = posix.dirname(folder)) folders.add(folder);
  return folders;
}

function tryOnPlanted() {
  const { project, faulty, right } = plantedPages;
  const pages = new Map(Object.entries(project.texts).map(([path, text]) => [path, readPage(text)]));
  const files = new Set([...project.files, ...pages.keys()]);
  const whole = { ...project, files, folders: foldersOf(files), pages };
  const found = (text) => {
    const page = readPage(text);
    const around = {
      ...whole,
      files: new Set([...files, 'docs/page.md']),
      pages: new Map([...pages, ['docs/page.md', page]]),
    };
    return findFaults('docs/page.md', page, around).map(({ kind }) => kind);
  };
  return [
    ...faulty
      .filter(({ kind, text }) => !found(text).includes(kind))
      .map(({ kind }) => `planted and not found: ${kind}`),
    ...right.flatMap((text) => found(text).map((kind) => `right, and reported as ${kind}: ${text.split('\n')[0]}`)),
  ];
}
