import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Module } from '@nestjs/common';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvelopeFields } from '../../src/contract/index.js';
import { NativeHandler } from '../../src/routing/index.js';
import { eventually } from '../support/eventually.js';
import { holdsOnce } from '../support/holds-once.js';
import { hear, parseAnswer, type RawAnswer } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

@Controller()
class NativeController {
  @NativeHandler('slow.native')
  native(): EnvelopeFields {
    return new EnvelopeFields({ ok: true });
  }
}

@Module({ controllers: [NativeController] })
class NativeModule {}

const BIG = 8 * 1024 * 1024;
const TABLE = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'] }
policies:
  authorization: { public: {} }
defaults: { authorization: public, bodyIdleTimeoutMs: 300, idleTimeoutMs: 500, maxBodyBytes: 100000000, maxAnswerBytes: 100000000, answers: any }
routes:
  native: { match: { path: /native }, handler: slow.native, policies: { maxBodyBytes: 1000000 } }
  socket: { match: { path: /socket }, upstream: php, policies: { envelope: 'off', upgrade: true } }
  page: { match: { path: '/page/{*path}' }, upstream: php, policies: { envelope: 'off' } }
  patient: { match: { path: '/patient' }, upstream: php, policies: { idleTimeoutMs: 0 } }
  steady: { match: { path: '/steady' }, upstream: php, policies: { bodyIdleTimeoutMs: 700 } }
  json: { match: { path: '/json/{*path}' }, upstream: php }
