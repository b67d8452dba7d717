import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type Socket } from 'node:net';
import { eventually } from '../support/eventually.js';
import { hear, type HeardAnswer } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const TABLE = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'] }
policies:
  authorization: { public: {} }
routes:
  route: { match: { path: /route }, upstream: php, policies: { authorization: public, concurrency: { route: 3 } } }
  caller: { match: { path: /caller }, upstream: php, policies: { authorization: public, concurrency: { caller: 2 } } }
  upload: { match: { path: /upload }, upstream: php, policies: { authorization: public, envelope: 'off', concurrency: { caller: 2, route: 2 } } }
  act: { match: { path: /act, methods: [POST] }, upstream: php, policies: { authorization: public, concurrency: { caller: 3 } } }
  act.a: { match: { path: /act, methods: [POST], action: a }, upstream: php, policies: { authorization: public, concurrency: { caller: 1 } } }
  socket: { match: { path: /socket }, upstream: php, policies: { authorization: public, envelope: 'off', upgrade: true, concurrency: { caller: 2 } } }
  sockets: { match: { path: /sockets }, upstream: php, policies: { authorization: public, envelope: 'off', upgrade: true, concurrency: { route: 1 } } }
  checked: { match: { path: /checked, methods: [POST] }, upstream: php, policies: { authorization: public, input: conversations.create, concurrency: { route: 1 } } }
