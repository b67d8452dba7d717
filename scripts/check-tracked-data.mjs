// No data of persons, no log and no secret is in the repository: by the names of tracked files, by their size and by what is in
// them. Before the real files, the check is run over planted ones: a check that does not find those finds nothing.
//   node scripts/check-tracked-data.mjs
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const MAX_BYTES = 512 * 1024;
/** Large and right: nobody writes it by hand. */
const LARGE = new Set(['package-lock.json']);

/** What the name of a file tells. */
const NAMES = [
  ['a log', /(?:^|\/)(?:[^/]*\.log(?:\.[^/]*)?|logs\/.*|npm-debug[^/]*)$/i],
  ['runtime data', /(?:^|\/)(?:\.data|var)\/|(?:^|\/)(?:users|mailbox|outbox|secrets)\.json$/i],
  [
    'a dump',
    /\.(?:dump|dmp|bak|backup|tar|tgz|gz|bz2|xz|zst|zip|7z|rdb|aof|heapsnapshot|cpuprofile|core|pcap|har)$|(?:^|\/)core(?:\.\d+)?$/i,
  ],
  ['a database', /\.(?:sqlite3?|db|mdb|frm|ibd|wal)$|(?:^|\/)(?:PG_VERSION|pg_wal\/.*)$/i],
  [
    'settings with secrets',
    /(?:^|\/)\.env(?!\.example$)(?:\.[^/]*)?$|\.(?:pem|key|p12|pfx|jks|kdbx)$|(?:^|\/)id_(?:rsa|ed25519)$/i,
  ],
  ['audio', /\.(?:wav|mp3|ogg|oga|opus|webm|m4a|mp4|flac|aac|pcm)$/i],
  ['a table of data', /\.(?:csv|tsv|xlsx?|ods|mbox|eml|vcf|ics|ldif)$/i],
];

/** Domains that belong to nobody, or to nobody in particular (RFC 2606, RFC 6761), and those of software. */
const NOBODYS =
  /(?:^|\.)(?:example|test|invalid|localhost|local|internal|example\.(?:com|net|org|edu)|xn--[a-z0-9-]+)$|^\d{1,3}(?:\.\d{1,3}){3}$/i;
const EMAIL =
  /(?<![\w.+/%@-])[A-Za-z0-9](?:[A-Za-z0-9._%+-]{0,62}[A-Za-z0-9])?@((?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z][A-Za-z0-9-]{1,62})(?![\w@])/g;
/** `name@1.2.3`, `git@github.com:…` and file names of packages look like addresses. */
const NO_TLD = /\.(?:js|mjs|cjs|ts|json|php|md|yaml|yml|sock|service|timer|target|css|html|patch|tgz)$/i;
const SERVICE_NAMES = /^(?:git|noreply|no-reply)@/i;
const JSON_LOG = /^\{"level":(?:\d{2}|"\w+"),"time":[^\n]{40}/m;
const SQL_DUMP = /^(?:-- PostgreSQL database dump|-- MySQL dump|COPY \S+ \([^)]*\) FROM stdin;)/m;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}/;
/** Their addresses are the authors' own, published with their packages. */
const OTHERS_WORDS = new Set(['package-lock.json']);

/** Each kind of finding, by a file that has it. */
const CANARY = {
  'a log': { 'legacy-php/donna.log.2': 'x' },
  'runtime data': { 'legacy-php/var/mailbox.json': '{}' },
  'a dump': { 'backup/donna.dump': 'x' },
  'a database': { 'state/donna.sqlite': 'x' },
  'settings with secrets': { '.env.production': 'JWT_SECRET=x' },
  audio: { 'test/fixtures/call.wav': 'x' },
  'a table of data': { 'docs/customers.csv': 'x' },
  'a large file': { 'test/fixtures/large.json': 'x'.repeat(MAX_BYTES + 1) },
  'an e-mail address': { 'test/fixtures/mail.json': `{"from":"erika.m${'@'}gmx.de"}` },
  'lines of a log': { 'docs/notes.txt': `{"level":30,"time":1763913600000,"traceId":"${'a'.repeat(40)}"}` },
  'a dump of a database': { 'docs/notes.sql': '-- PostgreSQL database dump' },
  'a private key': { 'docs/key.txt': `-----BEGIN ${'PRIVATE'} KEY-----\n${'A'.repeat(64)}\n` },
};
const ALLOWED = {
  '.env.example': '# SMTP_USER=donna@example.com',
  'src/trace/log-files.ts': "const at = 'node_modules/@nestjs/core@1.2.3/x.js'; // eve@post.example",
  'docs/logs.md': 'ssh git@github.com:a/b and eve@mail.example.org',
  'package-lock.json': 'x'.repeat(MAX_BYTES + 1),
};

