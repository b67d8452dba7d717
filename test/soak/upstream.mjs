import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { bodyOf } from './bodies.mjs';
import { breakOff } from './upstream-faults.mjs';

/** Shorter than the gateway keeps its connections: it often meets one that is just being closed. */
const KEEP_ALIVE_MS = 700;
const EVENTS = 5;
const EVENT_EVERY_MS = 20;

/** What stands for PHP: a server on loopback that answers with the nonce of each request, and breaks when its path says so. */
export async function startUpstream() {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (req, res) => {
    answer(req, res).catch(() => res.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    /** Nobody is there for a while, and all connections are cut. */
    async goAway(ms) {
      server.close();
      server.closeAllConnections();
      await sleep(ms);
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    connections: () => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))),
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Paths: `/<route>/<kind>/<nonce>?bytes=`. */
async function answer(req, res) {
  res.on('error', () => undefined);
  const url = new URL(req.url, 'http://upstream');
  const [, route, kind, nonce] = url.pathname.split('/');
  const bytes = Number(url.searchParams.get('bytes') ?? 0);
  if (route === 'session.php') return tellSession(req, res);
  if (route === 'health.php') return res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"ok":true}');
  if ((route === 'fault' || route === 'broken') && (await breakOff(kind, res, nonce))) return undefined;
  switch (kind) {
    case 'download':
      return res
        .writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': bytes })
        .end(bodyOf(nonce, bytes));
    case 'chunks':
      return sendChunks(res, bodyOf(nonce, bytes));
    case 'events':
      return sendEvents(res, nonce);
    case 'gzip':
      return res
        .writeHead(200, { 'Content-Type': 'text/plain', 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' })
        .end(gzipSync(bodyOf(nonce, bytes), { level: 1 }));
    default:
      return tell(req, res, nonce, bytes);
  }
}

/** What was heard: enough to tell any mix-up of path, header, body or caller. */
async function tell(req, res, nonce, bytes) {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of req) {
    hash.update(chunk);
    length += chunk.length;
  }
  const said = {
    success: true,
    nonce,
    header: req.headers['x-soak-nonce'] ?? null,
    trace: req.headers['x-trace-id'] ?? null,
    subject: subjectOf(req),
    body: { length, sha256: hash.digest('hex') },
    filling: bytes === 0 ? '' : bodyOf(nonce ?? '', bytes).toString('latin1'),
  };
  const text = JSON.stringify(said);
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }).end(text);
}

async function sendChunks(res, body) {
  res.writeHead(200, { 'Content-Type': 'application/octet-stream' });
  for (let at = 0; at < body.length; at += 10_000) {
    if (!res.write(body.subarray(at, at + 10_000))) await once(res, 'drain', { signal: AbortSignal.timeout(20_000) });
  }
  res.end();
}

async function sendEvents(res, nonce) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream' });
  for (let i = 0; i < EVENTS && !res.destroyed; i++) {
    res.write(`data: ${nonce} ${i}\n\n`);
    await sleep(EVENT_EVERY_MS);
  }
  res.end();
}

function tellSession(req, res) {
  const id = /SOAKSID=([\w-]+)/.exec(req.headers.cookie ?? '')?.[1];
  res
    .writeHead(200, { 'Content-Type': 'application/json' })
    .end(JSON.stringify({ success: true, data: { authenticated: true, user: { id } } }));
}

/** Of the identity that the gateway has signed. */
function subjectOf(req) {
  const [, claims] = (req.headers['x-gateway-identity'] ?? '').split('.');
  return claims === undefined ? null : (JSON.parse(Buffer.from(claims, 'base64url').toString()).sub ?? null);
}
