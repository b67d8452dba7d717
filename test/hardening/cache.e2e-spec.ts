import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import {
  type CacheSite,
  type CountingUpstream,
  startCachingGateway,
  startCountingUpstream,
  statusOf,
  tokenOf,
} from '../support/cache-site.js';
import { eventually, settle } from '../support/eventually.js';
import type { CallAnswer } from '../support/http-call.js';
import { JWT_SECRET } from '../support/test-gateway.js';

const PUBLIC = 'upstream: php, policies: { authorization: public, timeoutMs: 60000,';
const TABLE = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], breaker: { threshold: 1 } }
policies:
  authorization: { public: {}, user: { anyOf: [jwt] } }
  rateLimit: { many: { limit: 100000, windowS: 600, per: ip } }
routes:
  open: { match: { path: '/open', methods: [GET] }, ${PUBLIC} rateLimit: [many], cache: { ttlS: 60, vary: public } } }
  open.write: { match: { path: '/open', methods: [POST] }, ${PUBLIC} } }
  late: { match: { path: '/late', methods: [GET] }, upstream: php, policies: { authorization: public, timeoutMs: 1000, cache: { ttlS: 60, vary: public } } }
  over: { match: { path: '/over', methods: [GET] }, ${PUBLIC} cache: { ttlS: 60, vary: public, cacheControl: override } } }
  lang: { match: { path: '/lang', methods: [GET] }, ${PUBLIC} cache: { ttlS: 60, vary: public, key: { headers: [x-shop] } } } }
  short: { match: { path: '/short', methods: [GET] }, ${PUBLIC} cache: { ttlS: 1, vary: public, staleWhileRevalidateS: 600 } } }
  spare: { match: { path: '/spare', methods: [GET] }, ${PUBLIC} cache: { ttlS: 1, vary: public, staleIfErrorS: 600 } } }
  none: { match: { path: '/none', methods: [GET] }, ${PUBLIC} cache: { ttlS: 60, vary: public, negativeTtlS: 60 } } }
  pages: { match: { path: '/pages/{*path}' }, ${PUBLIC} envelope: 'off', cache: { ttlS: 60, vary: public } } }
  own: { match: { path: '/own', methods: [GET] }, upstream: php, policies: { authorization: user, cache: { ttlS: 60, vary: identity, cacheControl: override, tags: ['own:{subject}', board] } } }
  own.write: { match: { path: '/own', methods: [POST] }, upstream: php, policies: { authorization: user } }
  board.write: { match: { path: '/board', methods: [POST] }, upstream: php, policies: { authorization: user, invalidates: [board] } }
  ai: { match: { path: '/ai', methods: [POST] }, upstream: php, policies: { authorization: user, cache: { ttlS: 60, vary: identity, cacheControl: override, key: { body: [messages, model] } } } }
  ai.plain: { match: { path: '/ai-plain', methods: [POST] }, upstream: php, policies: { authorization: user } }
  metrics: { match: { path: /metrics, methods: [GET] }, handler: metrics, policies: { authorization: public } }
