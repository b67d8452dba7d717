import { Controller, Module } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { NativeHandler } from '../../src/routing/index.js';
import { eventually } from '../support/eventually.js';
import { hear, type HeardAnswer } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** `/json` is read whole for its envelope (undici), `/stream` passes through (http-proxy-middleware). */
const TABLE = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], connectTimeoutMs: 200, breaker: { threshold: 0.99 } }
policies:
  authorization: { public: {} }
defaults: { authorization: public, timeoutMs: 900, idleTimeoutMs: 450, maxAnswerBytes: 5000 }
routes:
  json: { match: { path: '/json/{*path}' }, upstream: php, policies: { envelope: splice } }
  stream: { match: { path: '/stream/{*path}' }, upstream: php, policies: { envelope: 'off' } }
`;
const JSON_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const GOOD = httpAnswer(200, { 'Content-Type': 'application/json' }, '{"ok":true}');

type Say = (socket: Socket) => void;
/** What the client hears: an error envelope with this status, or a connection cut in the middle of the answer. */
type Outcome = 502 | 504 | 'cut';

const later = (socket: Socket, act: () => void): void =>
  void setTimeout(() => (socket.destroyed ? undefined : act()), 20);
const says =
  (text: string): Say =>
  (socket) =>
    socket.write(text, 'latin1');
const saysThenCloses =
  (text: string): Say =>
  (socket) => {
    socket.write(text, 'latin1');
    later(socket, () => socket.end());
  };
const saysThenResets =
  (text: string): Say =>
  (socket) => {
    socket.write(text, 'latin1');
    later(socket, () => socket.resetAndDestroy());
  };
function repeats(text: string, everyMs: number, times = Infinity): Say {
  return (socket) => {
    let left = times;
    const timer = setInterval(() => {
      if (left-- > 0) socket.write(text);
      else clearInterval(timer);
    }, everyMs);
    socket.once('close', () => clearInterval(timer));
  };
}

const FAULTS: readonly {
  readonly name: string;
  readonly say: Say;
  readonly json: Outcome;
  readonly stream: Outcome;
}[] = [
  { name: 'closes without an answer', say: (socket) => socket.end(), json: 502, stream: 502 },
  { name: 'resets without an answer', say: (socket) => socket.resetAndDestroy(), json: 502, stream: 502 },
  { name: 'closes within the head', say: saysThenCloses('HTTP/1.1 200 OK\r\nContent-Ty'), json: 502, stream: 502 },
  { name: 'resets within the head', say: saysThenResets('HTTP/1.1 200 OK\r\nContent-Ty'), json: 502, stream: 502 },
  {
    name: 'closes within a body of known length',
    say: saysThenCloses(`${JSON_HEAD}Content-Length: 100\r\n\r\n{"a":1}`),
    json: 502,
    stream: 'cut',
  },
  {
    name: 'resets within a body of known length',
    say: saysThenResets(`${JSON_HEAD}Content-Length: 100\r\n\r\n{"a":1}`),
    json: 502,
    stream: 'cut',
  },
  {
    name: 'closes within chunks',
    say: saysThenCloses(`${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n`),
    json: 502,
    stream: 'cut',
  },
  {
    name: 'resets within chunks',
    say: saysThenResets(`${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n`),
    json: 502,
    stream: 'cut',
  },
  {
    name: 'sends a chunk size that is no number',
    say: says(`${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n7\r\n{"a":1}\r\nzz\r\n`),
    json: 502,
    stream: 'cut',
  },
  { name: 'speaks another protocol and waits', say: says('SSH-2.0-OpenSSH_9.6\r\n'), json: 502, stream: 502 },
  { name: 'speaks another protocol and closes', say: saysThenCloses('hello\r\n\r\n'), json: 502, stream: 502 },
  {
    name: 'sends a status that is no number',
    say: says('HTTP/1.1 OK OK\r\nContent-Length: 0\r\n\r\n'),
    json: 502,
    stream: 502,
  },
  {
    name: 'sends a header line without a colon',
    say: says('HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 0\r\n\r\n'),
    json: 502,
    stream: 502,
  },
  {
    name: 'sends a NUL in a header',
    say: says('HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n'),
    json: 502,
    stream: 502,
  },
  {
    name: 'sends two lengths',
    say: says(`${JSON_HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`),
    json: 502,
    stream: 502,
  },
  {
    name: 'sends a head of 100 kB',
    say: says(`HTTP/1.1 200 OK\r\nX-Big: ${'a'.repeat(100_000)}\r\nContent-Length: 0\r\n\r\n`),
    json: 502,
    stream: 502,
  },
  {
    name: 'switches protocols unasked',
    say: says('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
    json: 502,
    stream: 502,
  },
  { name: 'never answers', say: () => undefined, json: 504, stream: 504 },
  {
    name: 'says "103 Early Hints" for ever',
    say: repeats('HTTP/1.1 103 Early Hints\r\n\r\n', 20),
    json: 504,
    stream: 504,
  },
  { name: 'falls silent within the head', say: says('HTTP/1.1 200 OK\r\nContent-'), json: 504, stream: 504 },
  {
    name: 'falls silent within the body',
    say: says(`${JSON_HEAD}Content-Length: 100\r\n\r\n{"a":1}`),
    json: 504,
    stream: 'cut',
  },
];

describe('an upstream that misbehaves', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  let say: Say = says(GOOD);

  beforeAll(async () => {
    upstream = await startRawUpstream((socket) => say(socket));
    gateway = await startTestGateway({ routes: TABLE, phpTargets: [upstream.origin] });
  });
  afterAll(async () => {
    await gateway.stop(0);
    await upstream.stop();
  });
  afterEach(() => {
    upstream.requests.length = 0;
  });

  function expectOutcome(answer: HeardAnswer, outcome: Outcome): void {
    if (outcome === 'cut') {
      // The cut may overtake the head.
      expect([0, 200]).toContain(answer.status);
      expect(answer.isComplete).toBe(false);
      return;
    }
    expect(answer.isComplete).toBe(true);
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status: outcome });
    const body = JSON.parse(answer.body) as Record<string, unknown>;
    expect(body).toEqual({
      success: false,
      traceId: answer.headers['x-trace-id'],
      error: expect.any(String),
      errorCode: outcome === 502 ? 'UPSTREAM_BAD_ANSWER' : 'UPSTREAM_TIMEOUT',
    });
    expect(answer.body).not.toMatch(/127\.0\.0\.1|ECONN|HPE_|at .*\.ts/);
  }

  const cases = FAULTS.flatMap(({ name, say: fault, json, stream }) => [
    { name, route: 'json', fault, outcome: json },
    { name, route: 'stream', fault, outcome: stream },
  ]);

  it.each(cases)(
    '/$route: $name → $outcome, and the next request gets its own answer',
    async ({ route, fault, outcome }) => {
      say = fault;
      const answer = await hear(gateway.port, `/${route}/x`, { method: 'POST', body: 'a=1' });
      expectOutcome(answer, outcome);
      expect(answer.ms).toBeLessThan(3000);
      expect(upstream.requests).toHaveLength(1);
      say = says(GOOD);
      const next = await hear(gateway.port, `/${route}/next`);
      expect(next).toMatchObject({ status: 200, isComplete: true, body: expect.stringContaining('"ok":true') });
    },
  );

  describe.each(['json', 'stream'])('on /%s', (route) => {
    it.each([
      [
        'a control character in a header',
        'HTTP/1.1 200 OK\r\nX-A: a\x01b\r\nContent-Length: 13\r\nContent-Type: application/json\r\n\r\n{"ok": false}',
      ],
      [
        'a control character in a cookie of a refusal',
        'HTTP/1.1 401 No\r\nSet-Cookie: a=\x01b\r\nContent-Length: 0\r\n\r\n',
      ],
      [
        'a control character in the reason',
        'HTTP/1.1 200 O\x01K\r\nContent-Length: 13\r\nContent-Type: application/json\r\n\r\n{"ok": false}',
      ],
      ['status 999', 'HTTP/1.1 999 Odd\r\nContent-Length: 13\r\nContent-Type: application/json\r\n\r\n{"ok": false}'],
      ['status 000', 'HTTP/1.1 000 Odd\r\nContent-Length: 13\r\nContent-Type: application/json\r\n\r\n{"ok": false}'],
      [
        'a body with 204',
        'HTTP/1.1 204 No\r\nContent-Length: 13\r\nContent-Type: application/json\r\n\r\n{"ok": false}',
      ],
      [
        'a body with 304',
        'HTTP/1.1 304 No\r\nContent-Length: 13\r\nContent-Type: application/json\r\n\r\n{"ok": false}',
      ],
      [
        'an unknown content coding',
        'HTTP/1.1 200 OK\r\nContent-Encoding: zip\r\nContent-Length: 13\r\nContent-Type: application/json\r\n\r\n{"ok": false}',
      ],
    ])('answers whole, whatever it is, and lives on: %s', async (_name, text) => {
      say = says(text);
      const answer = await hear(gateway.port, `/${route}/x`, { method: 'POST', body: 'a=1' });
      expect(answer.status).toBeGreaterThanOrEqual(200);
      expect(answer.isComplete).toBe(true);
      expect(answer.headers['x-trace-id']).toMatch(/^[0-9a-f]{32}$/);
      say = says(GOOD);
      await expect(hear(gateway.port, `/${route}/next`)).resolves.toMatchObject({
        status: 200,
        body: expect.stringContaining('"ok":true'),
      });
    });

    it('passes over 102 and 103 to the answer itself', async () => {
      say = (socket) => {
        socket.write('HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n');
        later(socket, () => socket.write(GOOD));
      };
      const answer = await hear(gateway.port, `/${route}/x`);
      expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('"ok":true') });
      expect(answer.headers['link']).toBeUndefined();
    });

    it.each([
      ['at once', 0],
      ['a moment later', 40],
    ])('never hands on an answer that nobody asked for, sent %s behind another', async (_when, ms) => {
      const poison = httpAnswer(200, { 'Content-Type': 'application/json' }, '{"poison":1}');
      say = (socket) => {
        if (ms === 0) socket.write(GOOD + poison);
        else {
          socket.write(GOOD);
          setTimeout(() => socket.write(poison), ms);
        }
      };
      const first = await hear(gateway.port, `/${route}/a`);
      expect(first).toMatchObject({ status: 200, isComplete: true, body: expect.stringContaining('"ok":true') });
      await sleep(ms + 20);
      say = says(httpAnswer(200, { 'Content-Type': 'application/json' }, '{"own":1}'));
      // Not GET: a second try would hide that the first one went over the poisoned connection.
      const others = await Promise.all(
        ['b', 'c', 'd'].map((name) => hear(gateway.port, `/${route}/${name}`, { method: 'POST', body: 'x' })),
      );
      for (const other of others)
        expect(other).toMatchObject({ status: 200, body: expect.stringContaining('"own":1') });
    });

    it('drops bytes beyond the announced length, and the connection with them', async () => {
      say = says(`${JSON_HEAD}Content-Length: 11\r\n\r\n{"ok":true}{"more":1}`);
      const answer = await hear(gateway.port, `/${route}/a`);
      expect(answer).toMatchObject({ status: 200, isComplete: true, body: expect.stringContaining('"ok":true') });
      expect(answer.body).not.toContain('more');
      say = says(GOOD);
      await expect(hear(gateway.port, `/${route}/b`, { method: 'POST', body: 'x' })).resolves.toMatchObject({
        status: 200,
      });
    });

    it('sends a GET once more when nothing of an answer came, a POST never', async () => {
      say = (socket) => socket.resetAndDestroy();
      expectOutcome(await hear(gateway.port, `/${route}/x`), 502);
      expect(upstream.requests).toHaveLength(2);
      upstream.requests.length = 0;
      expectOutcome(await hear(gateway.port, `/${route}/x`, { method: 'POST', body: 'a=1' }), 502);
      expectOutcome(await hear(gateway.port, `/${route}/x`, { method: 'POST' }), 502);
      expectOutcome(await hear(gateway.port, `/${route}/x`, { method: 'DELETE' }), 502);
      expectOutcome(await hear(gateway.port, `/${route}/x`, { headers: { 'Content-Length': '1' }, body: 'x' }), 502);
      expect(upstream.requests).toHaveLength(4);
    });

    it('does not ask again once the answer has begun, nor when PHP is only slow', async () => {
      say = saysThenResets(`${JSON_HEAD}Content-Length: 100\r\n\r\n`);
      expectOutcome(await hear(gateway.port, `/${route}/x`), route === 'json' ? 502 : 'cut');
      expect(upstream.requests).toHaveLength(1);
      say = () => undefined;
      expectOutcome(await hear(gateway.port, `/${route}/x`), 504);
      expect(upstream.requests).toHaveLength(2);
    });

    it('sends the second try over a fresh connection: idle ones may all be dead', async () => {
      const warm = new Set<Socket>();
      say = (socket) => {
        warm.add(socket);
        setTimeout(() => socket.write(GOOD), 30);
      };
      await Promise.all(Array.from({ length: 5 }, () => hear(gateway.port, `/${route}/warm`)));
      upstream.requests.length = 0;
      // Each of them takes one more request and dies of it, as connections behind a restarted balancer do.
      say = (socket) => (warm.has(socket) ? socket.resetAndDestroy() : socket.write(GOOD));
      await expect(hear(gateway.port, `/${route}/x`)).resolves.toMatchObject({ status: 200, isComplete: true });
      expect(upstream.requests).toHaveLength(2);
    });

    it('never sends a POST twice when the kept connection breaks under it', async () => {
      say = says(GOOD);
      await hear(gateway.port, `/${route}/warm`);
      for (const fault of [
        saysThenResets(''),
        saysThenCloses(''),
        saysThenResets('HTTP/1.1 2'),
        saysThenResets(`${JSON_HEAD}Content-Length: 9\r\n\r\n{`),
      ]) {
        say = says(GOOD);
        await hear(gateway.port, `/${route}/warm`);
        upstream.requests.length = 0;
        say = fault;
        const answer = await hear(gateway.port, `/${route}/x`, { method: 'POST', body: 'a=1' });
        expect(answer.status === 502 || !answer.isComplete).toBe(true);
        await sleep(30);
        expect(upstream.requests).toHaveLength(1);
      }
    });
  });

  it('gives up a JSON answer that comes byte by byte when its whole time is spent', async () => {
    say = (socket) => {
      socket.write(`${JSON_HEAD}Content-Length: 1000\r\n\r\n`);
      repeats(' ', 10)(socket);
    };
    const answer = await hear(gateway.port, '/json/x');
    expectOutcome(answer, 504);
    expect(answer.ms).toBeLessThan(3000);
  });

  it('lets a stream take its time as long as it moves', async () => {
    say = (socket) => {
      socket.write(`${JSON_HEAD}Content-Length: 60\r\n\r\n`);
      repeats('x', 20, 60)(socket);
    };
    const answer = await hear(gateway.port, '/stream/x');
    expect(answer).toMatchObject({ status: 200, isComplete: true, body: 'x'.repeat(60) });
    expect(answer.ms).toBeGreaterThan(1000);
  });

  it('gives up a stream that does not move for the idle time', async () => {
    say = says(`${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nxx\r\n`);
    const answer = await hear(gateway.port, '/stream/x');
    expectOutcome(answer, 'cut');
    expect(answer.body).toBe('xx');
    expect(answer.ms).toBeLessThan(3000);
  });

  it.each([
    ['of known length', (body: string) => httpAnswer(200, { 'Content-Type': 'application/json' }, body)],
    [
      'in chunks',
      (body: string) =>
        `${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    ],
  ])('refuses a JSON answer beyond the bound, %s, and streams it where nothing must be read', async (_name, wrap) => {
    say = says(wrap(`{"a":"${'x'.repeat(6000)}"}`));
    expectOutcome(await hear(gateway.port, '/json/x'), 502);
    await expect(hear(gateway.port, '/stream/x')).resolves.toMatchObject({ status: 200, isComplete: true });
    say = says(wrap(`{"a":"${'x'.repeat(4900)}"}`));
    await expect(hear(gateway.port, '/json/x')).resolves.toMatchObject({ status: 200, isComplete: true });
  });
});

/** Takes connections into its queue until that is full, then not even those: the thread never comes to accept one. */
async function startDeafListener(): Promise<{ readonly origin: string; stop(): Promise<void> }> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer();
     server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 20);
     });`,
    { eval: true, execArgv: [] },
  );
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  await sleep(100);
  const fillers = Array.from({ length: 6 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await sleep(50);
  return {
    origin: `http://127.0.0.1:${port}`,
    stop: async () => {
      for (const filler of fillers) filler.destroy();
      await worker.terminate();
    },
  };
}

