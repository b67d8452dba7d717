// The evidence on which the native handlers of conversations and settings stand past `proxy` (docs/migration.md): mixed traffic of many users
// through a gateway, first with all of their routes in mirror, then in canary, then the shipped fixtures against both arms. Run by hand, after `npm run build`:
//   node test/bench/mirror-evidence.mjs [--php URL --database URL] [--users N] [--minutes N] [--seed N]
// Without --php and --database both are the embedded ones. A PHP application of one's own must share GATEWAY_IDENTITY_SECRET, and be nobody
// else's: its data is written to. A stage ends when every route has passed its checks, by the bounds of routes.yaml, or after --minutes.
// Ends with 1 when a check of a route has not passed. Prints Markdown.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { parseDocument } from 'yaml';
import { accessClaims, signToken } from '../../scripts/smoke/token.mjs';

const PROJECT = resolve(import.meta.dirname, '../..');
const SECRET = 'evidence-secret-evidence-secret-evidence-1';
const CONVERSATIONS = '/api/conversations.php';
const SETTINGS = '/api/chatbot_settings.php';
const ROUTES = [
  'conversations.list',
  'conversations.create',
  'conversations.update',
  'conversations.delete',
  'settings.get',
  'settings.set',
  'settings.reset',
];
/** At once. */
const CALLERS = 20;
/** Milliseconds between two requests of one person, at least and at most: who writes before the handler has read is compared with another state. */
const PAUSE_MS = [300, 900];

const { values } = parseArgs({
  options: {
    php: { type: 'string' },
    database: { type: 'string' },
    users: { type: 'string', default: '200' },
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
  },
});
const chance = randomFrom(Number(values.seed));
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const tokens = new Map();
const statuses = new Map();
let hasChat = true;

