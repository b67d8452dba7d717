import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { makeAccessToken } from '../../src/auth/index.js';
import { elapsedMs, FAR_TIME_MS, NOT_WAITED_MS } from '../support/elapsed.js';
import { holdsOnce } from '../support/holds-once.js';
import { askRaw, parseAnswer, type RawAnswer, sendRaw } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { FORWARDERS, twoForwarders } from '../support/two-forwarders.js';

const MIB = 1024 * 1024;

/** Sends a head, then `bytes` of body as fast as they are taken, whatever comes back; the answer and how much was taken. */
function pour(port: number, head: string, bytes: number, chunk: Buffer): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    let left = bytes;
    const push = (): void => {
      while (left > 0 && !socket.destroyed) {
        left -= chunk.byteLength;
        if (!socket.write(chunk)) return;
      }
      setTimeout(() => socket.end(), 150).unref();
    };
    socket.on('connect', () => socket.write(head, push));
    socket.on('drain', push);
    socket.on('data', (data) => {
      received += data.toString('latin1');
    });
    socket.on('end', () => socket.end());
    // A client that is cut off while it sends has lost the answer, as far as most libraries are concerned.
    socket.on('error', reject);
    socket.on('close', () => resolve(parseAnswer(received)));
  });
}

describe('bodies', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  beforeAll(async () => {
    upstream = await startRawUpstream((socket, request) =>
      socket.write(
        httpAnswer(200, { 'Content-Type': 'text/plain' }, String(request.length - request.indexOf('\r\n\r\n') - 4)),
      ),
    );
    gateway = await startTestGateway({ phpTargets: [upstream.origin], routes: twoForwarders('maxBodyBytes: 100000') });
  });
  beforeEach(() => {
    upstream.requests.length = 0;
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });
  const post = (path: string, fields: string): string => `POST ${path} HTTP/1.1\r\nHost: h\r\n${fields}\r\n\r\n`;
  const EXPECT = 'Expect: 100-continue\r\nContent-Length: 5';

  it.each(FORWARDERS)(
    'over %s: invites the body once the policies have passed, cleans the head, takes the body whole',
    async (_n, path) => {
      const received = await sendRaw(
        gateway.port,
        [
          post(path, `${EXPECT}\r\nX-Forwarded-For: 9.9.9.9\r\nX_Gateway_Identity: forged`),
          { onceHeard: '100 Continue', send: 'hello' },
        ],
        150,
      );
      expect(received).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
      expect(upstream.requests).toHaveLength(1);
      expect(upstream.requests[0]).toMatch(/hello$/);
      expect(upstream.requests[0]).not.toMatch(/9\.9\.9\.9|forged|^expect:/im);
      expect(upstream.requests[0]).toMatch(/^x-gateway-identity: /im);
    },
  );

  it('refuses instead of inviting, and closes: 401, 403, 413, 429', async () => {
    const bearer = `Authorization: Bearer ${makeAccessToken(JWT_SECRET, { subject: 'u', roles: [], lifeS: 60 })}`;
    await askRaw(gateway.port, 'GET /limited/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n', 100);
    upstream.requests.length = 0;
    for (const [status, text] of [
      [401, post('/guarded/x', EXPECT)],
      [403, post('/json/x', `${EXPECT}\r\nOrigin: https://evil.example`)],
      [413, post('/guarded/x', `${bearer}\r\nExpect: 100-continue\r\nContent-Length: 5000`)],
      [429, post('/limited/x', EXPECT)],
    ] as const) {
      let received = '';
      const tookMs = await elapsedMs(async () => (received = await sendRaw(gateway.port, text, FAR_TIME_MS)));
      expect(received).not.toContain('100 Continue');
      expect(parseAnswer(received)).toMatchObject({ status, headers: { connection: 'close' } });
      // Closed by the gateway, not by this client's patience.
      expect(tookMs).toBeLessThan(NOT_WAITED_MS);
    }
    expect(upstream.requests).toEqual([]);
  });

  it.each(FORWARDERS)('over %s: does not hang on another expectation', async (_name, path) => {
    const answer = await askRaw(gateway.port, [post(path, 'Expect: tea\r\nContent-Length: 5'), 'hello'], 150);
    expect(answer.raw).toMatch(/HTTP\/1\.1 200 /);
    expect(upstream.requests[0]).toMatch(/hello$/);
    expect(upstream.requests[0]).not.toMatch(/^expect:/im);
  });

  it.each([
    ['no identity', '/guarded/x', 401],
    ['a length beyond the limit, undici', '/json/x', 413],
    ['a length beyond the limit, http-proxy-middleware', '/page/x', 413],
  ])('lets a client that sends 50 MB read why it was refused: %s', async (_title, path, status) => {
    const before = process.memoryUsage().rss;
    const block = Buffer.alloc(MIB, 'x');
    const head = post(path, `Content-Length: ${50 * MIB}`);
    const answers = await Promise.all(Array.from({ length: 6 }, () => pour(gateway.port, head, 50 * MIB, block)));
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 6 }, () => status));
    // Of 300 MiB that would be kept, what waits for the collector.
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * MIB);
    expect(upstream.requests).toEqual([]);
  });

  it.each(FORWARDERS)(
    'over %s: stops chunks beyond the limit with 413 and abandons the upstream',
    async (_name, path) => {
      const chunk = Buffer.from(`4000\r\n${'x'.repeat(0x4000)}\r\n`);
      const answer = await pour(gateway.port, post(path, 'Transfer-Encoding: chunked'), 20 * chunk.byteLength, chunk);
      expect(answer.status).toBe(413);
      expect(JSON.parse(answer.body)).toMatchObject({ errorCode: 'PAYLOAD_TOO_LARGE' });
      // Listed only when a body came to its end.
      expect(upstream.requests).toEqual([]);
    },
  );

  it.each(FORWARDERS)('over %s: gives up a client that stops in the middle of its body', async (_name, path) => {
    const impatient = await startTestGateway({
      phpTargets: [upstream.origin],
      routes: twoForwarders('bodyIdleTimeoutMs: 150'),
    });
    const half = `${post(path, 'Content-Length: 10')}12345`;
    const answer = await askRaw(impatient.port, half, FAR_TIME_MS);
    expect(answer.status).toBe(408);
    expect(JSON.parse(answer.body)).toMatchObject({ errorCode: 'REQUEST_TIMEOUT' });
    expect(upstream.requests).toEqual([]);
    // Slow, but never silent for long, unless the machine is: whole.
    await holdsOnce(async () => {
      const parts = [post(path, 'Connection: close\r\nContent-Length: 8'), ...'12345678'];
      const slow = await askRaw(impatient.port, parts, FAR_TIME_MS);
      expect([slow.status, slow.body]).toEqual([200, '8']);
    });
    await impatient.stop();
  });

  it('closes a connection whose refused head is followed by a big body, after the answer was read', async () => {
    const answer = await pour(
      gateway.port,
      post('/json/x', `Host: other\r\nContent-Length: ${8 * MIB}`),
      8 * MIB,
      Buffer.alloc(MIB),
    );
    expect(answer).toMatchObject({ status: 400, headers: { connection: 'close' } });
  });

  it('uses a connection on whose small refused body has been read', async () => {
    const received = await sendRaw(
      gateway.port,
      [`${post('/guarded/x', 'Content-Length: 5')}hello`, 'GET /json/x HTTP/1.1\r\nHost: h\r\n\r\n'],
      150,
    );
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 401', 'HTTP/1.1 200']);
  });
});