const unnoticed = findUnnoticedCanaries();
if (unnoticed.length > 0) {
  console.error(`The check itself is broken. ${unnoticed.join('; ')}.`);
  process.exitCode = 1;
} else {
  const { files, source } = listFiles(root);
  const findings = files.flatMap((file) => findIn(root, file));
  for (const { kind, where } of findings) console.error(`${where}: ${kind}`);
  const planted = Object.keys(CANARY).length;
  console.log(
    `Tracked data: ${findings.length} findings in ${files.length} files ${source} (and ${planted} of ${planted} planted ones were found).`,
  );
  if (findings.length > 0 || files.length === 0) process.exitCode = 1;
}

/** What git tracks or is about to; of an export without .git every file beside what a run makes. */
function listFiles(project) {
  const git = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: project,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const top = spawnSync('git', ['rev-parse', '--show-toplevel'], { cwd: project, encoding: 'utf8' });
  if (git.status === 0 && top.status === 0 && relative(top.stdout.trim(), project) === '')
    return { files: git.stdout.split('\0').filter((name) => name !== ''), source: 'that git tracks or would' };
  const made = /^(?:node_modules|dist|coverage|\.data|legacy-php\/var)(?:\/|$)|\.tsbuildinfo$/;
  const files = readdirSync(project, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(project, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((name) => !made.test(name));
  return { files, source: 'of an export (there is no git here)' };
}

function findIn(project, file) {
  const stat = lstatSync(join(project, file), { throwIfNoEntry: false });
  if (stat === undefined) return [];
  const found = NAMES.filter(([, pattern]) => pattern.test(file)).map(([kind]) => ({ kind, where: file }));
  if (!stat.isFile()) return found;
  if (stat.size > MAX_BYTES && !LARGE.has(file)) return [...found, { kind: 'a large file', where: file }];
  if (OTHERS_WORDS.has(file)) return found;
  const text = readFileSync(join(project, file), 'utf8');
  for (const [kind, pattern] of [
    ['lines of a log', JSON_LOG],
    ['a dump of a database', SQL_DUMP],
    ['a private key', PRIVATE_KEY],
  ])
    if (pattern.test(text)) found.push({ kind, where: file });
  for (const { 0: address, 1: domain = '', index } of text.matchAll(EMAIL)) {
    if (NOBODYS.test(domain) || NO_TLD.test(domain) || SERVICE_NAMES.test(address)) continue;
    // The address itself is not repeated: this is a log, too.
    found.push({ kind: 'an e-mail address', where: `${file}:${text.slice(0, index).split('\n').length}` });
  }
  return found;
}

function findUnnoticedCanaries() {
  const project = mkdtempSync(join(tmpdir(), 'donna-canary-'));
  const write = (path, text) => {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), text);
  };
  try {
    for (const files of [...Object.values(CANARY), ALLOWED])
      for (const [path, text] of Object.entries(files)) write(path, text);
    const missed = Object.entries(CANARY).filter(
      ([kind, files]) => !Object.keys(files).some((file) => findIn(project, file).some((found) => found.kind === kind)),
    );
    const wrong = Object.keys(ALLOWED).flatMap((file) => findIn(project, file));
    return [
      ...missed.map(([kind]) => `a planted file was not found: ${kind}`),
      ...wrong.map(({ kind, where }) => `${where} is allowed but was reported as ${kind}`),
    ];
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}
