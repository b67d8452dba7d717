import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWith } from '../setup/parts.js';
import {
  type CacheSite,
  type CountingUpstream,
  startCachingGateway,
  startCountingUpstream,
  statusOf,
} from '../support/cache-site.js';
import { eventually } from '../support/eventually.js';
import type { CallAnswer } from '../support/http-call.js';
import { type RedisServer, startRedisServer } from '../support/redis-server.js';

const TABLE = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'] }
policies:
  authorization: { user: { anyOf: [jwt] } }
routes:
  read: { match: { path: /read, methods: [GET] }, upstream: php, policies: { authorization: user, cache: { ttlS: 600, vary: identity, tags: ['things:{subject}'] } } }
  write: { match: { path: /write, methods: [POST] }, upstream: php, policies: { authorization: user, invalidates: ['things:{subject}'] } }
`;
const UNTAGGED =
  '  steady: { match: { path: /steady, methods: [GET] }, upstream: php, policies: { authorization: user, cache: { ttlS: 600, vary: identity } } }\n';
/** Both stand behind one name. */
const HOST = { Host: 'donna.example' };
const SECRET_WORD = 'what-only-she-may-read';

describeWith('redis', 'two gateways that share their answers', (program) => {
  let redis: RedisServer;
  let upstream: CountingUpstream;
  let [a, b]: CacheSite[] = [];
  let value = 0;
  beforeAll(async () => {
    redis = await startRedisServer(program);
    upstream = await startCountingUpstream((req, res) => {
      if (req.method === 'POST') value += 1;
      res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ value, text: SECRET_WORD }));
    });
    const env = { REDIS_URL: redis.url };
    [a, b] = [await startCachingGateway(upstream, TABLE, { env }), await startCachingGateway(upstream, TABLE, { env })];
  });
  afterAll(async () => {
    redis.thaw();
    await Promise.all([a?.gateway.stop(0), b?.gateway.stop(0)]);
    await upstream.stop();
    await redis.stop();
  });

  const read = async (site: CacheSite | undefined, subject: string): Promise<CallAnswer> => {
    if (site === undefined) throw new Error('there is no such gateway');
    return site.askAs(subject, '/read', { headers: HOST });
  };
  const write = (site: CacheSite | undefined, subject: string): Promise<CallAnswer> | undefined =>
    site?.askAs(subject, '/write', {
      method: 'POST',
      body: '{}',
      headers: { ...HOST, 'Content-Type': 'application/json' },
    });
  const valueOf = (answer: CallAnswer): unknown => (answer.json() as { value: unknown }).value;
  const isHit = (answer: CallAnswer): boolean => statusOf(answer).startsWith('donna-gateway; hit');
  let subjects = 0;
  /** Somebody new whose answer the one gateway has fetched, and the other finds. */
  const shared = async (): Promise<string> => {
    let subject = '';
    // For a moment after Redis was found it is not read.
    await eventually(async () => {
      subject = `subject-${(subjects += 1)}`;
      await read(a, subject);
      return isHit(await read(b, subject));
    });
    return subject;
  };

  it('give each other what one has fetched, each with the trace of its request', async () => {
    const subject = await shared();
    const [one, two] = [await read(a, subject), await read(b, subject)];
    expect([isHit(one), isHit(two)]).toEqual([true, true]);
    expect(two.text).toBe(one.text.replace(String(one.headers['x-trace-id']), String(two.headers['x-trace-id'])));
    expect(isHit(await read(b, `not ${subject}`))).toBe(false);
  });

  it('keep in Redis what nobody can read there, or put there', async () => {
    const subject = await shared();
    const keys = [...(await redis.ask('KEYS donna:cache:*')).matchAll(/donna:cache:[\w-]+/g)].map(String);
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      const held = await redis.ask(`GET ${key}`);
      expect(held.length).toBeGreaterThan(100);
      expect(held).not.toContain(SECRET_WORD);
      expect(held).not.toContain(subject);
      expect(Number(/:(\d+)/.exec(await redis.ask(`PTTL ${key}`))?.[1])).toBeGreaterThan(0);
      await redis.ask(`SET ${key} {"status":200,"before":"evil"}`);
    }
    const [third] = [await read(b, subject)];
    expect(third.text).toContain(SECRET_WORD);
  });

  it('both forget what a write of either has changed', async () => {
    const subject = await shared();
    for (const [writer, reader] of Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? [a, b] : [b, a]))) {
      await write(writer, subject);
      // At once: whoever reads what he has just written may meet the other one.
      expect(valueOf(await read(reader, subject))).toBe(value);
      expect(valueOf(await read(writer, subject))).toBe(value);
    }
    expect(isHit(await read(a, subject))).toBe(true);
  });

  it('keep only what no write changes where they share a database alone', async () => {
    const lonely = await startCachingGateway(upstream, `${TABLE}${UNTAGGED}`, {
      env: { DATABASE_URL: 'postgres://donna@127.0.0.1:1/none' },
    });
    const labels = async (path: string): Promise<string[]> => {
      const answers = [];
      for (let i = 0; i < 2; i++) answers.push(await lonely.askAs('somebody', path, { headers: HOST }));
      return answers.map((answer) => statusOf(answer).slice(0, 18));
    };
    expect(await labels('/steady')).toEqual(['donna-gateway; fwd', 'donna-gateway; hit']);
    expect(await labels('/read')).toEqual(['', '']);
    await lonely.gateway.stop(0);
  });

  it('answer without Redis as if nothing were stored, and know afterwards what was written meanwhile', async () => {
    const subject = await shared();
    await redis.kill();
    await eventually(async () => !isHit(await read(a, subject)) && !isHit(await read(b, subject)));
    const before = upstream.seen.length;
    const answers = [await read(a, subject), await read(b, subject), await read(a, subject)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(upstream.seen.length - before).toBe(3);
    expect((await write(a, subject))?.status).toBe(200);
    await redis.start();
    await eventually(async () => isHit(await read(a, subject)) && isHit(await read(b, subject)));
    expect([valueOf(await read(a, subject)), valueOf(await read(b, subject))]).toEqual([value, value]);
    await shared();
  });

  it('wait for no Redis that does not answer', async () => {
    const subject = await shared();
    redis.freeze();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => read(i % 2 === 0 ? a : b, `${subject} ${i}`)),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    await eventually(async () => !isHit(await read(b, subject)));
    redis.thaw();
    await shared();
  });
});