const folder = mkdtempSync(join(tmpdir(), 'donna-evidence-'));
const gateway = await start();
let isGood = true;
try {
  console.log(
    `${new Date().toISOString().slice(0, 10)}, version ${JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')).version}, ${values.users} users\n`,
  );
  await phase('mirror');
  await phase('canary 50 %');
  for (const arm of ['php', 'native']) await replay(arm);
} finally {
  agent.destroy();
  gateway.kill('SIGTERM');
  await once(gateway, 'exit');
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = isGood ? 0 : 1;

/** Sends traffic until every route has been met enough, or rolled back, and tells what was seen. */
async function phase(name) {
  const [stage, weight] = name.split(' ');
  for (const route of ROUTES)
    await admin('PUT', `/stages/${route}`, {
      stage,
      reason: 'evidence',
      ...(weight === undefined ? {} : { weight: Number(weight) }),
    });
  statuses.clear();
  const endsAt = Date.now() + Number(values.minutes) * 60_000;
  const state = { isDone: false };
  const drive = async (caller) => {
    // One person at a time is one person.
    while (!state.isDone) await visit(`evidence-${caller}-${Math.floor((chance() * Number(values.users)) / CALLERS)}`);
  };
  const driving = Promise.all(Array.from({ length: CALLERS }, (_, caller) => drive(caller)));
  driving.catch(() => undefined);
  try {
    for (;;) {
      await Promise.race([sleep(3000), driving]);
      const seen = await Promise.all(ROUTES.map(explain));
      const isBack = seen.some(({ effective }) => effective.stage !== stage);
      if (seen.every(({ verdict }) => verdict?.action === 'promote') || isBack || Date.now() > endsAt) break;
    }
  } finally {
    state.isDone = true;
    await driving;
  }
  // What the last requests showed is written every two seconds.
  await sleep(3000);
  tell(name, stage, await Promise.all(ROUTES.map(explain)));
}

function tell(name, stage, seen) {
  console.log(`### ${name}\n`);
  console.log(
    '| route | compared | differ | failed | no verdict | PHP: requests, errors, p50/p95 ms | native: requests, errors, p50/p95 ms | met | verdict |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const { route, effective, mirror, verdict } of seen) {
    const { classes, arms, covered } = mirror;
    const open = verdict?.reasons.filter(({ outcome }) => outcome !== 'pass') ?? [];
    const isBad =
      effective.stage !== stage || classes.mismatch + classes['candidate-error'] > 0 || verdict?.action !== 'promote';
    if (isBad) isGood = false;
    const told =
      effective.stage !== stage
        ? `ROLLED BACK`
        : (verdict?.action ?? 'none') + open.map(({ check }) => `, ${check} waits`).join('');
    console.log(
      `| ${route} | ${compared(classes)} | ${classes.mismatch} | ${classes['candidate-error']} | ${classes['not-comparable']} | ${armOf(arms.control)} | ${armOf(arms.candidate)} | ${covered.statuses.join(', ')} | ${told} |`,
    );
    if (isBad)
      for (const { observation, request: asked } of mirror.samples.slice(0, 3))
        console.error(route, JSON.stringify({ asked, observation }));
    if (isBad) for (const { check, text } of open) console.error(route, check, text);
  }
  console.log(
    `\nAnswered by the gateway: ${[...statuses]
      .toSorted()
      .map(([what, count]) => `${what} ${count}`)
      .join(' · ')}\n`,
  );
}

function armOf({ requests, errors, p50, p95 }) {
  return `${requests}, ${errors}, ${p50?.toFixed(1) ?? '-'}/${p95?.toFixed(1) ?? '-'}`;
}

function compared({ match, ignored, mismatch, 'candidate-error': failed }) {
  return match + ignored + mismatch + failed;
}

/** What a person does in some minutes, and what clients get wrong. */
async function visit(user) {
  await say(user, 'GET', SETTINGS);
  const { data } = await say(user, 'GET', CONVERSATIONS);
  let ids = data.map(({ id }) => id);
  for (let i = 0; i < 2; i++) {
    const made = await say(
      user,
      'POST',
      CONVERSATIONS,
      pick([
        {},
        { title: text() },
        { title: text(), profile: 'sales', metadata: { tags: [text(), 1.5], note: text() } },
      ]),
    );
    // A title with a line break is refused.
    if (made.data !== undefined) ids = [made.data.id, ...ids];
  }
  if (ids.length === 0) return;
  // PHP writes into the same document, past every native handler.
  if (hasChat && chance() < 0.3)
    await say(user, 'POST', '/api/donna_logic.php', { message: text(), chat_id: pick(ids) });
  await say(user, 'PUT', CONVERSATIONS, {
    id: pick(ids),
    ...pick([
      { title: text() },
      { status: 'archived' },
      { metadata: {} },
      { title: text(), status: 'active', metadata: { a: [] } },
    ]),
  });
  await say(
    user,
    'PUT',
    CONVERSATIONS,
    pick([
      { id: pick(ids), title: text() },
      { id: 'conv_0123456789abcdef01234567', title: text() },
      { id: pick(ids), status: 'lost' },
    ]),
  );
  await say(user, 'GET', CONVERSATIONS);
  await say(user, 'DELETE', `${CONVERSATIONS}?id=${ids.at(-1)}`);
  await say(
    user,
    'DELETE',
    CONVERSATIONS,
    pick([
      { id: ids.at(-1) },
      { id: 'conv_0123456789abcdef01234567' },
      {},
      { id: ids.length > 4 ? ids.at(-2) : ids.at(-1) },
    ]),
  );
  await say(
    user,
    pick(['POST', 'PUT']),
    SETTINGS,
    pick([
      { greeting: text(), theme: 'dark' },
      { themeColor: '#abc', language: 'de' },
      { behavior: { tone: 'dry', responseDelayMs: 250 } },
      { knowledge: { faq: [{ question: text(), answer: text() }], sources: [] } },
    ]),
  );
  await say(
    user,
    'PUT',
    SETTINGS,
    pick([
      { position: 'top-left' },
      { profile: { name: text() } },
      { integrations: { crm: null } },
      { theme: 'loud' },
      { colour: 'x' },
    ]),
  );
  await say(user, 'GET', SETTINGS);
  await say(user, 'DELETE', SETTINGS);
  if (chance() < 0.5) await say(user, 'DELETE', SETTINGS);
  if (chance() < 0.1) await say(undefined, pick(['GET', 'POST', 'PUT', 'DELETE']), pick([CONVERSATIONS, SETTINGS]));
  if (chance() < 0.1) await say(user, 'PATCH', pick([CONVERSATIONS, SETTINGS]), {});
  if (chance() < 0.1) await say(user, 'POST', pick([CONVERSATIONS, SETTINGS]), '{"title":');
}

async function say(user, method, path, json) {
  const sent = json === undefined ? undefined : typeof json === 'string' ? json : JSON.stringify(json);
  if (user !== undefined && !tokens.has(user))
    tokens.set(user, signToken(SECRET, { ...accessClaims({}, user, 36_000), roles: ['user'] }));
  const { status, body } = await call(method, path, user === undefined ? undefined : tokens.get(user), sent);
  await sleep(PAUSE_MS[0] + chance() * (PAUSE_MS[1] - PAUSE_MS[0]));
  const what = `${method} ${path.split('?')[0].split('/').at(-1)} ${status}`;
  statuses.set(what, (statuses.get(what) ?? 0) + 1);
  if (status === 503 && path.includes('donna_logic')) {
    if (hasChat) console.error('PHP has no AI provider: it is not chatted with');
    hasChat = false;
  } else if (status >= 500 || status === 429) {
    isGood = false;
    console.error(what, body);
  }
  return JSON.parse(body);
}

async function admin(method, path, json) {
  const token = signToken(SECRET, { ...accessClaims({}, 'evidence', 60), roles: ['admin'] });
  const { status, body } = await call(
    method,
    `/admin/api${path}`,
    token,
    json === undefined ? undefined : JSON.stringify(json),
  );
  if (status !== 200) throw new Error(`${method} ${path}: ${status} ${body}`);
  return JSON.parse(body);
}

async function explain(route) {
  return (await admin('GET', `/experiments/${route}`)).data;
}

async function replay(arm) {
  const { out, code } = await promisify(execFile)(
    process.execPath,
    [
      join(folder, 'dist/cli/gateway/gateway-cli.js'),
      'replay',
      '--against',
      arm,
      '--writes',
      '--fixtures',
      join(PROJECT, 'test/parity/fixtures'),
      ...ROUTES,
    ],
    { env: { ...process.env, JWT_SECRET: SECRET, PORT: new URL(gateway.url).port } },
  ).then(
    ({ stdout }) => ({ out: stdout, code: 0 }),
    ({ stdout, stderr }) => ({ out: stdout + stderr, code: 1 }),
  );
  if (code !== 0) isGood = false;
  console.log(`### fixtures against ${arm}\n\n${out}`);
}

async function call(...asked) {
  try {
    return await callOnce(...asked);
  } catch (error) {
    // The gateway closed an idle connection at the moment it was used again: this request was not heard.
    if (error.isReused && error.code === 'ECONNRESET') return call(...asked);
    throw error;
  }
}

function callOnce(method, path, token, body) {
  return new Promise((done, fail) => {
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    const sent = request(gateway.url + path, { method, agent, headers }, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (part) => (text += part));
      res.on('end', () => done({ status: res.statusCode, body: text }));
    });
    sent.on('error', (error) => fail(Object.assign(error, { isReused: sent.reusedSocket })));
    sent.end(body);
  });
}

