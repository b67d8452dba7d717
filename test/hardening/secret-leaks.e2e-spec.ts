import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Module, Res } from '@nestjs/common';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { request, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { NativeHandler } from '../../src/routing/index.js';
import { call } from '../support/http-call.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { IDENTITY_SECRET, JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { FORWARDERS, twoForwarders } from '../support/two-forwarders.js';

/** Put together here, so that no scanner of source code takes this file for a leak. */
const OPENAI_KEY = 'donna.Zq0wNf8cX5vB2mL7kJ3hG6fD9sA1pO4iU8yT';
const SMTP_PASS = 'pä"ss/w<rd&8 7x';
const DATABASE = 'postgres://donna:s3cr3t%2Fpw@127.0.0.1:9/donna';
const VENDOR_KEY = ['sk', 'ant', 'api03', 'q8Wf3LxZ0vN5bT7yH2kR9mC4dJ6gP1sE'].join('-');
const GOOGLE_KEY = `AI${'za'}SyB7nQ4cW9eR2tY5uI8oP1aS3dF6gH0jK-x`;

const ENV = {
  OPENAI_API_KEY: OPENAI_KEY,
  OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
  SMTP_HOST: '127.0.0.1',
  SMTP_USER: 'donna',
  SMTP_PASS,
  EMAIL_FROM: 'donna@example.com',
  DATABASE_URL: DATABASE,
};

@Controller()
class LeakyController {
  @NativeHandler('leaky')
  whole(): object {
    return { session: { api_key: OPENAI_KEY } };
  }

  @NativeHandler('leaky.raw')
  raw(@Res() res: ServerResponse): void {
    res.write(`<p>${'x'.repeat(100)}${OPENAI_KEY.slice(0, 9)}`);
    res.write(OPENAI_KEY.slice(9));
    res.end('</p>');
  }

  @NativeHandler('leaky.header')
  header(@Res() res: ServerResponse): void {
    res.writeHead(200, { 'X-Debug': OPENAI_KEY });
    res.end('fine');
  }

  @NativeHandler('clean')
  clean(@Res() res: ServerResponse): void {
    res.setHeader('Content-Type', 'application/json');
    res.write('{"access_token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x",');
    res.end(`"client_secret":{"value":"${['ek', 'q8Wf3LxZ0vN5bT7yH2kR9mC4dJ6gP1sE'].join('_')}"},"task":"sk-"}`);
  }
}

@Module({ controllers: [LeakyController] })
class LeakyModule {}

let upstream: RawUpstream;
let gateway: TestGateway;
/** What PHP says next; sees the request's head. */
let say: (socket: Socket, request: string) => void;
let alarms: jest.Mock;

function native(name: string): string {
  return `  ${name}: { match: { path: '/native/${name}', methods: [GET] }, handler: ${name}, stage: replaced, policies: { authorization: public } }\n`;
}

beforeAll(async () => {
  upstream = await startRawUpstream((socket, head) => say(socket, head));
  const routes = `${twoForwarders()}${['leaky', 'leaky.raw', 'leaky.header', 'clean'].map(native).join('')}
  ws: { match: { path: '/ws', methods: [GET] }, upstream: php, policies: { authorization: public, upgrade: true } }
  off: { match: { path: '/off/{*path}' }, upstream: php, policies: { authorization: public, secretScan: 'off' } }
  own: { match: { path: '/own/{*path}' }, upstream: php, policies: { authorization: public, envelope: 'off', secretScan: own } }
`;
  gateway = await startTestGateway({ routes, phpTargets: [upstream.origin], env: ENV, features: [LeakyModule] });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
});
beforeEach(() => {
  alarms = jest.fn();
  jest.spyOn(gateway.logger, 'error').mockImplementation((...args: unknown[]) => void alarms(...args));
});
afterEach(() => void jest.restoreAllMocks());

function answerWith(headers: Readonly<Record<string, string>>, body: string | Buffer): void {
  const bytes = Buffer.isBuffer(body) ? body.toString('latin1') : Buffer.from(body).toString('latin1');
  say = (socket) => socket.write(httpAnswer(200, { 'Content-Type': 'text/html', ...headers }, bytes), 'latin1');
}

function expectAlarm(secret: string, where: string | RegExp = 'body'): void {
  expect(alarms.mock.calls).toEqual([
    [
      { traceId: expect.any(String), route: expect.any(String), secret, where: expect.stringMatching(where) },
      'secret in answer',
    ],
  ]);
  for (const value of [OPENAI_KEY, SMTP_PASS, JWT_SECRET, IDENTITY_SECRET, VENDOR_KEY, GOOGLE_KEY])
    expect(JSON.stringify(alarms.mock.calls)).not.toContain(value);
}

function expectRefusal(answer: Awaited<ReturnType<typeof call>>): void {
  expect([answer.status, answer.json()]).toEqual([
    502,
    {
      success: false,
      traceId: expect.any(String),
      error: 'The application gave no usable answer.',
      errorCode: 'UPSTREAM_BAD_ANSWER',
    },
  ]);
}

/** Gets as much of an answer as there is, also of one that is cut. */
function receive(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string; isCut: boolean }> {
  return new Promise((resolve, reject) => {
    const req = request(`${gateway.url}${path}`, { agent: false, headers });
    req.once('error', reject);
    req.once('response', (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
      res.once('close', () =>
        resolve({ status: res.statusCode ?? 0, text: Buffer.concat(chunks).toString('latin1'), isCut: !res.complete }),
      );
    });
    req.end();
  });
}

describe.each(FORWARDERS)('over %s', (_name, path) => {
  it.each([
    ['as it is', 'OPENAI_API_KEY', `{"session":{"user":1,"api_key":"${OPENAI_KEY}"}}`],
    ['in a page', 'OPENAI_API_KEY', `<script>const key = '${OPENAI_KEY}';</script>`],
    ['JSON-escaped as PHP does', 'SMTP_PASS', String.raw`{"pass":"p\u00e4\"ss\/w<rd&8 7x"}`],
    ['JSON-escaped as others do', 'SMTP_PASS', JSON.stringify({ pass: SMTP_PASS })],
    ['HTML-escaped', 'SMTP_PASS', '<td>pä&quot;ss/w&lt;rd&amp;8 7x</td>'],
    ['URL-encoded', 'SMTP_PASS', `<a href="/?p=${encodeURIComponent(SMTP_PASS)}">`],
    ['URL-encoded as a form', 'SMTP_PASS', `p=${encodeURIComponent(SMTP_PASS).replaceAll('%20', '+')}`],
    ['URL-encoded in lower case', 'SMTP_PASS', `p=${encodeURIComponent(SMTP_PASS).toLowerCase()}`],
    ...[0, 1, 2, 3].map(
      (shift) =>
        [
          `in base64, ${shift} bytes into it`,
          'JWT_SECRET',
          Buffer.from(`${'x'.repeat(shift)}${JWT_SECRET}"}`).toString('base64'),
        ] as const,
    ),
    ['in base64url', 'SMTP_PASS', Buffer.from(`{"p":"${SMTP_PASS}"}`).toString('base64url')],
    ['as basic credentials', 'SMTP_PASS', Buffer.from(`donna:${SMTP_PASS}`).toString('base64')],
    ['of the database, with its user and host', 'DATABASE_URL', `could not connect to ${DATABASE}`],
    ['of the identity assertions', 'GATEWAY_IDENTITY_SECRET', `getenv: ${IDENTITY_SECRET}`],
    ['of a vendor', 'Anthropic key', `{"config":{"key":"${VENDOR_KEY}"}}`],
  ])('a secret %s never leaves', async (_case, secret, body) => {
    for (const type of ['text/html', 'application/json', 'application/octet-stream']) {
      alarms.mockClear();
      const isJson = body.startsWith('{');
      if (!isJson && type === 'application/json') continue;
      answerWith({ 'Content-Type': type }, body);
      expectRefusal(await call(gateway.url, path));
      expectAlarm(secret);
    }
  });

  it.each([
    ['Set-Cookie', `key=${OPENAI_KEY}; Path=/`],
    ['Location', `https://other.example/?key=${OPENAI_KEY}`],
    ['X-Debug', `Bearer ${OPENAI_KEY}`],
    ['Content-Type', `text/html; x=${OPENAI_KEY}`],
  ])('a secret in %s never leaves', async (name, value) => {
    answerWith({ [name]: value }, '<p>hello</p>');
    expectRefusal(await call(gateway.url, path));
    expectAlarm('OPENAI_API_KEY', `header ${name.toLowerCase()}`);
  });

  it('a secret in the reason phrase never leaves', async () => {
    say = (socket) => socket.write(`HTTP/1.1 200 ${OPENAI_KEY}\r\nContent-Length: 0\r\n\r\n`);
    expectRefusal(await call(gateway.url, path));
    expectAlarm('OPENAI_API_KEY', 'status line');
  });

  it('credentials in header fields of their own are dropped, and cost the answer nothing', async () => {
    answerWith({ Authorization: `Bearer ${OPENAI_KEY}`, 'X-Gateway-Identity': 'a.b.c' }, '<p>hello</p>');
    const answer = await call(gateway.url, path);
    expect([answer.status, answer.text]).toEqual([200, '<p>hello</p>']);
    expect([answer.headers['authorization'], answer.headers['x-gateway-identity']]).toEqual([undefined, undefined]);
  });

  it('the assertion that PHP got with this very request does not come back', async () => {
    say = (socket, head) => {
      const assertion = /^x-gateway-identity: (\S+)/im.exec(head)?.[1] ?? 'PHP got none';
      socket.write(httpAnswer(200, { 'Content-Type': 'text/html' }, `<tr><td>HTTP_X_GATEWAY_IDENTITY<td>${assertion}`));
    };
    expectRefusal(await call(gateway.url, path));
    expectAlarm('X-Gateway-Identity');
  });

  it.each([
    ['prose', 'Train with sk-learn; the risk-adjusted task-list is in disk-cache-for-all-of-the-tenants-of-this-host.'],
    ['a style sheet', '.sk-folding-cube-animation{color:#fff}.sk_row{} .btn-sk-proj-x{} SG.x AKIA KEY01 ghp_ xoxb-'],
    ['an explanation', 'A key begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----'],
    ['an image with a hash', '<img src="/flags/sk-d41d8cd98f00b204e9800998ecf8427ed41d8cd9.svg">'],
    ['a client’s own tokens', `{"value":"${['ek', 'q8Wf3LxZ0vN5bT7yH2kR9mC4dJ6gP1sE'].join('_')}"}`],
    ['an access token', `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${'e30'.repeat(30)}.${'x'.repeat(43)}`],
    ['a map on a page', `<script src="https://maps.googleapis.com/maps/api/js?key=${GOOGLE_KEY}"></script>`],
  ])('%s passes', async (_case, body) => {
    answerWith({}, body);
    const answer = await call(gateway.url, path);
    expect([answer.status, answer.text.slice(0, 12)]).toEqual([
      200,
      body.startsWith('{') && path.startsWith('/json') ? expect.any(String) : body.slice(0, 12),
    ]);
    expect(alarms).not.toHaveBeenCalled();
  });

  it('a Google key is a leak where it is no page', async () => {
    answerWith({ 'Content-Type': 'application/json' }, `{"key":"${GOOGLE_KEY}"}`);
    expectRefusal(await call(gateway.url, path));
    expectAlarm('Google API key');
  });
});

describe('an answer that passes in pieces', () => {
  it.each([1, 5, 64])('is cut before the first byte of a secret, %i bytes at a time', async (size) => {
    const before = `<p>${'hello '.repeat(20)}`;
    say = (socket) => {
      socket.setNoDelay(true).write('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n');
      const body = `${before}${OPENAI_KEY}</p>`;
      const writeFrom = (at: number): void => {
        if (at >= body.length || socket.destroyed) socket.end();
        else socket.write(body.slice(at, at + size), () => setImmediate(writeFrom, at + size));
      };
      writeFrom(0);
    };
    const { status, text, isCut } = await receive('/page/x');
    // All of it may have come before the head went out: then it is refused.
    if (status === 502) expect(text).not.toContain('hello hello');
    else expect([status, isCut, before.startsWith(text)]).toEqual([200, true, true]);
    expect(text).not.toContain('donna.');
    expectAlarm('OPENAI_API_KEY');
  });

  it('is cut visibly once its head is out', async () => {
    say = (socket) => {
      const filler = 'x'.repeat(200_000);
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 200100\r\n\r\n${filler}`);
      setTimeout(() => socket.write(`${OPENAI_KEY}${'y'.repeat(100 - OPENAI_KEY.length)}`), 100);
    };
    const { status, text, isCut } = await receive('/page/x');
    expect([status, isCut, /^x*$/.test(text)]).toEqual([200, true, true]);
    expectAlarm('OPENAI_API_KEY');
  });

  it('of events is not delayed, though an event may end like the beginning of a key', async () => {
    const arrivals: string[] = [];
    let next = (): void => undefined;
    say = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n');
      const events = ['data: {"t":"task"}\n\n', 'data: sk-\n\n', 'data: the last\n\n'];
      next = () => {
        const event = events.shift();
        if (event === undefined) socket.end();
        else socket.write(event);
      };
    };
    await new Promise<void>((resolve, reject) => {
      const req = request(`${gateway.url}/page/x`, { agent: false });
      req.once('error', reject).once('response', (res) => {
        // PHP goes on only when the event before has arrived: one that is held would stop everything.
        res.on('data', (chunk: Buffer) => {
          arrivals.push(chunk.toString());
          next();
        });
        res.once('end', resolve);
        next();
      });
      req.end();
    });
    expect(arrivals).toEqual(['data: {"t":"task"}\n\n', 'data: sk-\n\n', 'data: the last\n\n']);
  }, 5000);

  it('shows its head at once where the body is slow', async () => {
    const holder: { socket?: Socket } = {};
    say = (socket) => {
      holder.socket = socket;
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n');
    };
    await new Promise<void>((resolve, reject) => {
      request(`${gateway.url}/page/x`, { agent: false })
        .once('error', reject)
        .once('response', (res) => {
          holder.socket?.end('<p>late</p>');
          res.resume().once('end', resolve);
        })
        .end();
    });
  }, 5000);
});

describe('a coded answer', () => {
  const page = Buffer.from(`<p>${'donna at the desk '.repeat(4000)}</p>`);
  const leak = Buffer.concat([page, Buffer.from(`<script>key="${OPENAI_KEY}"</script>`), page]);
  const codings = [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ] as const;

  it.each(codings)('in %s passes byte for byte', async (coding, encode) => {
    const bytes = encode(page);
    answerWith({ 'Content-Encoding': coding }, bytes);
    const answer = await call(gateway.url, '/page/x', { headers: { 'Accept-Encoding': coding } });
    expect([answer.status, answer.headers['content-encoding'], answer.body.equals(bytes)]).toEqual([200, coding, true]);
    expect(alarms).not.toHaveBeenCalled();
  });

  it.each(codings)('in %s is stopped for a secret', async (coding, encode) => {
    answerWith({ 'Content-Encoding': coding }, encode(leak));
    expectRefusal(await call(gateway.url, '/page/x', { headers: { 'Accept-Encoding': coding } }));
    expectAlarm('OPENAI_API_KEY');
  });

  it('is stopped in pieces of a few bytes too', async () => {
    const bytes = gzipSync(leak);
    say = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n');
      const writeFrom = (at: number): void => {
        if (at >= bytes.length || socket.destroyed) socket.end();
        else socket.write(bytes.subarray(at, at + 7), () => setImmediate(writeFrom, at + 7));
      };
      writeFrom(0);
    };
    const { status, isCut } = await receive('/page/x');
    expect(status === 502 || isCut).toBe(true);
    expectAlarm('OPENAI_API_KEY');
  });

  it('that is said to be gzip and is not is looked at as it is', async () => {
    answerWith({ 'Content-Encoding': 'gzip' }, leak);
    expectRefusal(await call(gateway.url, '/page/x'));
    expectAlarm('OPENAI_API_KEY');
  });

  it('that is said to be gzip and is not passes otherwise, as does what follows the end of gzip', async () => {
    for (const body of [page, Buffer.concat([gzipSync(page), page, page])]) {
      answerWith({ 'Content-Encoding': 'gzip' }, body);
      const answer = await call(gateway.url, '/page/x');
      expect([answer.status, answer.body.equals(body)]).toEqual([200, true]);
    }
  });

  it('waits for a client that reads slowly, and arrives whole', async () => {
    const bytes = gzipSync(randomBytes(48 * 1024 * 1024), { level: 1 });
    const holder: { socket?: Socket } = {};
    say = (socket) => {
      holder.socket = socket;
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: ${bytes.length}\r\n\r\n`,
      );
      socket.write(bytes);
    };
    const hash = await new Promise<string>((resolve, reject) => {
      const req = request(`${gateway.url}/page/x`, { agent: false });
      req.once('error', reject).once('response', (res) => {
        const sum = createHash('sha256');
        // Nothing is read until what PHP could get rid of no longer grows.
        let sent = -1;
        const watch = setInterval(() => {
          const now = holder.socket?.writableLength ?? 0;
          if (now !== sent) {
            sent = now;
            return;
          }
          clearInterval(watch);
          if (now < 16 * 1024 * 1024) reject(new Error('the gateway took it all'));
          res.on('data', (chunk: Buffer) => sum.update(chunk)).once('end', () => resolve(sum.digest('hex')));
        }, 500);
      });
      req.end();
    });
    expect(hash).toBe(createHash('sha256').update(bytes).digest('hex'));
  }, 30_000);

  it('that swells beyond reason is stopped', async () => {
    answerWith({ 'Content-Encoding': 'zstd' }, zstdCompressSync(Buffer.alloc(96 * 1024 * 1024)));
    expectRefusal(await call(gateway.url, '/page/x'));
    expectAlarm('coding that cannot be looked through');
  }, 15_000);
});

