import { setTimeout as sleep } from 'node:timers/promises';

/** The users of legacy-php in development. */
const DEMO = { email: 'demo@donna.example', password: 'donna-demo' };
const ADMIN = { email: 'admin@donna.example', password: 'donna-admin' };
/** Milliseconds from one request to the next: below the limit of a person. */
const PAUSE_MS = 130;
const TITLES = ['Quote for 40 seats', 'Dentist on Tuesday', 'Invoice 2041', 'Call back Mr Weber', 'Delivery window'];
const WORDS = ['Good morning', 'Can you move my appointment?', 'What are your opening hours?', 'Please call me back'];

/** Asks for everything that people ask for, and for what is refused, for so many seconds. @returns an administrator's access token, and the sockets that are still open */
export async function makeTraffic(url, seconds) {
  const ask = callerOf(url);
  const demo = await tokenOf(ask, DEMO);
  const admin = await tokenOf(ask, ADMIN);
  for (const title of TITLES.slice(3)) await ask('POST', '/api/conversations.php', { token: admin, body: { title } });
  for (const title of TITLES) await ask('POST', '/api/conversations.php', { token: demo, body: { title } });
  await moveStages(ask, admin);
  await sendMail(ask, demo);
  await cleanUp(ask, admin);
  const sockets = await talk(ask, url, demo);
  const until = Date.now() + seconds * 1000;
  for (let turn = 0; Date.now() < until; turn += 1) {
    // Not evenly: people come in waves.
    const wave = 1.6 + Math.sin(turn / 34) + (turn % 7 === 0 ? 1 : 0);
    await Promise.all([
      usual(ask, turn % 5 === 0 ? demo : admin, turn),
      turn % 23 === 0 ? refused(ask, turn) : undefined,
    ]);
    await sleep(PAUSE_MS / wave + 60);
  }
  return { token: admin, sockets };
}

async function usual(ask, token, turn) {
  const calls = [
    () => ask('GET', '/api/conversations.php', { token }),
    () => ask('GET', '/api/chatbot_settings.php', { token }),
    () => ask('GET', '/api/health.php'),
    () => ask('GET', '/api/conversations.php', { token }),
    () => ask('GET', '/api/sales/overview.php', { token }),
    () => ask('GET', '/api/marketing.php?action=stats', { token }),
    () => ask('POST', '/api/donna_logic.php', { token, body: { message: WORDS[turn % WORDS.length] } }),
    () => ask('GET', '/api/secretary/dashboard.php?action=get_tasks', { token }),
    () => ask('PUT', '/api/chatbot_settings.php', { token, body: { greeting: `Hello, this is Donna (${turn % 9})` } }),
    () => ask('GET', '/assets/donna.css'),
    () => ask('GET', '/login.php'),
  ];
  await calls[turn % calls.length]?.();
}

/** What the page on security tells of. */
async function refused(ask, turn) {
  const kinds = [
    () => ask('POST', '/api/donna_logic.php', { body: { message: 'hi' }, headers: { Origin: 'https://evil.example' } }),
    () => ask('POST', '/api/auth/token', { body: { email: 'eve@donna.example', password: `guess ${turn}` } }),
    () => ask('GET', '/api/conversations.php'),
    () => ask('GET', '/api/system-stats.php', { token: 'not-a-token' }),
    () => ask('POST', '/csp-report', { body: cspReport(turn), type: 'application/csp-report' }),
    () =>
      Promise.all(
        Array.from({ length: 12 }, () =>
          ask('POST', '/api/auth/token', { body: { email: 'eve@donna.example', password: 'x' } }),
        ),
      ),
    () => ask('POST', '/api/telnyx/webhook.php', { body: { data: {} } }),
  ];
  await kinds[(turn / 23) % kinds.length]?.();
}

function cspReport(turn) {
  const [blocked, directive] = [
    ['https://fonts.example/inter.css', 'style-src-elem'],
    ['inline', 'script-src-elem'],
  ][turn % 2] ?? ['eval', 'script-src'];
  return {
    'csp-report': {
      'document-uri': 'http://127.0.0.1/chatbot.php',
      'violated-directive': directive,
      'effective-directive': directive,
      'blocked-uri': blocked,
      disposition: 'report',
    },
  };
}

/** A comparison that goes well, one that does not, and a history. */
async function moveStages(ask, token) {
  const set = (route, body) => ask('PUT', `/admin/api/stages/${route}`, { token, body });
  await set('conversations.list', { stage: 'mirror', reason: 'Gather evidence beside PHP first' });
  await set('settings.get', { stage: 'mirror', reason: 'Look at it once more before the release' });
  await set('settings.set', { stage: 'canary', weight: 25, reason: 'A quarter of the callers for a day' });
  await set('settings.set', { stage: 'canary', weight: 50, reason: 'Quiet since yesterday: half of the callers' });
  const until = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
  const ignore = { pointer: '/data/language', reason: 'PHP guesses the language: agreed with support', until };
  await ask('POST', '/admin/api/experiments/settings.get/ignores', { token, body: ignore });
}

/** Voice: sessions that go on, some that have ended in each way, and what browsers measure. */
async function talk(ask, url, token) {
  const open = [];
  for (let session = 0; session < 3; session += 1) open.push(await openSocket(url, token));
  for (const frame of [{ type: 'authenticate', token: 'nobody' }, { type: 'hello' }]) await closedSocket(url, frame);
  (await openSocket(url, token)).close();
  const measured = {
    token: [62, 85, 140],
    connect: [210, 260, 390],
    first_audio: [420, 510, 780],
    first_transcript: [340, 460, 620],
  };
  for (const [name, times] of Object.entries(measured)) {
    for (const ms of times) {
      await ask('POST', '/api/realtime/token', { token, body: {} });
      const body = { type: 'latency', session_id: `sess_${ms}`, at: new Date().toISOString(), data: { name, ms } };
      await ask('POST', '/api/voice/events', { token, body });
    }
  }
  return open;
}

function openSocket(url, token) {
  return new Promise((done, fail) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/realtime`);
    socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'authenticate', token })));
    socket.addEventListener('message', ({ data }) => {
      if (!String(data).includes('auth_success')) return;
      socket.send(JSON.stringify({ type: 'connect_realtime' }));
      done(socket);
    });
    socket.addEventListener('error', () => fail(new Error('no socket')));
  });
}

function closedSocket(url, frame) {
  return new Promise((done) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/realtime`);
    socket.addEventListener('open', () => socket.send(JSON.stringify(frame)));
    socket.addEventListener('close', done);
  });
}

async function sendMail(ask, token) {
  const body = {
    action: 'send_email',
    to: 'customer@shop.example',
    subject: 'Your quote',
    body: 'Please find it below.',
  };
  await ask('POST', '/api/marketing.php', { token, body });
}

async function cleanUp(ask, token) {
  await ask('POST', '/admin/api/retention', { token, body: { dryRun: true } });
  await ask('POST', '/admin/api/migrations/conversations', { token, body: { direction: 'forward', verifyOnly: true } });
}

async function tokenOf(ask, credentials) {
  const { status, body } = await ask('POST', '/api/auth/token', { body: credentials });
  if (status !== 200) throw new Error(`${credentials.email} cannot sign in: ${status}`);
  return body.access_token;
}

function callerOf(url) {
  return async (method, path, { token, body, headers = {}, type = 'application/json' } = {}) => {
    const answer = await fetch(url + path, {
      method,
      headers: {
        ...headers,
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'Content-Type': type }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    try {
      return { status: answer.status, body: JSON.parse(text) };
    } catch {
      return { status: answer.status, body: undefined };
    }
  };
}
