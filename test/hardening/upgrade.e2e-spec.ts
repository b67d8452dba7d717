import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { makeAccessToken } from '../../src/auth/index.js';
import { elapsedMs, FAR_TIME_MS, NOT_WAITED_MS } from '../support/elapsed.js';
import { eventually } from '../support/eventually.js';
import { askRaw, parseAnswer, sendRaw } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
const ROUTES = `
upstreams: { php: { targets: ['\${REMOTE_PHP_BASE}'], identity: true } }
policies:
  authorization: { public: {}, user: { anyOf: [jwt] } }
  rateLimit: { one: { limit: 1, windowS: 60, per: ip }, account: { limit: 1, windowS: 60, per: field, field: email } }
routes:
  ws: { match: { path: '/ws/{*path}' }, upstream: php, policies: { authorization: public, upgrade: true, timeoutMs: 300 } }
  user: { match: { path: /ws-user }, upstream: php, policies: { authorization: user, upgrade: true } }
  once: { match: { path: /ws-once }, upstream: php, policies: { authorization: public, upgrade: true, rateLimit: [one] } }
  named: { match: { path: /ws-named }, upstream: php, policies: { authorization: public, upgrade: true, rateLimit: [account], input: system.stats } }
  acts: { match: { path: /ws-acts, methods: [GET] }, upstream: php, policies: { authorization: public, upgrade: true } }
  acts.none: { match: { path: /ws-acts, methods: [GET], action: none }, upstream: php, policies: { authorization: user } }
  plain: { match: { path: '/plain/{*path}' }, upstream: php, policies: { authorization: public, answers: any } }
`;

function upgrade(path: string, fields = '', rest = ''): string {
  return (
    `GET ${path} HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n${fields}\r\n${rest}`
  );
}