`;

describe('who is slow', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    upstream = await startRawUpstream((socket, request) => {
      if (/^upgrade:/im.test(request)) {
        socket.write('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        socket.on('data', (chunk) => socket.write(chunk));
      } else if (request.includes('?big')) {
        socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, `{"text":"${'x'.repeat(BIG)}"}`));
      } else if (request.includes('?late')) {
        setTimeout(() => socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, '{"ok":true}')), 1500);
      } else socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, '{"ok":true}'));
    });
    gateway = await start();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await gateway.stop(0);
    await upstream.stop();
  });

  const start = (env: Record<string, string> = {}, php = upstream.origin): Promise<TestGateway> =>
    startTestGateway({ phpTargets: [php], routes: TABLE, features: [NativeModule], env });
  const open = (port = gateway.port): Socket => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    sockets.push(socket);
    return socket;
  };
  /** What the gateway says until it closes the connection, and after how many ms that is; undefined: it does not. */
  const listen = async (socket: Socket, withinMs = 15_000): Promise<(RawAnswer & { ms: number }) | undefined> => {
    const startedAt = performance.now();
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString('latin1')));
    const isClosed = await Promise.race([
      once(socket, 'close').then(() => true),
      sleep(withinMs, false, { ref: false }),
    ]);
    return isClosed ? { ...parseAnswer(received), ms: performance.now() - startedAt } : undefined;
  };
  const openConnections = (): Promise<number> =>
    new Promise((resolve) => gateway.server.getConnections((_error, count) => resolve(count)));

  it('with its head gets 408 however steadily it drips (slowloris), and so does who says nothing', async () => {
    expect(gateway.server.headersTimeout).toBe(15_000);
    gateway.server.headersTimeout = 500;
    const dripping = open();
    dripping.write('GET /json/x HTTP/1.1\r\nHost: h\r\n');
    const drip = setInterval(() => dripping.write('X-A: b\r\n'), 50);
    const [dripped, silent] = await Promise.all([listen(dripping), listen(open())]);
    clearInterval(drip);
    expect(dripped).toMatchObject({ status: 408 });
    expect(JSON.parse(dripped?.body ?? '')).toMatchObject({ success: false, errorCode: 'REQUEST_TIMEOUT' });
    expect(silent).toBeDefined();
    expect(upstream.requests).toEqual([]);
  });

  it.each([
    ['undici', '/json/x'],
    ['http-proxy-middleware', '/page/x'],
    ['a native handler', '/native'],
  ])('with its body, a byte now and then and never a pause, gets 408 and is closed: %s', async (_name, path) => {
    const socket = open();
    socket.write(`POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n`);
    const drip = setInterval(() => socket.write('x'), 30);
    const answer = await listen(socket);
    clearInterval(drip);
    expect(answer).toMatchObject({ status: 408, headers: { connection: 'close' } });
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ errorCode: 'REQUEST_TIMEOUT' });
    // Three of the pauses that the route allows.
    expect(answer?.ms).toBeGreaterThan(600);
    expect(upstream.requests).toEqual([]);
  });

  it('with its body, but not that slow, is served: a kilobyte now and then', async () => {
    // Longer in all than the three pauses that a body may fall behind; a pause of the machine's own is none of it.
    await holdsOnce(async () => {
      const socket = open();
      const parts = 22;
      socket.write(`POST /steady HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: ${parts * 1024}\r\n\r\n`);
      const served = listen(socket);
      for (let i = 0; i < parts; i++) {
        await sleep(100);
        socket.write('x'.repeat(1024));
      }
      expect(await served).toMatchObject({ status: 200 });
    });
  });

  it.each(['/json/x', '/page/x'])('to read its answer is cut: %s', async (path) => {
    gateway.server.timeout = 200;
    const socket = open();
    socket.pause();
    socket.write(`GET ${path}?big HTTP/1.1\r\nHost: h\r\n\r\n`);
    await eventually(() => upstream.requests.length === 1);
    await eventually(async () => (await openConnections()) === 0);
  });

  it('to read its answer may be, where the route says so', async () => {
    gateway.server.timeout = 200;
    const socket = open();
    socket.pause();
    socket.write('GET /patient?big HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    await eventually(() => upstream.requests.length === 1);
    await sleep(1500);
    expect(await openConnections()).toBe(1);
    let bytes = 0;
    socket.on('data', (chunk) => (bytes += chunk.byteLength));
    socket.resume();
    await once(socket, 'end');
    expect(bytes).toBeGreaterThan(BIG);
  });

  it('because PHP is, is not cut: waiting for an answer, or joined and silent', async () => {
    gateway.server.timeout = 200;
    expect(await hear(gateway.port, '/json/x?late')).toMatchObject({ status: 200, isComplete: true });
    const joined = open();
    joined.write('GET /socket HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await once(joined, 'data');
    await sleep(1000);
    joined.write('still here');
    expect(String((await once(joined, 'data'))[0])).toBe('still here');
  });

  it('between requests loses its connection', async () => {
    gateway.server.keepAliveTimeout = 200;
    const socket = open();
    socket.write('GET /json/x HTTP/1.1\r\nHost: h\r\n\r\n');
    expect(await listen(socket)).toMatchObject({ status: 200 });
  });

  describe('while PHP takes its time with a body', () => {
    let reluctant: Server;
    let patient: TestGateway;
    beforeEach(async () => {
      // Reads nothing for five times the pause that the route allows, then all.
      reluctant = createServer({ pauseOnConnect: true }, (socket) => {
        let bytes = 0;
        socket.on('error', () => undefined);
        setTimeout(() => {
          socket.on('data', (chunk) => {
            bytes += chunk.byteLength;
            if (bytes > BIG) socket.end(httpAnswer(200, { 'Content-Type': 'application/json' }, '{"ok":true}'));
          });
          socket.resume();
        }, 1500);
      }).listen(0, '127.0.0.1');
      await once(reluctant, 'listening');
      patient = await start({}, `http://127.0.0.1:${(reluctant.address() as AddressInfo).port}`);
    });
    afterEach(async () => {
      await patient.stop(0);
      reluctant.close();
    });

    it.each(['/json/x', '/page/x'])('is not taken for slow: %s', async (path) => {
      const answer = await hear(patient.port, path, { method: 'POST', body: 'x'.repeat(BIG) });
      expect(answer.status).toBe(200);
    });
  });

  it('or not: one address holds 512 connections, not more, and a trusted proxy as many as it needs', async () => {
    /** Opens 530, and tells those that were closed. */
    const crowd = async (port: number): Promise<ReadonlySet<Socket>> => {
      const closed = new Set<Socket>();
      const all = Array.from({ length: 530 }, () => open(port));
      for (const socket of all) socket.once('close', () => closed.add(socket)).resume();
      await Promise.all(all.map((socket) => once(socket, 'connect').catch(() => undefined)));
      return closed;
    };
    const closed = await crowd(gateway.port);
    await eventually(() => closed.size >= 18);
    expect((await hear(gateway.port, '/json/x')).status).toBe(0);
    expect(closed.size).toBe(18);
    sockets.splice(0, 20).forEach((socket) => socket.destroy());
    await eventually(async () => (await hear(gateway.port, '/json/x')).status === 200);
    const behindProxy = await start({ TRUSTED_PROXIES: '127.0.0.1' });
    const ofProxy = await crowd(behindProxy.port);
    // Connections are taken in their order: who comes last is served when all others have been looked at.
    expect((await hear(behindProxy.port, '/json/x')).status).toBe(200);
    expect(ofProxy.size).toBe(0);
    await behindProxy.stop(0);
  });
});
