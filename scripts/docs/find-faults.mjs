// What a page says of the project, held against the project.
import { posix } from 'node:path';
import { commandsOf, faultOfCode } from './check-code.mjs';

const SOURCES = /\.(?:ts|tsx|mjs|cjs|php|md|ya?ml|json|sh|conf|service|timer)$/;
/** Made by an installation, a build or a run: in no clone. */
const MADE = /^(?:dist|node_modules|coverage|\.data|legacy-php\/var)(?:\/|$)|^\.env$/;
/** Where a path without its folder is at home: documents speak of rooms by their names. */
const HOMES = [
  '',
  'src',
  'legacy-php',
  'legacy-php/public',
  'legacy-php/tests',
  'src/features',
  'src/admin/ui',
  'test/bench',
];
const SHELLS = new Set(['sh', 'bash', 'console']);
/** Upper case, and no setting: of PHP's requests, of Node, of GitHub, of Postgres' and Debian's programs. */
const OF_OTHERS = new Set(
  (
    'REMOTE_ADDR PATH_INFO SCRIPT_NAME SCRIPT_FILENAME REQUEST_URI NODE_OPTIONS NODE_TLS_REJECT_UNAUTHORIZED ' +
    'HEALTH_URL SCHED_NONE OTEL_EXPORTER_OTLP_HEADERS'
  ).split(' '),
);

/**
 * @param project `files` (paths from the root), `pages` (path → what readPage says), `scripts`, `commands` (of `npm run gateway`),
 *   `variables`, `metrics`, `codes`
 * @param isHistory what it names may be gone: only its links count
 * @returns {{ line: number, kind: string, what: string }[]}
 */
export function findFaults(path, page, project, { isHistory = false } = {}) {
  const faults = page.unclosed.map((line) => ({ line, kind: 'a block that does not end', what: '' }));
  const tell = (line, kind, what) => faults.push({ line, kind, what });
  for (const { target, line } of page.links) checkLink(path, target, project, (kind) => tell(line, kind, target));
  if (isHistory) return faults;
  for (const { word, line } of page.words) {
    if (isLostPath(path, word, project)) tell(line, 'a path that is not there', word);
    checkCommand(word, project, (kind, what) => tell(line, kind, what));
    const [, metric] = /^(donna_[a-z0-9]+_\w+?)(?:_(?:count|sum|bucket))?(?:\{.*\})?$/.exec(word) ?? [];
    if (metric !== undefined && !project.metrics.has(metric)) tell(line, 'a metric that is not there', metric);
    const [, variable] = /^([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=.*)?$/.exec(word) ?? [];
    if (variable !== undefined && !isKnown(variable, project)) tell(line, 'an unknown variable', variable);
    if (/^(?:smoke|check|lint|client|test):[a-z0-9:-]+$/.test(word) && !project.scripts.has(word))
      tell(line, 'an npm script that is not there', word);
  }
  for (const block of page.blocks) {
    const fault = faultOfCode(block);
    if (fault !== undefined) tell(block.line, `${block.language} that cannot be read`, fault);
    if (!SHELLS.has(block.language)) continue;
    const text = block.language === 'console' ? commandsOf(block.text) : block.text;
    checkCommand(text, project, (kind, what) => tell(block.line, kind, what));
    for (const [, variable] of text.matchAll(/(?:^|[\s;&(])(?:export )?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)=/g))
      if (!isKnown(variable, project)) tell(block.line, 'an unknown variable', variable);
    for (const [, file] of text.matchAll(
      /(?<![\w./-])((?:src|test|docs|scripts|deploy|legacy-php|\.ci)\/[\w./-]*[\w/])/g,
    ))
      if (isLostPath(path, file, project)) tell(block.line, 'a path that is not there', file);
  }
  return faults;
}

function checkLink(path, target, project, tell) {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return;
  const [address, anchor] = target.split('#');
  const to = address === '' ? path : posix.normalize(posix.join(posix.dirname(path), decodeURI(address)));
  if (!isThere(to, project)) return tell('a link to a file that is not there');
  if (anchor === undefined) return;
  const there = project.pages.get(to);
  if (there !== undefined && !there.anchors.has(anchor)) tell('a link to a heading that is not there');
}

/** Whether a word in backticks is spelt like a path of this repository and leads nowhere. */
function isLostPath(path, word, { files, folders }) {
  const isSpeltSo = /^(?:\.{1,2}\/)*[\w.@~-]+(?:[/*][\w.@{}*,~-]*)*$/.test(word) && !MADE.test(word);
  if (!isSpeltSo) return false;
  if (!word.includes('/')) {
    // A bare name: only of what is code, since data and settings are often made.
    if (!/^[\w.-]+\.(?:ts|tsx|mjs|php)$/.test(word) || word.startsWith('.')) return false;
    return ![...files].some((file) => file === word || file.endsWith(`/${word}`));
  }
  const [first] = word.split('/');
  const isOurs = first !== '..' && first !== '.' && folders.has(first);
  if (!isOurs && !SOURCES.test(word)) return false;
  const homes = [...HOMES, posix.dirname(path)];
  return !homes.some((home) => isThere(posix.normalize(posix.join(home, word)), { files, folders }));
}

/** A file, a folder with files, or a pattern that some file fits. */
function isThere(path, { files, folders }) {
  const bare = path.replace(/\/+$/, '');
  if (bare === '' || bare === '.' || files.has(bare) || folders.has(bare)) return true;
  if (!/[*{]/.test(bare)) return false;
  const pattern = bare
    .replace(/[.+^$()|[\]\\]/g, '\\$&')
    .replace(/\{([^}]*)\}/g, (_, choices) => `(?:${choices.replaceAll(',', '|')})`)
    .replace(/\*+/g, (stars) => (stars.length > 1 ? '.*' : '[^/]*'));
  const fits = new RegExp(`^${pattern}(?:/|$)`);
  return [...files].some((file) => fits.test(file));
}

function checkCommand(text, { scripts, commands }, tell) {
  for (const [, name] of text.matchAll(/\bnpm (?:run|run-script)(?: +-{1,2}s(?:ilent)?)? +([a-z][\w:.-]*[\w*])/g))
    if (!name.endsWith('*') && !scripts.has(name)) tell('an npm script that is not there', name);
  for (const [, name] of text.matchAll(/\bnpm (?:-s |--silent )?(start|test)\b/g))
    if (!scripts.has(name)) tell('an npm script that is not there', name);
  for (const [, name] of text.matchAll(/\bnpm run (?:-s |--silent )?gateway -- ([a-z][\w-]*)/g))
    if (!commands.has(name)) tell('a command that is not there', name);
}

function isKnown(name, { variables, codes }) {
  return variables.has(name) || codes.has(name) || OF_OTHERS.has(name);
}
