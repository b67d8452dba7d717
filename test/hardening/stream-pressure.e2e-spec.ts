import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { elapsedMs } from '../support/elapsed.js';
import { eventually } from '../support/eventually.js';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.js';
import { holdsOnce } from '../support/holds-once.js';
import { call } from '../support/http-call.js';
import {
  answerOf,
  DOWN,
  growthWhile,
  LEFT_WITHIN_MS,
  MAX_GROWTH_BYTES,
  MIB,
  open,
  STREAM_ROUTES,
  TransferReport,
  UP,
} from '../support/stream-site.js';

const GIB = 1024 * MIB;
/** Said before the body was read, of a type that is not read whole on any route. */
const EARLY_ANSWER = 'HTTP/1.1 303 See Other\r\nLocation: /login.php\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
const report = new TransferReport();
afterAll(() => report.tell());

describe('pressure and departure', () => {
  /** Answers with as much as is taken, or swallows nothing, as the path says; counts what it got rid of. */
  let upstream: Server;
  let origin: string;
  const sockets = new Set<Socket>();
  let gateway: GatewayProcess;

  beforeAll(async () => {
    upstream = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
      socket.once('data', (head: Buffer) => {
        const text = head.toString('latin1');
        if (text.includes('/__fixtures/deaf')) socket.pause();
        else if (text.includes('/__fixtures/mute')) return;
        else if (text.includes('/__fixtures/early')) socket.pause().end(EARLY_ANSWER);
        else pour(socket, Number(/bytes=(\d+)/.exec(text)?.[1] ?? 0));
      });
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    gateway = await startGatewayProcess(STREAM_ROUTES, origin);
    for (const [, method] of DOWN) await call(gateway.url, `/__fixtures/x?bytes=${20 * MIB}`, { method });
  });
  afterAll(async () => {
    await gateway.stop();
    for (const socket of sockets) socket.destroy();
    upstream.close();
  });

  it.each(DOWN)(
    'a slow reader slows PHP instead of filling memory (%s)',
    async (name, method) => {
      const bytes = 160 * MIB;
      const req = open(gateway.url, `/__fixtures/x?bytes=${bytes}`, method);
      req.end();
      const startedAt = performance.now();
      const growth = await growthWhile(gateway, async () => {
        const res = await answerOf(req);
        let read = 0;
        while (read < MIB) read += ((await once(res, 'data')) as [Buffer])[0].length;
        res.pause();
        const [socket] = [...sockets]
          .filter((candidate) => candidate.bytesWritten > 0)
          .toSorted((a, b) => b.bytesWritten - a.bytesWritten);
        const taken = await standstill(() => (socket?.bytesWritten ?? bytes) - (socket?.writableLength ?? 0));
        // What the kernel holds for two connections, and a little of the gateway's own.
        expect(taken).toBeLessThan(40 * MIB);
        for await (const chunk of res as AsyncIterable<Buffer>) read += chunk.length;
        expect(read).toBe(bytes);
      });
      report.note(`slow reader over ${name}`, bytes, startedAt, growth);
      expect(growth).toBeLessThan(MAX_GROWTH_BYTES);
    },
    60_000,
  );

  it.each(DOWN)(
    'a hundred slow readers of 10 MB do not fill memory, and who reads on gets all (%s)',
    async (name, method) => {
      const bytes = 10 * MIB;
      const startedAt = performance.now();
      const growth = await growthWhile(gateway, async () => {
        const answers = await Promise.all(
          Array.from({ length: 100 }, async () => {
            const req = open(gateway.url, `/__fixtures/x?bytes=${bytes}`, method);
            req.end();
            return (await answerOf(req)).pause();
          }),
        );
        await standstill(() =>
          [...sockets].reduce((sum, socket) => sum + socket.bytesWritten - socket.writableLength, 0),
        );
        // A tenth of them tells that nothing is mixed up or missing; the others leave.
        for (const res of answers.splice(10)) res.destroy();
        for (const res of answers) {
          let read = 0;
          for await (const chunk of res as AsyncIterable<Buffer>) read += chunk.length;
          expect(read).toBe(bytes);
        }
      });
      report.note(`100 slow readers over ${name}`, 100 * bytes, startedAt, growth);
      expect(growth).toBeLessThan(MAX_GROWTH_BYTES);
    },
    120_000,
  );

  it.each(UP)('a PHP that does not read slows the client (%s)', async (name, method) => {
    const req = open(gateway.url, '/__fixtures/deaf', method, { 'Content-Length': String(200 * MIB) });
    req.on('error', () => undefined);
    let taken = 0;
    const startedAt = performance.now();
    const growth = await growthWhile(gateway, async () => {
      const block = Buffer.alloc(MIB, 120);
      const more = (): void => {
        while (taken < 200) {
          taken++;
          if (!req.write(block)) return void req.once('drain', more);
        }
      };
      more();
      await standstill(() => taken);
    });
    report.note(`deaf PHP over ${name}`, taken * MIB, startedAt, growth);
    req.destroy();
    expect(taken).toBeLessThan(60);
    expect(growth).toBeLessThan(MAX_GROWTH_BYTES);
  });

  it.each(UP)('an answer before the end of the body ends the call cleanly (%s)', async (_name, method) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { hostname, port } = new URL(gateway.url);
    const req = request({
      host: hostname,
      port,
      path: '/__fixtures/early',
      method,
      agent,
      headers: { 'Content-Length': String(8 * MIB) },
    });
    req.on('error', () => undefined);
    const answer = answerOf(req);
    req.end(Buffer.alloc(8 * MIB, 120));
    const res = await answer;
    expect([res.statusCode, res.headers['location']]).toEqual([303, '/login.php']);
    res.resume();
    // The rest of the body is taken, so that the connection can serve again.
    if (!req.writableFinished) await once(req, 'finish');
    const next = request({ host: hostname, port, path: '/__fixtures/x?bytes=7', method: 'GET', agent });
    next.end();
    const second = await answerOf(next);
    expect(second.headers['content-length']).toBe('7');
    agent.destroy();
  });

  it.each(
    DOWN.flatMap(([name, method]) =>
      ['mute', `x?bytes=${GIB}`].map((path) => [name, path.slice(0, 4), method, path] as const),
    ),
  )('a client that leaves ends the call within a second (%s, %s)', async (_name, _case, method, path) => {
    await holdsOnce(async () => {
      for (const socket of sockets) socket.destroy();
      await eventually(() => sockets.size === 0);
      const req = open(gateway.url, `/__fixtures/${path}`, method);
      req
        .on('error', () => undefined)
        .on('response', (res: IncomingMessage) => res.on('error', () => undefined).resume());
      req.end();
      await eventually(() => [...sockets].some(({ bytesRead }) => bytesRead > 0));
      // Within the answer, where there is one.
      await sleep(100);
      expect(sockets.size).toBe(1);
      const tookMs = await elapsedMs(() => {
        req.destroy();
        return eventually(() => sockets.size === 0);
      });
      expect(tookMs).toBeLessThan(LEFT_WITHIN_MS);
    });
  });
});

/** What a count comes to: it has not changed for half a second of this process's own turns. */
async function standstill(count: () => number): Promise<number> {
  for (let [still, before] = [0, count()]; still < 10; still++) {
    await sleep(50);
    if (count() !== before) [still, before] = [0, count()];
  }
  return count();
}

/** Writes an answer of so many bytes, as fast as it is taken. */
function pour(socket: Socket, bytes: number): void {
  const block = Buffer.alloc(64 * 1024, 120);
  let left = bytes;
  socket.write(
    `HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${bytes}\r\nConnection: close\r\n\r\n`,
  );
  const more = (): void => {
    while (left > 0 && !socket.destroyed) {
      const part = block.subarray(0, Math.min(left, block.length));
      left -= part.length;
      if (!socket.write(part)) return void socket.once('drain', more);
    }
    socket.end();
  };
  more();
}