/** Speaks as each path asks: `/ws/echo` echoes what follows its 101. */
function answer(socket: Socket, request: string): void {
  const path = /^\S+ (\S+)/.exec(request)?.[1] ?? '';
  if (path.includes('silent')) return;
  if (path.includes('403'))
    socket.write(httpAnswer(403, { 'Content-Type': 'application/json', Server: 'php' }, '{"why":"php"}'));
  else if (path.includes('page'))
    socket.write(httpAnswer(200, { 'Content-Type': 'text/html', 'X-Powered-By': 'PHP' }, '<p>'));
  else if (path.includes('other')) socket.write('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
  else if (path.includes('reset')) socket.destroy();
  else if (!/^upgrade: websocket\r$/im.test(request))
    socket.write(httpAnswer(200, { 'Content-Type': 'text/plain' }, 'plain'));
  else {
    socket.removeAllListeners('data');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n` +
        'Server: php\r\nX-Powered-By: PHP\r\nX-Gateway-Identity: leak\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nhello;',
    );
    socket.on('data', (chunk: Buffer) => socket.write(chunk));
    if (path.includes('bye')) socket.end();
  }
}

describe('upgrades', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  beforeAll(async () => {
    upstream = await startRawUpstream(answer);
    gateway = await startTestGateway({
      phpTargets: [upstream.origin],
      routes: ROUTES,
      env: { ALLOWED_ORIGINS: 'https://app.example' },
    });
  });
  afterEach(async () => {
    // Nothing is left open at the upstream but what may be used again.
    await eventually(() => upstream.openSockets() <= 1);
    upstream.requests.length = 0;
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });

  it('joins both ways, bytes as they are, also those that came early', async () => {
    const received = await sendRaw(
      gateway.port,
      [upgrade('/ws/echo?a[]=1', '', 'early;'), '\x81\x85\0\xff\x01\x02', 'late;'],
      200,
    );
    const [head = '', rest = ''] = received.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(rest).toBe('hello;early;\x81\x85\0\xff\x01\x02late;');
    const { headers } = parseAnswer(`${head}\r\n\r\n`);
    expect(headers).toMatchObject({
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-accept': ACCEPT,
      'set-cookie': 'a=1\nb=2',
    });
    expect(headers['x-trace-id']).toMatch(/^[0-9a-f]{32}$/);
    expect(head).not.toMatch(/^(server|x-powered-by|x-gateway-identity):/im);
  });

  it('cleans the head as for any request', async () => {
    const fields =
      'X-Forwarded-For: 9.9.9.9\r\nX-Gateway-Identity: forged\r\nX_Gateway_Identity: forged\r\nForwarded: for=9.9.9.9\r\n' +
      'Sec-WebSocket-Protocol: chat\r\nCookie: a=1\r\nX-Trace-Id: abc\tdef\r\nKeep-Alive: 5\r\n';
    await sendRaw(gateway.port, upgrade('/ws/echo', fields), 100);
    const [sent = ''] = upstream.requests;
    expect(sent).toMatch(/^GET \/ws\/echo HTTP\/1\.1\r\n/);
    expect(sent).not.toMatch(/9\.9\.9\.9|forged|keep-alive/i);
    expect(sent.match(/^(host|connection|upgrade|x-forwarded-for|x-gateway-identity|via|x-trace-id):/gim)).toHaveLength(
      7,
    );
    expect(sent).toMatch(/^x-forwarded-for: 127\.0\.0\.1\r$/im);
    expect(sent).toMatch(/^sec-websocket-protocol: chat\r$/im);
    expect(sent).toMatch(/^cookie: a=1\r$/im);
  });

  it('ends the client’s side when the upstream ends, and delivers what came before', async () => {
    let received = '';
    const tookMs = await elapsedMs(
      async () => (received = await sendRaw(gateway.port, upgrade('/ws/bye'), FAR_TIME_MS)),
    );
    expect(received).toContain('hello;');
    // Closed by the gateway, not by this client's patience.
    expect(tookMs).toBeLessThan(NOT_WAITED_MS);
  });

  it.each([
    ['a route without upgrades', upgrade('/plain/x'), 200, 'plain'],
    ['h2c', upgrade('/ws/x').replace('websocket', 'h2c'), 200, 'plain'],
    ['HTTP/1.0', upgrade('/ws/x').replace('HTTP/1.1', 'HTTP/1.0'), 200, 'plain'],
    ['a body', upgrade('/ws/x', 'Content-Length: 4\r\n', 'body'), 200, 'plain'],
    ['no route', upgrade('/none'), 404, 'NOT_FOUND'],
    ['a foreign origin', upgrade('/ws/x', 'Origin: https://evil.example\r\n'), 403, 'ORIGIN_DENIED'],
    ['no identity', upgrade('/ws-user'), 401, 'UNAUTHENTICATED'],
    ['two Hosts', upgrade('/ws/x', 'Host: other\r\n'), 400, 'BAD_REQUEST'],
    [
      'two keys of the framing',
      upgrade('/ws/x', 'Content-Length: 0\r\nTransfer-Encoding: chunked\r\n'),
      400,
      'BAD_REQUEST',
    ],
    ['an upstream that says 403', upgrade('/ws/403'), 403, '"why":"php"'],
    ['an upstream that answers a page', upgrade('/ws/page'), 200, '<p>'],
    ['an upstream that joins another protocol', upgrade('/ws/other'), 502, 'UPSTREAM_BAD_ANSWER'],
    ['an upstream that hangs up', upgrade('/ws/reset'), 502, 'UPSTREAM_BAD_ANSWER'],
    ['an upstream that is silent', upgrade('/ws/silent'), 504, 'UPSTREAM_TIMEOUT'],
  ])('answers properly: %s', async (_title, text, status, body) => {
    const got = await askRaw(gateway.port, text, 300);
    expect(got.status).toBe(status);
    expect(got.body).toContain(body);
    expect(got.headers['x-trace-id']).toMatch(/^[0-9a-f]{32}$/);
    expect(got.raw).not.toMatch(/^(server|x-powered-by):/im);
  });

  it('closes the connection after a refused upgrade, though the client keeps its side open', async () => {
    const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write(upgrade('/ws/403'));
    await once(socket.resume(), 'end');
    socket.destroy();
  });

  it('lets an identity in, counts, and lets an allowed origin in', async () => {
    const bearer = `Authorization: Bearer ${makeAccessToken(JWT_SECRET, { subject: 'u', roles: [], lifeS: 60 })}\r\n`;
    expect(await sendRaw(gateway.port, upgrade('/ws-user', bearer), 100)).toMatch(/^HTTP\/1\.1 101/);
    expect(upstream.requests[0]).not.toMatch(/^authorization:/im);
    expect(await sendRaw(gateway.port, upgrade('/ws/x', 'Origin: https://app.example\r\n'), 100)).toMatch(
      /^HTTP\/1\.1 101/,
    );
    expect(await sendRaw(gateway.port, upgrade('/ws-once'), 100)).toMatch(/^HTTP\/1\.1 101/);
    const second = await askRaw(gateway.port, upgrade('/ws-once'), 100);
    expect(second).toMatchObject({ status: 429, headers: { connection: 'close', 'retry-after': expect.any(String) } });
  });

  it('meets what its route asks of fields: limits that they count by, and the DTO', async () => {
    expect((await askRaw(gateway.port, upgrade('/ws-named?period=century'), 100)).status).toBe(422);
    const named = upgrade('/ws-named?period=day&email=a%40b.example');
    expect(await sendRaw(gateway.port, named, 100)).toMatch(/^HTTP\/1\.1 101/);
    expect((await askRaw(gateway.port, named, 100)).status).toBe(429);
  });

  it('is none where an action chooses between routes: it would pass by the policies of the other', async () => {
    expect((await askRaw(gateway.port, upgrade('/ws-acts?action=none'), 100)).status).toBe(401);
    expect((await askRaw(gateway.port, upgrade('/ws-acts'), 100)).status).toBe(200);
  });

  it('answers 502 when the upstream is down', async () => {
    const gone = await startRawUpstream(answer);
    await gone.stop();
    const other = await startTestGateway({ phpTargets: [gone.origin], routes: ROUTES });
    expect(await askRaw(other.port, upgrade('/ws/x'), 200)).toMatchObject({
      status: 502,
      body: expect.stringContaining('UPSTREAM_BAD_ANSWER'),
    });
    await other.stop();
  });

  it('lets go of the upstream when the client leaves', async () => {
    const socket = connect(gateway.port, '127.0.0.1', () => socket.write(upgrade('/ws/echo')));
    await new Promise<void>((resolve) => {
      socket.once('data', () => resolve());
    });
    expect(upstream.openSockets()).toBeGreaterThan(0);
    socket.resetAndDestroy();
  });

  it('cuts joined sockets at its end', async () => {
    const other = await startTestGateway({ phpTargets: [upstream.origin], routes: ROUTES });
    const socket = connect(other.port, '127.0.0.1', () => socket.write(upgrade('/ws/echo')));
    await new Promise<void>((resolve) => {
      socket.once('data', () => resolve());
    });
    const closed = new Promise<void>((resolve) => {
      socket.on('error', () => undefined).once('close', () => resolve());
    });
    await other.stop(50);
    await closed;
  });
});
