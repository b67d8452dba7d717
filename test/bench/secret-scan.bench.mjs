// What searching answers for secrets costs, and what other ways to search would cost. Run by hand, after `npm run build`:
//   node test/bench/secret-scan.bench.mjs [folder of the build]
// Prints microseconds per answer and megabytes per second, medians of interleaved rounds; compare the ratios.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const build = resolve(process.argv[2] ?? 'dist');
const load = (file) => import(pathToFileURL(resolve(build, file)).href);
const { PatternSet } = await load('secrets/pattern-set.js');
const { SecretScan } = await load('secrets/secret-scan.js');
const { KEY_SHAPES, KEY_SHAPES_BUT_IN_PAGES } = await load('secrets/key-shapes.js');
const { LiteralPattern } = await load('secrets/secret-pattern.js');
const { spellingsOf } = await load('secrets/spellings.js');

const ROUNDS = 15;
const secrets = ['k3v9+Qm2x/71aZpp0Luu8RWd5eyT6n', 'Zq0w.Nf8_cX5+vB2m', 'hT7gP3=dLk9"sQ1'];
const own = secrets.flatMap((secret) => spellingsOf(secret).map((bytes) => new LiteralPattern('own', bytes)));
const patterns = new PatternSet([...own, ...KEY_SHAPES, ...KEY_SHAPES_BUT_IN_PAGES]);
const VENDORS =
  '-----BEGIN |sk-|sk_|KEY0|rk_|whsec_|AKIA|ASIA|gh|github_pat_|glpat-|xox|SG.|GOCSPX-|npm_|hf_|AIza'.split('|');
const anchors = secrets
  .flatMap((secret) => spellingsOf(secret).map((bytes) => bytes.toString('latin1')))
  .concat(VENDORS);

const firstBytes = new Uint8Array(256);
for (const anchor of anchors) firstBytes[anchor.charCodeAt(0)] = 1;
const buffers = anchors.map((anchor) => Buffer.from(anchor, 'latin1'));
const escaped = anchors.map((anchor) => anchor.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
const expression = new RegExp(escaped.join('|'), 'g');
const tail = Buffer.alloc(0);

const WAYS = {
  'pairs (used)': (bytes) => patterns.search(bytes, tail, true).pattern !== undefined,
  'pairs, streamed': (bytes) => {
    const scan = new SecretScan(patterns);
    for (let at = 0; at < bytes.length; at += 16_384) scan.push(bytes.subarray(at, at + 16_384));
    scan.end();
    return scan.found !== undefined;
  },
  'indexOf per anchor': (bytes) => {
    let hits = 0;
    for (const anchor of buffers) for (let at = -1; (at = bytes.indexOf(anchor, at + 1)) !== -1;) hits++;
    return hits === -1;
  },
  'first-byte table': (bytes) => {
    let hits = 0;
    for (let i = 0; i < bytes.length; i++) if (firstBytes[bytes[i]] === 1) hits++;
    return hits === -1;
  },
  'RegExp on latin1': (bytes) => {
    const text = bytes.latin1Slice();
    let hits = 0;
    for (expression.lastIndex = 0; expression.test(text);) hits++;
    return hits === -1;
  },
};

function json(bytes) {
  const row = (i) =>
    `{"id":${i},"title":"Conversation ${i} about the task-list","created_at":"2026-11-23T06:00:00Z","status":"active"}`;
  let text = '{"success":true,"data":[';
  for (let i = 0; text.length < bytes; i++) text += `${row(i)},`;
  return Buffer.from(text.slice(0, bytes));
}

function html(bytes) {
  const row = (i) =>
    `<div class="task-row sk-fade mt-${i % 9}"><a href="/secretary/show.php?id=${i}">Task ${i}</a></div>\n`;
  let text = '<!doctype html><body>';
  for (let i = 0; text.length < bytes; i++) text += row(i);
  return Buffer.from(text.slice(0, bytes));
}

function noise(bytes) {
  let state = 1;
  return Buffer.from(Uint8Array.from({ length: bytes }, () => (state = (state * 48_271) % 2_147_483_647) >>> 8));
}

const ANSWERS = {
  'JSON 300 B': json(300),
  'JSON 20 KB': json(20_000),
  'JSON 1 MB': json(1_000_000),
  'HTML 20 KB': html(20_000),
  'base64 1 MB': Buffer.from(noise(750_000).toString('base64')),
  'bytes 1 MB': noise(1_000_000),
  'dashes 1 MB': Buffer.alloc(1_000_000, '-'),
  'near misses 1 MB': Buffer.alloc(1_000_000, 'sk-abcdefghijklmnopqrstuvwxyz01234 -----BEGIN KEY0123 '),
};

for (const [name, bytes] of Object.entries(ANSWERS)) {
  const times = Object.fromEntries(Object.keys(WAYS).map((way) => [way, []]));
  const runs = Math.max(1, Math.round(2_000_000 / bytes.length));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [way, isFound] of Object.entries(WAYS)) {
      const startedAt = performance.now();
      for (let run = 0; run < runs; run++) if (isFound(bytes)) throw new Error(`${way} found something in ${name}`);
      times[way].push(((performance.now() - startedAt) * 1000) / runs);
    }
  }
  console.log(name);
  for (const [way, all] of Object.entries(times)) {
    const us = all.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)];
    console.log(
      `  ${way.padEnd(28)} ${us.toFixed(2).padStart(10)} µs ${(bytes.length / us).toFixed(0).padStart(7)} MB/s`,
    );
  }
}
