// What a native answer costs beside PHP's, through one gateway, request by request in turn. Run by hand, after `npm run build`:
//   node test/bench/replaced.bench.mjs [--php URL] [--database URL] [--rounds N] [--quiet]
// Without --php and --database both are the embedded ones. With --quiet the routes are `replaced`, and it waits two minutes first, until PHP
// need not be asked any more. Prints milliseconds (median, and nine of ten) and the ratio of the medians.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { accessClaims, signToken } from '../../scripts/smoke/token.mjs';

const PROJECT = resolve(import.meta.dirname, '../..');
const SECRET = 'bench-secret-bench-secret-bench-secret-1';
const GRACE_MS = 125_000;
const WARM_UP = 30;

const { values } = parseArgs({
  options: {
    php: { type: 'string' },
    database: { type: 'string' },
    rounds: { type: 'string', default: '300' },
    quiet: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const token = signToken(SECRET, {
  ...accessClaims({}, `bench-${process.pid}-${Date.now()}`, 3600),
  roles: ['user', 'admin'],
});

const folder = mkdtempSync(join(tmpdir(), 'donna-bench-'));
const gateway = await start();
try {
  const conversation = await prepare();
  if (values.quiet) await sleep(GRACE_MS);
  const json = (value) => ({ 'content-type': 'application/json', body: JSON.stringify(value) });
  const settings = '/api/chatbot_settings.php';
  const conversations = '/api/conversations.php';
  let n = 0;
  const kinds = {
    'settings.get': () => ['GET', settings],
    'conversations.list': () => ['GET', conversations],
    'settings.set': () => ['POST', settings, json({ greeting: `Hello ${++n}` })],
    'conversations.update': () => ['PUT', conversations, json({ id: conversation, title: `Call ${++n}` })],
  };
  console.log('ms, median (nine of ten)'.padEnd(26), 'PHP'.padStart(16), 'native'.padStart(16), 'ratio'.padStart(7));
  for (const [name, make] of Object.entries(kinds)) {
    const times = { php: [], native: [] };
    for (let i = -WARM_UP; i < rounds; i++) {
      for (const arm of i % 2 === 0 ? ['php', 'native'] : ['native', 'php']) {
        // Where PHP need not be asked it may not write.
        const isWrite = make()[0] !== 'GET';
        if (arm === 'php' && isWrite && values.quiet) continue;
        const began = performance.now();
        await call(arm, ...make());
        if (i >= 0) times[arm].push(performance.now() - began);
      }
    }
    const cell = (list) =>
      list.length === 0 ? '-' : `${quantile(list, 0.5).toFixed(2)} (${quantile(list, 0.9).toFixed(2)})`;
    const ratio = quantile(times.native, 0.5) / quantile(times.php, 0.5);
    console.log(
      name.padEnd(26),
      cell(times.php).padStart(16),
      cell(times.native).padStart(16),
      Number.isNaN(ratio) ? '' : ratio.toFixed(2).padStart(7),
    );
  }
} finally {
  agent.destroy();
  gateway.kill('SIGTERM');
  await once(gateway, 'exit');
  rmSync(folder, { recursive: true, force: true });
}

/** Some data, as a user has it. The first native request of an owner takes PHP's document. */
async function prepare() {
  const body = (value) => ({ 'content-type': 'application/json', body: JSON.stringify(value) });
  let id;
  for (let i = 0; i < 20; i++) {
    const made = await call('php', 'POST', '/api/conversations.php', body({ title: `Call number ${i}` }));
    id = JSON.parse(made).data.id;
  }
  for (const path of ['/api/conversations.php', '/api/chatbot_settings.php']) await call('native', 'GET', path);
  return id;
}

function call(arm, method, path, { body, ...headers } = {}) {
  return new Promise((done, fail) => {
    const sent = request(
      gateway.url + path,
      {
        method,
        agent,
        headers: {
          ...headers,
          authorization: `Bearer ${token}`,
          'x-donna-arm': arm,
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
      },
      (res) => {
        let text = '';
        res.setEncoding('utf8').on('data', (part) => (text += part));
        res.on('end', () => {
          const answered = res.headers['x-donna-arm'] === arm && res.statusCode < 300;
          if (answered) done(text);
          else fail(new Error(`${arm} ${method} ${path}: ${res.statusCode} ${text}`));
        });
      },
    );
    sent.on('error', fail);
    sent.end(body);
  });
}

function quantile(list, q) {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length * q)] ?? Number.NaN;
}

/** The build in a folder of its own, with the shipped routes and without limits that a benchmark meets. */
async function start() {
  for (const file of ['dist', 'package.json', 'legacy-php'])
    cpSync(join(PROJECT, file), join(folder, file), { recursive: true });
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  const shipped = readFileSync(join(PROJECT, 'routes.yaml'), 'utf8');
  const stage = values.quiet ? 'replaced' : 'proxy';
  const routes = shipped
    .replaceAll(/limit: \d+/g, 'limit: 1000000')
    .replaceAll(/^( +stage:) .*$/gm, `$1 ${stage}`)
    .replaceAll(/^ +(weight|experiment):.*\n/gm, '');
  writeFileSync(join(folder, 'routes.yaml'), routes);
  const child = spawn(process.execPath, [join(folder, 'dist/main.js')], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      PORT: '0',
      LOG_LEVEL: 'error',
      JWT_SECRET: SECRET,
      ENABLE_PHP_RATE_LIMITING: 'false',
      ...(values.php === undefined ? {} : { REMOTE_PHP_BASE: values.php, ROUTES_FILE: 'routes.yaml' }),
      ...(values.database === undefined ? {} : { DATABASE_URL: values.database }),
    },
  });
  let said = '';
  child.url = await new Promise((done, fail) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said += text;
      const url = /Open\s+(http:\/\/[\d.:]+)/.exec(said)?.[1];
      if (url !== undefined) done(url);
    });
    child.once('exit', () => fail(new Error(`the gateway ended: ${said}`)));
  });
  return child;
}