function text() {
  return (
    pick([
      'A call',
      'Wie geht’s?',
      'Zoë \u{1F600} ❤ 日本',
      'a "quoted" / \\ title',
      '0',
      ' spaces ',
      'line\nbreak',
      `${chance()}`,
    ]) + pick(['', ' again', ' é', ' <b>'])
  );
}

function pick(list) {
  return list[Math.floor(chance() * list.length)];
}

/** The same traffic for the same seed (mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The build in a folder of its own, with the shipped routes, and without limits that such traffic meets. */
async function start() {
  for (const file of ['dist', 'package.json', 'legacy-php'])
    cpSync(join(PROJECT, file), join(folder, file), { recursive: true });
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  const table = parseDocument(
    readFileSync(join(PROJECT, 'routes.yaml'), 'utf8').replaceAll(/limit: \d+/g, 'limit: 10000000'),
  );
  for (const route of ROUTES) table.setIn(['routes', route, 'stage'], 'proxy');
  writeFileSync(join(folder, 'routes.yaml'), String(table));
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
    child.stdout.setEncoding('utf8').on('data', (part) => {
      said += part;
      const url = /Open\s+(http:\/\/[\d.:]+)/.exec(said)?.[1];
      if (url !== undefined) done(url);
    });
    child.once('exit', () => fail(new Error(`the gateway ended: ${said}`)));
  });
  return child;
}