describe('a native answer', () => {
  it.each([
    ['leaky', 'body'],
    ['leaky.raw', 'body'],
    ['leaky.header', 'header x-debug'],
  ])('of %s is stopped like PHP’s', async (handler, where) => {
    // What the handler had written may not have left this machine when the connection is cut.
    const { status, text } = await receive(`/native/${handler}`).catch(() => ({ status: 0, text: '' }));
    expect(text).not.toContain(OPENAI_KEY);
    if (handler !== 'leaky.raw')
      expect([status, JSON.parse(text)]).toMatchObject([502, { errorCode: 'UPSTREAM_BAD_ANSWER' }]);
    expectAlarm('OPENAI_API_KEY', where);
  });

  it('with tokens that are made for the client passes', async () => {
    const answer = await call(gateway.url, '/native/clean');
    expect([answer.status, answer.json()]).toMatchObject([200, { task: 'sk-' }]);
    expect(alarms).not.toHaveBeenCalled();
  });
});

describe('an upgrade', () => {
  it('whose head carries a secret is refused', async () => {
    const head = (value: string): string =>
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Debug: ${value}\r\n\r\n`;
    const ask = (): Promise<number> =>
      new Promise((resolve, reject) => {
        const headers = {
          Connection: 'Upgrade',
          Upgrade: 'websocket',
          'Sec-WebSocket-Key': 'x',
          'Sec-WebSocket-Version': '13',
        };
        request(`${gateway.url}/ws`, { agent: false, headers })
          .once('error', reject)
          .once('response', (res) => resolve(res.resume().statusCode ?? 0))
          .once('upgrade', (res, socket) => {
            socket.destroy();
            resolve(res.statusCode ?? 0);
          })
          .end();
      });
    say = (socket) => socket.write(head('fine'));
    expect(await ask()).toBe(101);
    say = (socket) => socket.write(head(OPENAI_KEY));
    expect(await ask()).toBe(502);
    expectAlarm('OPENAI_API_KEY', 'header x-debug');
  });
});

describe('a route', () => {
  it('with secretScan: own looks for the gateway’s own secrets alone', async () => {
    answerWith({}, `<p>${VENDOR_KEY}</p>`);
    expect((await call(gateway.url, '/own/x')).text).toContain(VENDOR_KEY);
    answerWith({}, `<p>${createHmac('sha256', 'x').digest('hex')} ${JWT_SECRET}</p>`);
    expectRefusal(await call(gateway.url, '/own/x'));
  });

  it('with secretScan: off is left alone', async () => {
    answerWith({ 'X-Debug': OPENAI_KEY }, `<p>${OPENAI_KEY}</p>`);
    expect((await call(gateway.url, '/off/x')).text).toContain(OPENAI_KEY);
    expect(alarms).not.toHaveBeenCalled();
  });
});

describe('a failure that PHP tells in JSON', () => {
  const sql = 'SQLSTATE[42S02]: no such table in \\/var\\/www\\/html\\/x.php on line 3';
  const tell = (status: number, body: string): void => {
    say = (socket) =>
      socket.write(
        httpAnswer(status, { 'Content-Type': 'application/json', 'Set-Cookie': 'a=1', 'Retry-After': '7' }, body),
      );
  };

  it.each([
    [500, 'INTERNAL'],
    [503, 'UPSTREAM_UNAVAILABLE'],
    [404, 'NOT_FOUND'],
    [200, 'INTERNAL'],
  ])('with status %i keeps its status and loses SQL and paths', async (status, errorCode) => {
    tell(status, `{"success":false,"error":"${sql}","trace":[]}`);
    const answer = await call(gateway.url, '/json/x');
    expect([answer.status, answer.json()]).toEqual([
      status,
      { success: false, traceId: expect.any(String), error: expect.any(String), errorCode },
    ]);
    expect(answer.text).not.toMatch(/SQLSTATE|var|html/);
    expect([answer.all('set-cookie'), answer.all('retry-after')]).toEqual([['a=1'], ['7']]);
  });

  it('that says no more than it should is left as it is', async () => {
    tell(500, '{"error":"The mailbox is full.","code":1.0}');
    expect((await call(gateway.url, '/json/x')).text).toContain('"error":"The mailbox is full.","code":1.0');
  });

  it('is not what a talk about SQL is', async () => {
    tell(200, `{"success":true,"reply":"The message ${sql} means that a table is missing."}`);
    expect((await call(gateway.url, '/json/x')).text).toContain(sql);
  });
});