describe('an upstream that cannot be reached', () => {
  it.each(['json', 'stream'])('answers 502 with Retry-After on /%s while nobody listens', async (route) => {
    const upstream = await startRawUpstream(says(GOOD));
    await upstream.stop();
    const gateway = await startTestGateway({ routes: TABLE, phpTargets: [upstream.origin] });
    for (const method of ['GET', 'POST']) {
      const answer = await hear(gateway.port, `/${route}/x`, { method });
      expect(answer).toMatchObject({ status: 502, headers: { 'retry-after': '1' } });
      expect(JSON.parse(answer.body)).toMatchObject({ success: false, errorCode: 'UPSTREAM_BAD_ANSWER' });
      expect(answer.body).not.toContain('127.0.0.1');
    }
    await gateway.stop(0);
  });

  it('answers 504 when the connection cannot be made in time', async () => {
    const deaf = await startDeafListener();
    const gateway = await startTestGateway({
      routes: TABLE.replace('timeoutMs: 900', 'timeoutMs: 5000'),
      phpTargets: [deaf.origin],
    });
    for (const route of ['json', 'stream']) {
      const answer = await hear(gateway.port, `/${route}/x`, { method: 'POST', body: 'a=1' });
      expect(answer.status).toBe(504);
      expect(JSON.parse(answer.body)).toMatchObject({ errorCode: 'UPSTREAM_TIMEOUT' });
      expect(answer.ms).toBeGreaterThan(150);
      // undici's own clock ticks once a second.
      expect(answer.ms).toBeLessThan(4000);
    }
    await gateway.stop(0);
    await deaf.stop();
  });

  it('tries a GET on another target when the first one cannot be connected in time', async () => {
    const deaf = await startDeafListener();
    const upstream = await startRawUpstream(says(GOOD));
    const routes = TABLE.replace('timeoutMs: 900', 'timeoutMs: 5000');
    const gateway = await startTestGateway({ routes, phpTargets: [deaf.origin, upstream.origin] });
    const answers = await Promise.all(
      ['json', 'stream', 'json', 'stream'].map((route) => hear(gateway.port, `/${route}/x`)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    await gateway.stop(0);
    await Promise.all([upstream.stop(), deaf.stop()]);
  });
});

describe('a client that leaves', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  let say: Say;
  const lines: Record<string, unknown>[] = [];

  beforeAll(async () => {
    upstream = await startRawUpstream((socket) => say(socket));
    const routes = TABLE.replace('timeoutMs: 900', 'timeoutMs: 20000').replace(
      'threshold: 0.99',
      'threshold: 0.1, openMs: 60000',
    );
    gateway = await startTestGateway({ routes, phpTargets: [upstream.origin] });
    const note = (line: unknown): void => void lines.push(line as Record<string, unknown>);
    jest.spyOn(gateway.logger, 'info').mockImplementation(note);
    jest.spyOn(gateway.logger, 'warn').mockImplementation(note);
  });
  afterAll(async () => {
    await gateway.stop(0);
    await upstream.stop();
  });
  afterEach(() => {
    lines.length = 0;
    upstream.requests.length = 0;
  });

  it.each([
    ['json', 'before the head', () => undefined, 'GET'],
    ['stream', 'before the head', () => undefined, 'GET'],
    ['json', 'before the head of a POST', () => undefined, 'POST'],
    ['stream', 'before the head of a POST', () => undefined, 'POST'],
    ['json', 'within the body', says(`${JSON_HEAD}Content-Length: 100\r\n\r\n{`), 'GET'],
    ['stream', 'within the body', says(`${JSON_HEAD}Content-Length: 100\r\n\r\n{`), 'GET'],
  ] as const)(
    'on /%s ends the upstream call %s; it is logged as 499 and nobody is blamed',
    async (route, _when, fault, method) => {
      for (let round = 0; round < 7; round++) {
        say = fault;
        const controller = new AbortController();
        const heard = hear(gateway.port, `/${route}/x`, {
          method,
          signal: controller.signal,
          ...(method === 'POST' ? { body: 'a=1' } : {}),
        });
        while (upstream.requests.length === 0) await sleep(2);
        await sleep(10);
        expect(upstream.openSockets()).toBeGreaterThan(0);
        controller.abort();
        await heard;
        const leftAt = performance.now();
        await eventually(() => upstream.openSockets() === 0);
        expect(performance.now() - leftAt).toBeLessThan(3000);
        expect(upstream.requests).toHaveLength(1);
        upstream.requests.length = 0;
      }
      await eventually(() => lines.length >= 7);
      expect(lines).toHaveLength(7);
      for (const line of lines) expect(line).toMatchObject({ status: 499, errorCode: 'CLIENT_CLOSED', route });
      lines.length = 0;
      say = (socket) => socket.end(`${GOOD.replace('\r\n', '\r\nConnection: close\r\n')}`);
      await expect(hear(gateway.port, `/${route}/x`)).resolves.toMatchObject({ status: 200 });
    },
  );

  it('is told apart in the log from an upstream that broke off', async () => {
    say = saysThenResets(`${JSON_HEAD}Content-Length: 100\r\n\r\n{`);
    await expect(hear(gateway.port, '/stream/x')).resolves.toMatchObject({ isComplete: false });
    await eventually(() => lines.length > 0);
    expect(lines).toEqual([
      expect.objectContaining({
        errorCode: 'UPSTREAM_BAD_ANSWER',
        upstreamFault: 'answer reset',
        status: 200,
        wasCut: true,
      }),
    ]);
  });
});

@Controller()
class FaultyController {
  @NativeHandler('faulty.throws')
  throws(): never {
    throw new Error('secret detail at /srv/app/secret.ts');
  }

  @NativeHandler('faulty.rejects')
  async rejects(): Promise<never> {
    await sleep(1);
    throw new TypeError('secret detail of SELECT * FROM users');
  }
}

@Module({ controllers: [FaultyController] })
class FaultyModule {}

describe('a fault of the gateway’s own', () => {
  it.each(['throws', 'rejects'])('becomes 500 INTERNAL without any detail when a handler %s', async (name) => {
    const routes = `
policies: { authorization: { public: {} } }
defaults: { authorization: public }
routes:
  faulty: { match: { path: /x }, handler: faulty.${name} }
`;
    const gateway = await startTestGateway({ routes, features: [FaultyModule] });
    const error = jest.spyOn(gateway.logger, 'error').mockImplementation(() => undefined);
    const answer = await hear(gateway.port, '/x');
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.body)).toEqual({
      success: false,
      traceId: answer.headers['x-trace-id'],
      error: expect.any(String),
      errorCode: 'INTERNAL',
    });
    expect(answer.body).not.toContain('secret');
    expect(error).toHaveBeenCalledTimes(1);
    await gateway.stop(0);
  });
});
