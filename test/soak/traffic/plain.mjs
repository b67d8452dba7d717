import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { ask } from '../ask.mjs';
import { bodyOf } from '../bodies.mjs';
import { expectStatus, expectTold, headersFor, verdict } from '../expect.mjs';
import { ORIGIN } from '../gateway.mjs';

const KEYS = 20;
const TOGETHER = 4;
const PIECES = 5;
const PIECE_EVERY_MS = 20;

/** Requests of well-behaved clients. Each resolves when its answer is verified; what is wrong goes into the ledger. */
export const PLAIN = {
  small: { weight: 20, run: (site, chance, nonce) => told(site, chance, nonce, {}) },
  'twenty kB': { weight: 8, run: (site, chance, nonce) => told(site, chance, nonce, { bytes: 20_000 }) },
  'session of PHP': { weight: 6, run: (site, chance, nonce) => told(site, chance, nonce, { isSession: true }) },
  upload: { weight: 4, run: (site, chance, nonce) => told(site, chance, nonce, { up: 1 + chance.below(300_000) }) },
  'upload in chunks': {
    weight: 4,
    run: (site, chance, nonce) => told(site, chance, nonce, { up: 1 + chance.below(300_000), how: inChunks }),
  },
  'slow sender': { weight: 2, run: (site, chance, nonce) => told(site, chance, nonce, { up: 5000, how: slowly }) },
  'upload passed through': {
    weight: 4,
    run: (site, chance, nonce) => told(site, chance, nonce, { up: 1 + chance.below(300_000), route: 'pages' }),
  },
  'chunks passed through': {
    weight: 3,
    run: (site, chance, nonce) =>
      told(site, chance, nonce, { up: 1 + chance.below(300_000), how: inChunks, route: 'pages' }),
  },
  download: { weight: 3, run: (site, chance, nonce) => whole(site, chance, nonce, 'download', 1_000_000) },
  'download in chunks': { weight: 3, run: (site, chance, nonce) => whole(site, chance, nonce, 'chunks', 100_000) },
  gzip: { weight: 3, run: gzip },
  events: { weight: 2, run: events },
  cached: { weight: 4, run: (site, chance, nonce) => cached(site, chance, nonce, 'cached') },
  'cached for each': { weight: 4, run: (site, chance, nonce) => cached(site, chance, nonce, 'kept') },
  throttled: { weight: 4, run: throttled },
  preflight: { weight: 3, run: preflight },
  native: { weight: 4, run: (site, _chance, nonce) => bare(site, nonce, '/livez', {}) },
  canary: { weight: 3, run: (site, chance, nonce) => bare(site, nonce, '/both/canary', signedIn(site, chance)) },
  mirror: { weight: 3, run: (site, chance, nonce) => bare(site, nonce, '/both/mirror', signedIn(site, chance)) },
};

const signedIn = (site, chance) => headersFor(site, chance.one(site.callers.subjects), false);

async function told(site, chance, nonce, { bytes = 0, up, how, isSession = false, route = 'json' }) {
  const subject = chance.one(site.callers.subjects);
  const body = up === undefined ? undefined : bodyOf(nonce, up);
  const type = body === undefined ? {} : { 'Content-Type': 'application/octet-stream' };
  const answer = await ask(site, {
    method: body === undefined ? 'GET' : 'POST',
    path: `/${route}/tell/${nonce}?bytes=${bytes}`,
    headers: { ...headersFor(site, subject, isSession), ...type, 'X-Trace-Id': nonce, 'X-Soak-Nonce': nonce },
    ...(how === undefined ? { body } : { send: (req) => how(req, body) }),
  });
  const who = route === 'json' ? subject : undefined;
  return expectTold(site, nonce, answer, { subject: who, body: body ?? Buffer.alloc(0), bytes });
}

function inChunks(req, body) {
  for (let at = 0; at < body.length; at += 7001) req.write(body.subarray(at, at + 7001));
  req.end();
}