`;
const JSON_TYPE = { 'Content-Type': 'application/json' };

let upstream: CountingUpstream;
let site: CacheSite;
let count = 0;

beforeAll(async () => {
  upstream = await startCountingUpstream(() => undefined);
  site = await startCachingGateway(upstream, TABLE, {
    env: { TRUSTED_PROXIES: '127.0.0.1', ALLOWED_ORIGINS: 'https://a.example,https://b.example' },
  });
});
afterAll(async () => {
  await site.gateway.stop(0);
  await upstream.stop();
});
beforeEach(() => {
  upstream.seen.length = 0;
  answerWith({});
});

/** Each answer says how many there were: two that are equal are one. */
function answerWith(headers: Readonly<Record<string, string | string[]>>, more: object = {}, status = 200): void {
  upstream.answer = (_req, res) => {
    count += 1;
    res.writeHead(status, { ...JSON_TYPE, ...headers }).end(JSON.stringify({ n: count, ...more }));
  };
}

const n = (answer: CallAnswer): unknown => (answer.json() as { n?: unknown }).n;
let address = 0;
/** An address that nothing was asked of yet. */
const fresh = (path: string): string => `${path}?unique=${(address += 1)}`;

async function askTwice(path: string, headers: Record<string, string> = {}): Promise<[CallAnswer, CallAnswer]> {
  return [await site.ask(path, { headers }), await site.ask(path, { headers })];
}

describe('a stored answer', () => {
  it('is the fetched one byte for byte, but for what belongs to the request', async () => {
    answerWith({ 'X-Own': 'kept', Via: '1.1 behind' });
    const [miss, hit] = await askTwice(fresh('/open'), { 'X-Trace-Id': 'trace-of-the-first' });
    const other = await site.ask(`/open?unique=${address}`, { headers: { 'X-Trace-Id': 'trace-of-another' } });
    const own = /^(?:x-trace-id|cache-status|age|content-length|(?:x-)?ratelimit.*)$/i;
    const common = ({ rawHeaders }: CallAnswer): string[] =>
      rawHeaders.flatMap((name, i) => (i % 2 === 0 && !own.test(name) ? [`${name}: ${rawHeaders[i + 1] ?? ''}`] : []));
    expect(common(hit)).toEqual(common(miss));
    expect(hit.body.equals(miss.body)).toBe(true);
    expect(other.text.replace('trace-of-another', 'trace-of-the-first')).toBe(miss.text);
    expect(other.headers['x-trace-id']).toBe('trace-of-another');
    expect([statusOf(miss), statusOf(hit)]).toEqual([
      'donna-gateway; fwd=uri-miss; stored',
      expect.stringMatching(/^donna-gateway; hit; ttl=(?:60|5\d)$/),
    ]);
    expect(upstream.seen).toHaveLength(1);
  });

  it('counts against the caller’s limit as any other', async () => {
    const [miss, hit] = await askTwice(fresh('/open'));
    expect(Number(hit.headers['x-ratelimit-remaining'])).toBe(Number(miss.headers['x-ratelimit-remaining']) - 1);
  });

  it('says how old it is, with the age it came with', async () => {
    answerWith({ Age: '20', 'Cache-Control': 'max-age=50', 'Cache-Status': 'Origin; hit; ttl=30' });
    const [, hit] = await askTwice(fresh('/open'));
    expect(Number(hit.headers.age)).toBeGreaterThanOrEqual(20);
    expect(hit.headers['cache-status']).toMatch(/^Origin; hit; ttl=30, donna-gateway; hit; ttl=(?:30|2\d)$/);
  });

  it('answers HEAD, conditions and only-if-cached', async () => {
    const path = fresh('/open');
    const refused = await site.ask(path, { headers: { 'Cache-Control': 'only-if-cached' } });
    expect([refused.status, refused.json()]).toMatchObject([504, { success: false, errorCode: 'UPSTREAM_TIMEOUT' }]);
    const miss = await site.ask(path);
    const etag = miss.headers.etag ?? '';
    expect(etag).toMatch(/^W\/"[\w-]{43}"$/);
    const head = await site.ask(path, { method: 'HEAD' });
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', String(miss.body.length)]);
    for (const tag of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
      const same = await site.ask(path, { headers: { 'If-None-Match': tag } });
      expect([tag, same.status, same.text, same.headers.etag]).toEqual([tag, 304, '', etag]);
      expect(same.headers['content-type']).toBeUndefined();
    }
    expect((await site.ask(path, { headers: { 'If-None-Match': '"other"' } })).status).toBe(200);
    expect((await site.ask(path, { headers: { 'Cache-Control': 'only-if-cached' } })).status).toBe(200);
    expect(upstream.seen).toHaveLength(1);
  });

  it('is fetched whole for a request with a condition, which the application never sees', async () => {
    answerWith({ 'Last-Modified': 'Mon, 01 Jan 2024 00:00:00 GMT', ETag: '"of-php"' });
    const path = fresh('/open');
    const unmodified = { 'If-None-Match': 'W/"of-php"', 'If-Modified-Since': 'Mon, 01 Jan 2001 00:00:00 GMT' };
    expect((await site.ask(path, { headers: unmodified })).status).toBe(304);
    expect(upstream.seen.map(({ headers }) => [headers['if-none-match'], headers['if-modified-since']])).toEqual([
      [undefined, undefined],
    ]);
    const since = (at: string) => site.ask(path, { headers: { 'If-Modified-Since': at } });
    expect((await since('Tue, 02 Jan 2024 00:00:00 GMT')).status).toBe(304);
    expect((await since('Sun, 31 Dec 2023 00:00:00 GMT')).status).toBe(200);
    expect(upstream.seen).toHaveLength(1);
  });

  it('gives way to what the request asks for', async () => {
    const path = fresh('/open');
    const ask = async (cacheControl: string): Promise<[unknown, string]> => {
      const answer = await site.ask(path, { headers: { 'Cache-Control': cacheControl } });
      return [n(answer), statusOf(answer)];
    };
    const first = count + 1;
    expect(await ask('max-age=60')).toEqual([first, 'donna-gateway; fwd=uri-miss; stored']);
    expect(await ask('no-store')).toEqual([first + 1, 'donna-gateway; fwd=bypass']);
    expect((await ask('max-age=60'))[0]).toBe(first);
    expect(await ask('no-cache')).toEqual([first + 2, 'donna-gateway; fwd=request; stored']);
    expect((await ask('min-fresh=10'))[0]).toBe(first + 2);
    expect((await ask('max-age=0'))[0]).toBe(first + 3);
    expect((await ask('min-fresh=61'))[0]).toBe(first + 4);
    const range = await site.ask(path, { headers: { Range: 'bytes=0-3' } });
    expect([n(range), statusOf(range)]).toEqual([first + 5, 'donna-gateway; fwd=bypass']);
    expect(upstream.seen.at(-1)?.headers.range).toBe('bytes=0-3');
  });

  it('is void after an unsafe request to its address', async () => {
    const path = fresh('/open');
    const [first] = await askTwice(path);
    await site.ask(path, { method: 'POST', body: '{}', headers: JSON_TYPE });
    expect(n(await site.ask(path))).not.toBe(n(first));
  });

  it('is void as soon as the head of a write’s answer is out', async () => {
    const path = fresh('/open');
    const [first] = await askTwice(path);
    let end: () => void = () => undefined;
    upstream.answer = (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'audio/mpeg' }).write('begun');
      end = () => res.end();
    };
    const acknowledged = await fetch(`${site.gateway.url}${path}`, { method: 'POST' });
    const goOn = end;
    answerWith({});
    expect(n(await site.ask(path))).not.toBe(n(first));
    goOn();
    expect(await acknowledged.text()).toBe('begun');
  });

  it('is void for all when a write names its tag, and for its caller alone when he wrote to its address', async () => {
    const one = async (subject: string): Promise<unknown> => n(await site.askAs(subject, '/own'));
    const write = (subject: string, path: string) =>
      site.askAs(subject, path, { method: 'POST', body: '{}', headers: JSON_TYPE });
    const [ann, bob] = [await one('ann'), await one('bob')];
    await write('ann', '/own');
    expect(await one('ann')).not.toBe(ann);
    expect(await one('bob')).toBe(bob);
    await write('ann', '/board');
    expect(await one('bob')).not.toBe(bob);
  });
});

describe('never kept', () => {
  const cut = (status = 200): void => {
    upstream.answer = (_req, res) => {
      res.writeHead(status, { ...JSON_TYPE, 'Content-Length': '500' });
      res.write('{"n":1,');
      setImmediate(() => res.destroy());
    };
  };
  const cases: readonly (readonly [string, () => void])[] = [
    ['an answer with a cookie', () => answerWith({ 'Set-Cookie': 'SID=1' })],
    ['an answer that varies by everything', () => answerWith({ Vary: '*' })],
    ['what the application forbids to keep', () => answerWith({ 'Cache-Control': 'no-store' })],
    ['what is to be validated each time', () => answerWith({ 'Cache-Control': 'max-age=60, no-cache' })],
    ['what is for one caller, for all', () => answerWith({ 'Cache-Control': 'private, max-age=60' })],
    ['what is stale on arrival', () => answerWith({ Expires: '0' })],
    ['a failure told with 200', () => answerWith({}, { success: false })],
    ['a failure', () => answerWith({}, {}, 500)],
    ['a refusal', () => answerWith({}, {}, 403)],
    ['a 404 where the policy does not say so', () => answerWith({}, {}, 404)],
    ['a redirect', () => answerWith({ Location: '/other' }, {}, 302)],
    ['a part', () => answerWith({ 'Content-Range': 'bytes 0-1/9' }, {}, 206)],
    ['an answer that holds a secret', () => answerWith({}, { leaked: JWT_SECRET })],
    ['an answer that was cut short', () => cut()],
    [
      'an answer that quotes the trace of its request',
      () =>
        (upstream.answer = (req, res) =>
          res.writeHead(200, JSON_TYPE).end(JSON.stringify({ meta: { id: req.headers['x-trace-id'] } }))),
    ],
    [
      'a head that quotes it',
      () =>
        (upstream.answer = (req, res) =>
          res.writeHead(200, { ...JSON_TYPE, 'X-Log': `id ${String(req.headers['x-trace-id'])}` }).end('{}')),
    ],
  ];
  it.each(cases)('%s', async (_name, answer) => {
    answer();
    const before = upstream.seen.length;
    const [first, second] = await askTwice(fresh('/open'));
    // A cut GET is asked again by the forwarder too.
    expect(upstream.seen.length - before).toBeGreaterThanOrEqual(2);
    expect(statusOf(first)).not.toContain('stored');
    expect(second.status).toBe(first.status);
  });

  it.each(cases.slice(2, 6))('%s, unless the policy overrides that', async (_name, answer) => {
    answer();
    const [first, second] = await askTwice(fresh('/over'));
    expect(n(second)).toBe(n(first));
    // And whatever is kept here, no client keeps it past a write.
    expect(second.headers['cache-control']).toMatch(/no-store|no-cache/);
  });

  it('what was cut while it was streamed, or is longer than the bound', async () => {
    upstream.answer = (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/plain' });
      res.write('x'.repeat(70_000));
      setTimeout(() => res.destroy(), 20);
    };
    const path = fresh('/pages/cut');
    await expect(site.ask(path)).rejects.toThrow();
    upstream.answer = (_req, res) => res.writeHead(200, { 'Content-Type': 'text/plain' }).end('whole');
    expect((await site.ask(path)).text).toBe('whole');
    upstream.answer = (_req, res) => res.writeHead(200, { 'Content-Type': 'text/event-stream' }).end('data: 1\n\n');
    expect(statusOf((await askTwice(fresh('/pages/events')))[1])).toBe('donna-gateway; fwd=uri-miss');
    const big = 'y'.repeat(2_000_000);
    upstream.answer = (_req, res) => res.writeHead(200, { 'Content-Type': 'text/plain' }).end(big);
    const [first, second] = await askTwice(fresh('/pages/big'));
    expect([first.body.length, second.body.length]).toEqual([big.length, big.length]);
    expect(statusOf(second)).toBe('donna-gateway; fwd=uri-miss');
  });

  it('a head that Node does not write', async () => {
    const raw = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Bad: a\u0001b\r\nContent-Length: 2\r\n\r\nok';
    upstream.answer = (_req, res) => res.socket?.end(raw, 'latin1');
    for (const path of [fresh('/pages/head'), fresh('/open')]) expect((await site.ask(path)).status).toBe(502);
    answerWith({});
    expect((await site.ask(fresh('/open'))).status).toBe(200);
  });

  it('the body of a GET, nor an answer to one', async () => {
    const path = fresh('/open');
    const fat = await site.ask(path, { body: 'poison' });
    expect(statusOf(fat)).toBe('donna-gateway; fwd=bypass');
    expect(n(await site.ask(path))).not.toBe(n(fat));
  });
});

describe('poisoning', () => {
  /** The application that answers by whatever it sees. */
  const reflect = (): void => {
    upstream.answer = (req, res) => {
      const { 'x-trace-id': _trace, traceparent: _parent, ...headers } = req.headers;
      res.writeHead(200, JSON_TYPE).end(JSON.stringify({ url: req.url, headers }));
    };
  };

  it.each([
    ['X-Forwarded-Host', 'evil.example'],
    ['X-Host', 'evil.example'],
    ['X-Original-URL', '/evil'],
    ['Forwarded', 'host=evil.example'],
    ['Via', '1.1 evil'],
    ['X-HTTP-Method-Override', 'DELETE'],
    ['User-Agent', 'evil'],
    ['Referer', 'https://evil.example'],
    ['Cookie', 'theme=evil'],
    ['Accept-Encoding', 'evil'],
    ['Origin', 'https://a.example'],
    ['X-Anything', 'evil'],
    ['tracestate', 'evil=1'],
  ])('by %s reaches nobody else', async (name, value) => {
    reflect();
    const path = fresh('/open');
    const poisoned = await site.ask(path, { headers: { [name]: value, 'X-Forwarded-For': '192.0.2.66' } });
    expect(poisoned.status).toBe(200);
    const victim = await site.ask(path);
    const { headers } = victim.json() as { headers: Record<string, string> };
    expect(JSON.stringify({ ...headers, 'x-forwarded-host': '' })).not.toContain('evil');
    expect(headers['x-forwarded-host']).not.toBe('evil.example');
    expect(victim.headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each([
    ['Host', 'evil.example'],
    ['Accept', 'text/evil'],
    ['Accept-Language', 'ev'],
  ])('by %s has an answer of its own', async (name, value) => {
    reflect();
    const path = fresh('/open');
    await site.ask(path, { headers: { [name]: value } });
    expect((await site.ask(path)).text).not.toContain(value);
    expect(upstream.seen).toHaveLength(2);
    // And is kept for whoever asks so.
    await site.ask(path, { headers: { [name]: value } });
    expect(upstream.seen).toHaveLength(2);
  });

  it('by another spelling of path or query has an answer of its own', async () => {
    reflect();
    const path = fresh('/open');
    const spellings = [
      path,
      `${path}&_method=DELETE`,
      path.replace('unique', 'uniqu%65'),
      path.replace('/open', '/ope%6e'),
    ];
    for (const spelling of spellings) expect((await site.ask(spelling)).json()).toMatchObject({ url: spelling });
    expect(upstream.seen).toHaveLength(4);
  });

  it('lets the application see the fields that the policy names, each value by itself', async () => {
    reflect();
    const path = fresh('/lang');
    const shop = async (name: string): Promise<unknown> =>
      ((await site.ask(path, { headers: { 'X-Shop': name } })).json() as { headers: object }).headers;
    expect(await shop('north')).toMatchObject({ 'x-shop': 'north' });
    expect(await shop('south')).toMatchObject({ 'x-shop': 'south' });
    expect(await shop('north')).toMatchObject({ 'x-shop': 'north' });
    expect(upstream.seen).toHaveLength(2);
  });

  it('gives no origin the permission of another', async () => {
    const path = fresh('/open');
    const from = (origin: string) => site.ask(path, { headers: { Origin: origin } });
    expect((await from('https://a.example')).headers['access-control-allow-origin']).toBe('https://a.example');
    expect((await from('https://b.example')).headers['access-control-allow-origin']).toBe('https://b.example');
    expect((await from('https://evil.example')).status).toBe(403);
    expect(upstream.seen).toHaveLength(1);
  });

  it('keeps callers apart by subject, roles and proof, and nobody from all of them', async () => {
    answerWith({}, {});
    const as = async (subject: string, roles: readonly string[]): Promise<unknown> =>
      n(await site.ask('/own', { headers: { Authorization: `Bearer ${tokenOf(subject, roles)}` } }));
    const seen = [await as('eve', ['user']), await as('eve', ['user', 'admin']), await as('EVE', ['user'])];
    expect(new Set(seen).size).toBe(3);
    expect(await as('eve', ['user'])).toBe(seen[0]);
    expect((await site.ask('/own')).status).toBe(401);
    // Credentials that only the application could read are not for a shared answer.
    const basic = { Authorization: 'Basic ZXZlOng=' };
    const path = fresh('/open');
    expect(statusOf(await site.ask(path, { headers: basic }))).toBe('donna-gateway; fwd=bypass');
    expect(upstream.seen.at(-1)?.headers.authorization).toBe(basic.Authorization);
    expect(statusOf(await site.ask(path))).toBe('donna-gateway; fwd=uri-miss; stored');
  });
});

describe('equal requests at once', () => {
  /** Holds answers until they are let go. */
  function hold(): { readonly waiting: (() => void)[] } {
    const waiting: (() => void)[] = [];
    upstream.answer = (_req, res) => {
      count += 1;
      const own = count;
      waiting.push(() => res.writeHead(200, JSON_TYPE).end(JSON.stringify({ n: own })));
    };
    return { waiting };
  }
  const connections = (): Promise<number> =>
    new Promise((resolve) => site.gateway.server.getConnections((_error, open) => resolve(open)));
  const allAreIn = async (many: number): Promise<void> => {
    await eventually(async () => (await connections()) >= many);
    await settle(100);
  };

  it('are one call, a thousand of them too, each with its own trace', async () => {
    const { waiting } = hold();
    const path = fresh('/open');
    const asked = Array.from({ length: 1000 }, () => site.ask(path));
    await allAreIn(1000);
    expect(waiting).toHaveLength(1);
    waiting[0]?.();
    const answers = await Promise.all(asked);
    expect(new Set(answers.map(n)).size).toBe(1);
    expect(new Set(answers.map(({ headers }) => headers['x-trace-id'])).size).toBe(1000);
    expect(answers.every((answer) => answer.text.includes(String(answer.headers['x-trace-id'])))).toBe(true);
    expect(answers.filter((answer) => statusOf(answer).endsWith('; collapsed'))).toHaveLength(999);
  });

  it('do not all fail with the one that is asked first', async () => {
    let calls = 0;
    const { waiting } = hold();
    const held = upstream.answer;
    upstream.answer = (req, res, body) => {
      calls += 1;
      if (calls === 1) waiting.push(() => res.writeHead(500, JSON_TYPE).end('{"success":false}'));
      else held(req, res, body);
    };
    const path = fresh('/open');
    const asked = Array.from({ length: 20 }, () => site.ask(path));
    await allAreIn(20);
    waiting.shift()?.();
    await eventually(() => waiting.length === 1);
    waiting.shift()?.();
    const answers = await Promise.all(asked);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array.from({ length: 19 }, () => 200), 500]);
    expect(calls).toBe(2);
  });

  it('are a few calls, and not each its own, when every one of them fails', async () => {
    let calls = 0;
    upstream.answer = (_req, res) => {
      calls += 1;
      setTimeout(() => res.writeHead(500, JSON_TYPE).end('{"success":false}'), 50);
    };
    const path = fresh('/open');
    const answers = await Promise.all(Array.from({ length: 50 }, () => site.ask(path)));
    expect(answers.every(({ status }) => status >= 500)).toBe(true);
    expect(calls).toBeLessThanOrEqual(6);
  });

  it('are not stranded by a client that leaves', async () => {
    const { waiting } = hold();
    const path = fresh('/open');
    const leaver = connect(site.gateway.port, '127.0.0.1');
    leaver.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${site.gateway.port}\r\n\r\n`);
    await eventually(() => waiting.length === 1);
    const asked = Array.from({ length: 10 }, () => site.ask(path));
    await allAreIn(11);
    leaver.destroy();
    await eventually(() => waiting.length === 2);
    waiting[1]?.();
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(waiting).toHaveLength(2);
  });

  it('go on by themselves when the answer may not be shared', async () => {
    const waiting: (() => void)[] = [];
    upstream.answer = (_req, res) => {
      count += 1;
      const own = count;
      waiting.push(() =>
        res.writeHead(200, { ...JSON_TYPE, 'Cache-Control': 'no-store' }).end(JSON.stringify({ n: own })),
      );
    };
    const path = fresh('/open');
    const asked = Array.from({ length: 10 }, () => site.ask(path));
    await allAreIn(10);
    expect(waiting).toHaveLength(1);
    waiting[0]?.();
    await eventually(() => waiting.length === 10);
    for (const go of waiting.slice(1)) go();
    expect(new Set((await Promise.all(asked)).map(n)).size).toBe(10);
  });

  it('wait no longer than one of them would', async () => {
    hold();
    const path = fresh('/late');
    const answers = await Promise.all(Array.from({ length: 5 }, () => site.ask(path)));
    expect(answers.map(({ status }) => status)).toEqual([504, 504, 504, 504, 504]);
    // Whoever was late himself may have asked once more.
    expect(upstream.seen.length).toBeLessThan(5);
  });

  it('do not wait for a first one whose client reads slowly', async () => {
    const text = 'z'.repeat(900_000);
    upstream.answer = (_req, res) => res.writeHead(200, { 'Content-Type': 'text/plain' }).end(text);
    const path = fresh('/pages/slow');
    const slow = connect(site.gateway.port, '127.0.0.1').pause();
    slow.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${site.gateway.port}\r\n\r\n`);
    await eventually(() => upstream.seen.length === 1);
    expect((await site.ask(path)).body.length).toBe(text.length);
    slow.destroy();
  });

  it('store nothing that a write has overtaken, and join no fetch from before it', async () => {
    let value = 'before';
    const waiting: (() => void)[] = [];
    let holds = true;
    upstream.answer = (req, res) => {
      if (req.method === 'POST') value = 'after';
      const body = JSON.stringify({ n: value });
      const send = (): unknown => res.writeHead(200, JSON_TYPE).end(body);
      if (req.method === 'GET' && holds) waiting.push(send);
      else send();
    };
    const path = fresh('/open');
    const early = site.ask(path);
    await eventually(() => waiting.length === 1);
    await site.ask(path, { method: 'POST', body: '{}', headers: JSON_TYPE });
    holds = false;
    expect(n(await site.ask(path))).toBe('after');
    waiting[0]?.();
    expect(n(await early)).toBe('before');
    expect(n(await site.ask(path))).toBe('after');
  });
});

describe('what is stale', () => {
  it('is served once more while one call fetches it anew', async () => {
    const path = fresh('/short');
    const first = n(await site.ask(path));
    const answers: CallAnswer[] = [];
    await eventually(async () => {
      const answer = await site.ask(path);
      answers.push(answer);
      return n(answer) !== first;
    });
    // Nobody waited for it.
    expect(answers.filter((answer) => !statusOf(answer).startsWith('donna-gateway; hit; ttl='))).toEqual([]);
    expect(answers.filter((answer) => statusOf(answer).endsWith('ttl=0')).length).toBeGreaterThan(0);
    expect(upstream.seen.length).toBe(2);
  });

  it('stands in for a failure of the application, and for its absence', async () => {
    const path = fresh('/spare');
    const first = n(await site.ask(path));
    answerWith({}, { broken: true }, 500);
    await eventually(async () => /stale-if-error/.test(statusOf(await site.ask(path))));
    const spared = await site.ask(path);
    expect([spared.status, n(spared)]).toEqual([200, first]);
    upstream.answer = (req) => req.socket.destroy();
    const [one, two] = await Promise.all([site.ask(path), site.ask(path)]);
    expect([n(one), n(two)]).toEqual([first, first]);
    answerWith({});
    expect(n(await site.ask(path))).not.toBe(first);
    // Never where the route does not say so.
    answerWith({}, {}, 500);
    expect((await site.ask(fresh('/open'))).status).toBe(500);
  });
});

describe('the policies', () => {
  it('keep a 404 for as long as the route says, in each wording', async () => {
    answerWith({}, { success: false, error: 'none' }, 404);
    const path = fresh('/none');
    const [first, second] = await askTwice(path);
    expect([first.status, n(second)]).toEqual([404, n(first)]);
    const problem = await site.ask(path, { headers: { Accept: 'application/problem+json' } });
    expect(problem.headers['content-type']).toBe('application/problem+json');
    expect((await site.ask(path)).headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it('keep the answer to a POST where the route says by which fields, and nowhere else', async () => {
    const ask = async (path: string, body: object, subject = 'ai-user'): Promise<unknown> =>
      n(await site.askAs(subject, path, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) }));
    const body = { messages: [{ role: 'user', content: 'hello' }], model: 'small' };
    const first = await ask('/ai', body);
    expect(await ask('/ai', body)).toBe(first);
    expect(await ask('/ai', { ...body, model: 'large' })).not.toBe(first);
    expect(await ask('/ai', body, 'another')).not.toBe(first);
    const more = { ...body, temperature: 1 };
    expect(await ask('/ai', more)).not.toBe(await ask('/ai', more));
    expect(await ask('/ai-plain', body)).not.toBe(await ask('/ai-plain', body));
  });

  it('keep pages too, with a strong validator', async () => {
    upstream.answer = (_req, res) => {
      count += 1;
      res.writeHead(200, { 'Content-Type': 'text/html', 'Content-Length': '11' }).end('<p>page</p>');
    };
    const [first, second] = await askTwice(fresh('/pages/one'));
    expect([first.text, second.text]).toEqual(['<p>page</p>', '<p>page</p>']);
    expect(second.headers.etag).toMatch(/^"[\w-]{43}"$/);
    expect(second.headers['content-security-policy-report-only']).toBe(
      first.headers['content-security-policy-report-only'],
    );
    expect(upstream.seen).toHaveLength(1);
  });

  it('are counted by route and result', async () => {
    const text = (await site.ask('/metrics')).text;
    for (const result of ['hit', 'miss', 'bypass', 'coalesced'])
      expect(text).toMatch(new RegExp(`donna_cache_requests_total\\{route="open",result="${result}"\\} [1-9]`));
    expect(text).toMatch(/donna_cache_bytes [1-9]/);
    expect(text).toMatch(/donna_cache_entries [1-9]/);
    expect(text).toMatch(/donna_cache_invalidations_total\{by="write"\} [1-9]/);
  });

  it('hold while the flag does: without it nothing is kept', async () => {
    const off = await startCachingGateway(upstream, TABLE, { env: { ENABLE_RESPONSE_CACHE: 'false' } });
    const [first, second] = [await off.ask('/open'), await off.ask('/open')];
    await off.gateway.stop(0);
    expect([n(second), statusOf(first)]).toEqual([(n(first) as number) + 1, '']);
  });

  it('that are new void what was stored under the old ones', async () => {
    const path = fresh('/open');
    const first = n(await site.ask(path));
    site.gateway.writeRoutes(TABLE.replaceAll('ttlS: 60', 'ttlS: 50'));
    await eventually(async () => /fwd|ttl=(?:50|4\d)$/.test(statusOf(await site.ask(path))));
    expect(n(await site.ask(path))).not.toBe(first);
  });
});
