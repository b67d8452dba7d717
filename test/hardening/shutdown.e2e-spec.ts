import { afterEach, describe, expect, it } from '@jest/globals';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { elapsedMs, FAR_TIME_MS, NOT_WAITED_MS } from '../support/elapsed.js';
import { eventually, settle } from '../support/eventually.js';
import { hear, sendRaw } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const TABLE = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'] }
policies:
  authorization: { public: {} }
defaults: { authorization: public, timeoutMs: 5000 }
routes:
  json: { match: { path: '/json/{*path}' }, upstream: php, policies: { envelope: splice } }
  stream: { match: { path: '/stream/{*path}' }, upstream: php, policies: { envelope: 'off', upgrade: true } }
  ready: { match: { path: /readyz }, handler: health.ready }
  live: { match: { path: /livez }, handler: health.live }
`;

const parts: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const part of parts.splice(0).toReversed()) await part.stop();
});

async function start(
  say: (socket: Socket, request: string) => void,
): Promise<{ gateway: TestGateway; upstream: RawUpstream }> {
  const upstream = await startRawUpstream(say);
  const gateway = await startTestGateway({ routes: TABLE, phpTargets: [upstream.origin] });
  parts.push(upstream, { stop: () => gateway.stop(0) });
  return { gateway, upstream };
}

const answerAfter =
  (ms: number) =>
  (socket: Socket): void =>
    void setTimeout(() => socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, '{"ok":true}')), ms);

/** A connection whose events and bytes a test can look at while it is open. */
function openConnection(port: number): { socket: Socket; text: () => string; isClosed: () => boolean } {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  let isClosed = false;
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.on('close', () => (isClosed = true));
  return { socket, text: () => text, isClosed: () => isClosed };
}

describe('a gateway that is told to stop', () => {
  it.each(['json', 'stream'])(
    'lets a slow request on /%s finish whole and says that the connection ends',
    async (route) => {
      const { gateway, upstream } = await start(answerAfter(300));
      const agent = new Agent({ keepAlive: true });
      const slow = hear(gateway.port, `/${route}/x`, { agent });
      await eventually(() => upstream.requests.length > 0);
      const stopped = elapsedMs(() => gateway.stop(FAR_TIME_MS));
      const answer = await slow;
      expect(answer).toMatchObject({ status: 200, isComplete: true, body: expect.stringContaining('"ok":true') });
      expect(answer.headers['connection']).toBe('close');
      // The end of the last request ends the wait, not the grace.
      await expect(stopped).resolves.toBeLessThan(NOT_WAITED_MS);
      agent.destroy();
    },
  );

  it('refuses new connections and closes idle ones at once, while others are still served', async () => {
    const { gateway, upstream } = await start(answerAfter(400));
    const agent = new Agent({ keepAlive: true });
    await hear(gateway.port, '/livez', { agent });
    const idle = openConnection(gateway.port);
    idle.socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => idle.text().includes('live'));
    const slow = hear(gateway.port, '/json/x');
    await eventually(() => upstream.requests.length > 0);
    const stopped = gateway.stop(5000);
    await eventually(idle.isClosed);
    await expect(hear(gateway.port, '/livez')).resolves.toMatchObject({ status: 0 });
    await expect(slow).resolves.toMatchObject({ status: 200, isComplete: true });
    await stopped;
    agent.destroy();
  });

  it('tells whoever still reaches it that it is not ready, yet serves the request that was under way', async () => {
    const under: Socket[] = [];
    const { gateway, upstream } = await start((socket) => void under.push(socket));
    const slow = hear(gateway.port, '/json/x');
    await eventually(() => upstream.requests.length > 0);
    const [ready, late] = [openConnection(gateway.port), openConnection(gateway.port)];
    ready.socket.write('GET /readyz HTTP/1.1\r\nHost: a\r\n');
    late.socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n');
    await settle(50);
    const stopped = gateway.stop(FAR_TIME_MS);
    await settle(30);
    ready.socket.write('\r\n');
    late.socket.write('\r\n');
    await eventually(() => ready.isClosed() && late.isClosed());
    expect(ready.text()).toMatch(/^HTTP\/1\.1 503 /);
    expect(ready.text()).toMatch(/\r\nConnection: close\r\n/i);
    expect(ready.text()).toContain('"success":false');
    expect(late.text()).toMatch(/^HTTP\/1\.1 200 /);
    expect(late.text()).toMatch(/\r\nConnection: close\r\n/i);
    for (const socket of under) answerAfter(0)(socket);
    await expect(slow).resolves.toMatchObject({ status: 200, isComplete: true });
    await stopped;
  });

  it('refuses what comes late in the grace', async () => {
    const under: Socket[] = [];
    const { gateway } = await start((socket) => void under.push(socket));
    const slow = hear(gateway.port, '/json/x');
    await eventually(() => under.length > 0);
    const late = openConnection(gateway.port);
    late.socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n');
    await settle(50);
    const stopped = gateway.stop(6000);
    await sleep(3100);
    late.socket.write('\r\n');
    await eventually(late.isClosed);
    expect(late.text()).toMatch(/^HTTP\/1\.1 503 /);
    expect(late.text()).toContain('UPSTREAM_UNAVAILABLE');
    for (const socket of under) answerAfter(0)(socket);
    await expect(slow).resolves.toMatchObject({ status: 200, isComplete: true });
    await stopped;
  });

  it('lets a stream go on to its end, and then closes a connection that was promised to stay', async () => {
    const under: Socket[] = [];
    const { gateway, upstream } = await start((socket, request) => {
      if (request.includes('/longer')) return void under.push(socket);
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nTransfer-Encoding: chunked\r\n\r\n');
      let left = 10;
      const timer = setInterval(() => {
        socket.write(left > 0 ? '1\r\n!\r\n' : '0\r\n\r\n');
        if (left-- === 0) clearInterval(timer);
      }, 30);
    });
    const longer = hear(gateway.port, '/json/longer');
    const stream = openConnection(gateway.port);
    stream.socket.write('GET /stream/x HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => stream.text().includes('!\r\n'));
    const stopped = elapsedMs(() => gateway.stop(FAR_TIME_MS));
    await eventually(() => stream.text().endsWith('0\r\n\r\n'));
    expect(stream.text().match(/1\r\n!\r\n/g)).toHaveLength(10);
    // At once: the gateway is still busy with the other one.
    await eventually(stream.isClosed);
    expect(under).toHaveLength(1);
    for (const socket of under) answerAfter(0)(socket);
    await expect(longer).resolves.toMatchObject({ status: 200, isComplete: true });
    await expect(stopped).resolves.toBeLessThan(NOT_WAITED_MS);
    expect(upstream.requests).toHaveLength(2);
  });

  it('cuts a stream when the grace ends', async () => {
    const { gateway, upstream } = await start((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n'),
    );
    const stream = hear(gateway.port, '/stream/x');
    await eventually(() => upstream.requests.length > 0);
    await settle(20);
    const ms = await elapsedMs(() => gateway.stop(200));
    expect(ms).toBeGreaterThan(150);
    expect(ms).toBeLessThan(NOT_WAITED_MS);
    await expect(stream).resolves.toMatchObject({ isComplete: false });
    await eventually(() => upstream.openSockets() === 0);
  });

  it('cuts WebSocket tunnels at the end of the grace, on both sides', async () => {
    const { gateway, upstream } = await start((socket, request) => {
      if (/^upgrade: websocket/im.test(request))
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello');
    });
    const tunnel = openConnection(gateway.port);
    tunnel.socket.write(
      'GET /stream/ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await eventually(() => tunnel.text().includes('hello'));
    const ms = await elapsedMs(() => gateway.stop(200));
    expect(ms).toBeLessThan(NOT_WAITED_MS);
    await eventually(() => tunnel.isClosed() && upstream.openSockets() === 0);
  });

  it('leaves nothing behind: no connection to the upstream, no probe', async () => {
    const { gateway, upstream } = await start(answerAfter(0));
    await Promise.all(['json', 'stream'].map((route) => hear(gateway.port, `/${route}/x`)));
    expect(upstream.openSockets()).toBeGreaterThan(0);
    await gateway.stop(1000);
    await eventually(() => upstream.openSockets() === 0);
    const before = upstream.connections();
    await settle(300);
    expect(upstream.connections()).toBe(before);
  });

  it('stops once, however often it is told', async () => {
    const { gateway } = await start(answerAfter(0));
    await Promise.all([gateway.stop(100), gateway.stop(100)]);
    await expect(sendRaw(gateway.port, 'GET / HTTP/1.1\r\n\r\n')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