`;

describe('requests under way at the same time', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  /** Sockets of the upstream that wait to be answered. */
  let waiting: Socket[];
  beforeEach(async () => {
    waiting = [];
    upstream = await startRawUpstream((socket, request) => {
      if (/^upgrade:/im.test(request))
        socket.write('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      else if (request.includes('?now')) socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, '{}'));
      else waiting.push(socket);
    });
    gateway = await startTestGateway({
      phpTargets: [upstream.origin],
      routes: TABLE,
      env: { TRUSTED_PROXIES: '127.0.0.1' },
    });
  });
  afterEach(async () => {
    await gateway.stop(0);
    await upstream.stop();
  });
  const answerAll = (): void => {
    for (const socket of waiting.splice(0))
      socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, '{"ok":true}'));
  };
  const from = (address: string, path: string): Promise<HeardAnswer> =>
    hear(gateway.port, path, { headers: { 'X-Forwarded-For': address } });

  it('are bounded per route with 503, for all callers together, and free their places when answered', async () => {
    const served = [1, 2, 3].map((i) => from(`192.0.2.${i}`, '/route'));
    await eventually(() => waiting.length === 3);
    const refused = await from('192.0.2.9', '/route');
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    expect(JSON.parse(refused.body)).toMatchObject({ success: false, errorCode: 'UPSTREAM_UNAVAILABLE' });
    expect(waiting).toHaveLength(3);
    answerAll();
    expect((await Promise.all(served)).map(({ status }) => status)).toEqual([200, 200, 200]);
    // As many as before, and no more: each place was freed once.
    const again = [1, 2, 3, 4, 5].map((i) => from(`192.0.2.${i}`, '/route'));
    await eventually(() => waiting.length === 3);
    await eventually(async () => (await from('192.0.2.9', '/route')).status === 503);
    answerAll();
    expect((await Promise.all(again)).map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 503, 503]);
  });

  it('are bounded per caller with 429, each caller for itself, an IPv6 network as one', async () => {
    const served = [1, 2].map((i) => from(`2001:db8:1:2::${i}`, '/caller'));
    await eventually(() => waiting.length === 2);
    const refused = await from('2001:db8:1:2:ffff::3', '/caller');
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1']);
    expect(JSON.parse(refused.body)).toMatchObject({ errorCode: 'RATE_LIMITED' });
    const other = from('2001:db8:1:3::1', '/caller');
    await eventually(() => waiting.length === 3);
    answerAll();
    expect((await Promise.all([...served, other])).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('are bounded for an action that stands in the body as its route says, and on the way there as its siblings', async () => {
    const act = (action: string): Promise<HeardAnswer> =>
      hear(gateway.port, '/act', {
        method: 'POST',
        body: JSON.stringify({ action }),
        headers: { 'Content-Type': 'application/json' },
      });
    const first = act('a');
    await eventually(() => waiting.length === 1);
    expect((await act('a')).status).toBe(429);
    const others = [act('b'), act('b')];
    await eventually(() => waiting.length === 3);
    expect((await act('b')).status).toBe(429);
    answerAll();
    expect((await Promise.all([first, ...others])).map(({ status }) => status)).toEqual([200, 200, 200]);
    const again = act('a');
    await eventually(() => waiting.length === 1);
    answerAll();
    expect((await again).status).toBe(200);
  });

  it('free the place of a client that leaves', async () => {
    for (let round = 0; round < 5; round++) {
      const leave = new AbortController();
      const gone = [1, 2].map(() => hear(gateway.port, '/caller', { signal: leave.signal }));
      await eventually(() => waiting.length === 2);
      expect((await hear(gateway.port, '/caller?now')).status).toBe(429);
      leave.abort();
      await Promise.all(gone);
      waiting.length = 0;
      await eventually(async () => (await hear(gateway.port, '/caller?now')).status === 200);
    }
  });

  const open = (path = '/socket'): Promise<{ socket: Socket; head: string }> =>
    new Promise((resolve, reject) => {
      const socket = connect(gateway.port, '127.0.0.1');
      socket.once('data', (chunk) => resolve({ socket, head: chunk.toString('latin1') }));
      socket.once('error', reject);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    });

  it('hold the place of a joined socket until it closes', async () => {
    const [first, second] = [await open(), await open()];
    expect([first.head, second.head].map((head) => head.slice(0, 12))).toEqual(['HTTP/1.1 101', 'HTTP/1.1 101']);
    const third = await open();
    expect(third.head).toMatch(/^HTTP\/1\.1 429 /);
    third.socket.destroy();
    first.socket.destroy();
    await eventually(async () => {
      const { socket, head } = await open();
      socket.destroy();
      return head.startsWith('HTTP/1.1 101');
    });
    second.socket.destroy();
  });

  it('are bounded per route for joined sockets too', async () => {
    const first = await open('/sockets');
    expect(first.head).toMatch(/^HTTP\/1\.1 101 /);
    const second = await open('/sockets');
    expect(second.head).toMatch(/^HTTP\/1\.1 503 /);
    second.socket.destroy();
    first.socket.destroy();
    await eventually(async () => {
      const { socket, head } = await open('/sockets');
      socket.destroy();
      return head.startsWith('HTTP/1.1 101');
    });
  });

  it('do not take a route’s places while their bodies crawl in: a few slow senders would close it for everybody', async () => {
    const crawling = connect(gateway.port, '127.0.0.1');
    crawling.on('error', () => undefined);
    // Who is asked to go on is being read.
    const isRead = new Promise((resolve) => crawling.once('data', resolve));
    crawling.write(
      'POST /checked HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 50\r\nExpect: 100-continue\r\n\r\n',
    );
    await isRead;
    const headers = { 'Content-Type': 'application/json' };
    const served = await hear(gateway.port, '/checked?now', { method: 'POST', body: '{"title":"x"}', headers });
    expect(served.status).toBe(200);
    crawling.destroy();
  });

  it('are held by uploads that crawl, and freed when the upload breaks off', async () => {
    const crawl = (): Socket => {
      const socket = connect(gateway.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc');
      return socket;
    };
    const crawling = [crawl(), crawl()];
    await eventually(async () => (await hear(gateway.port, '/upload?now')).status === 429);
    for (const socket of crawling) socket.destroy();
    await eventually(async () => (await hear(gateway.port, '/upload?now')).status === 200);
  });
});