async function slowly(req, body) {
  const size = Math.ceil(body.length / PIECES);
  for (let at = 0; at < body.length && !req.destroyed; at += size) {
    req.write(body.subarray(at, at + size));
    await sleep(PIECE_EVERY_MS);
  }
  req.end();
}

async function whole(site, _chance, nonce, kind, bytes) {
  const answer = await ask(site, { path: `/pages/${kind}/${nonce}?bytes=${bytes}`, headers: { 'X-Trace-Id': nonce } });
  return (
    expectStatus(site, nonce, answer, [200]) ??
    verdict(answer.isComplete && answer.body.equals(bodyOf(nonce, bytes)), 'damaged', answer)
  );
}

async function gzip(site, _chance, nonce) {
  const bytes = 60_000;
  const answer = await ask(site, {
    path: `/pages/gzip/${nonce}?bytes=${bytes}`,
    headers: { 'X-Trace-Id': nonce, 'Accept-Encoding': 'gzip' },
  });
  const wrong = expectStatus(site, nonce, answer, [200]);
  if (wrong !== undefined) return wrong;
  return verdict(answer.isComplete && gunzipSync(answer.body).equals(bodyOf(nonce, bytes)), 'damaged', answer);
}

async function events(site, _chance, nonce) {
  const answer = await ask(site, { path: `/pages/events/${nonce}`, headers: { 'X-Trace-Id': nonce } });
  const wrong = expectStatus(site, nonce, answer, [200]);
  if (wrong !== undefined) return wrong;
  const said = [0, 1, 2, 3, 4].map((i) => `data: ${nonce} ${i}\n\n`).join('');
  return verdict(answer.isComplete && answer.body.toString() === said, 'damaged', answer);
}

/** Several at once ask for the same: they share one call to PHP, and each gets its own trace id. */
async function cached(site, chance, nonce, route) {
  const key = `key${chance.below(KEYS)}`;
  const subjects = Array.from({ length: TOGETHER }, () => chance.one(site.callers.subjects));
  const traces = subjects.map((_, i) => nonce.slice(0, -1) + i);
  const answers = await Promise.all(
    subjects.map((subject, i) =>
      ask(site, {
        path: `/${route}/tell/${key}`,
        headers: { ...headersFor(site, subject, false), 'X-Trace-Id': traces[i] },
      }),
    ),
  );
  return answers
    .map((answer, i) =>
      expectTold(site, traces[i], answer, {
        nonce: key,
        subject: route === 'kept' ? subjects[i] : undefined,
        isCached: true,
      }),
    )
    .find((wrong) => wrong !== undefined);
}

async function throttled(site, chance, nonce) {
  const subject = site.callers.subjects[chance.below(2)];
  const answer = await ask(site, {
    path: `/throttled/tell/${nonce}`,
    headers: { ...headersFor(site, subject, false), 'X-Trace-Id': nonce, 'X-Soak-Nonce': nonce },
  });
  if (answer.status === 429) return expectStatus(site, nonce, answer, [429]);
  return expectTold(site, nonce, answer, { subject });
}

async function preflight(site, _chance, nonce) {
  const answer = await ask(site, {
    method: 'OPTIONS',
    path: `/json/tell/${nonce}`,
    headers: { Origin: ORIGIN, 'Access-Control-Request-Method': 'POST', 'X-Trace-Id': nonce },
  });
  return (
    expectStatus(site, nonce, answer, [204]) ??
    verdict(answer.headers['access-control-allow-origin'] === ORIGIN, 'no CORS', answer)
  );
}

async function bare(site, nonce, path, headers) {
  const answer = await ask(site, { path, headers: { ...headers, 'X-Trace-Id': nonce } });
  return (
    expectStatus(site, nonce, answer, [200]) ??
    verdict(JSON.parse(answer.body.toString()).traceId === nonce, 'crossed', answer)
  );
}
