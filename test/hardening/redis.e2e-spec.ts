import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeAccessToken } from '../../src/auth/index.js';
import { describeWith } from '../setup/parts.js';
import { elapsedMs, NOT_WAITED_MS } from '../support/elapsed.js';
import { eventually } from '../support/eventually.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { holdsOnce } from '../support/holds-once.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { type RedisServer, startRedisServer } from '../support/redis-server.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const LIMIT = 20;
const TABLE = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'] }
policies:
  authorization: { public: {}, user: { anyOf: [jwt] } }
  rateLimit:
    address: { limit: ${LIMIT}, windowS: 600, per: ip }
    each: { limit: ${LIMIT}, windowS: 600, per: identity }
    account: { limit: 2, windowS: 600, per: field, field: email }
    second: { limit: 1, windowS: 2, per: ip }
routes:
  health: { match: { path: /api/health }, handler: health, policies: { authorization: public } }
  plain: { match: { path: '/plain' }, upstream: php, policies: { authorization: public, rateLimit: [address] } }
  free: { match: { path: '/free' }, upstream: php, policies: { authorization: public } }
  user: { match: { path: '/user' }, upstream: php, policies: { authorization: user, rateLimit: [each] } }
  login: { match: { path: '/login' }, upstream: php, policies: { authorization: public, rateLimit: [account] } }
  second: { match: { path: '/second' }, upstream: php, policies: { authorization: public, rateLimit: [second] } }
`;

describeWith('redis', 'two gateways with one Redis', (program) => {
  let redis: RedisServer;
  let upstream: RawUpstream;
  let gateways: TestGateway[];
  const start = (url = redis.url): Promise<TestGateway> =>
    startTestGateway({
      phpTargets: [upstream.origin],
      routes: TABLE,
      env: { REDIS_URL: url, TRUSTED_PROXIES: '127.0.0.1' },
    });
  beforeEach(async () => {
    redis = await startRedisServer(program);
    upstream = await startRawUpstream((socket) =>
      socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, '{"ok":true}')),
    );
    gateways = [await start(), await start()];
  });
  afterEach(async () => {
    redis.thaw();
    await Promise.all(gateways.map((gateway) => gateway.stop(0)));
    await upstream.stop();
    await redis.stop();
  });

  const ask = (which: number, path: string, headers: Record<string, string> = {}): Promise<CallAnswer> =>
    call(gateways[which % gateways.length]?.url ?? '', path, { headers });
  const from = (which: number, address: string, path = '/plain'): Promise<CallAnswer> =>
    ask(which, path, { 'X-Forwarded-For': address });
  const count = (answers: readonly CallAnswer[], status: number): number =>
    answers.filter((answer) => answer.status === status).length;
  const redisIs = async (state: string): Promise<void> => {
    for (const [which] of gateways.entries())
      await eventually(async () => {
        const { checks } = (await ask(which, '/api/health')).json() as { checks: { redis: string } };
        return checks.redis === state;
      });
  };

  it('let exactly as many pass together as the limit says', async () => {
    const answers = await Promise.all(Array.from({ length: 2 * LIMIT }, (_, i) => from(i, '192.0.2.1')));
    expect([count(answers, 200), count(answers, 429)]).toEqual([LIMIT, LIMIT]);
    expect(upstream.requests).toHaveLength(LIMIT);
    expect((await from(0, '192.0.2.2')).all('RateLimit')).toEqual(['"address";r=19;t=600']);
    expect((await from(1, '192.0.2.2')).all('RateLimit')).toEqual([
      expect.stringMatching(/^"address";r=18;t=(600|5\d\d)$/),
    ]);
  });

  it('let exactly as many pass in processes of their own', async () => {
    const env = { REDIS_URL: redis.url, TRUSTED_PROXIES: '127.0.0.1' };
    const both = [
      await startGatewayProcess(TABLE, upstream.origin, env),
      await startGatewayProcess(TABLE, upstream.origin, env),
    ];
    try {
      const answers = await Promise.all(
        Array.from({ length: 4 * LIMIT }, (_, i) =>
          call(both[i % 2]?.url ?? '', '/plain', { headers: { 'X-Forwarded-For': '192.0.2.1' } }),
        ),
      );
      expect([count(answers, 200), count(answers, 429)]).toEqual([LIMIT, 3 * LIMIT]);
      // And with a gateway that has seen none of it.
      expect((await from(0, '192.0.2.1')).status).toBe(429);
    } finally {
      await Promise.all(both.map((one) => one.stop()));
    }
  }, 60_000);

  it('count an identity and an account together, and tell Redis neither', async () => {
    const subject = 'somebody@example.org';
    const token = makeAccessToken(JWT_SECRET, { subject, roles: [], lifeS: 60 });
    const answers = await Promise.all(
      Array.from({ length: 2 * LIMIT }, (_, i) => ask(i, '/user', { Authorization: `Bearer ${token}` })),
    );
    expect(count(answers, 200)).toBe(LIMIT);
    const logins = await Promise.all([0, 1, 2, 3].map((i) => ask(i, `/login?email=victim%40example.org`)));
    expect(count(logins, 200)).toBe(2);
    const keys = await redis.ask('KEYS *');
    expect(keys).toMatch(/donna:limit:each:id:/);
    expect(keys).toMatch(/donna:limit:account:email:/);
    expect(keys).not.toMatch(/somebody|victim|example/);
  });

  it('give every counter in Redis a life', async () => {
    await from(0, '192.0.2.1');
    await from(0, '192.0.2.1', '/second');
    expect(await redis.ask('PTTL donna:limit:address:ip:192.0.2.1')).toMatch(/^:(600000|59\d{4})\r/m);
    await eventually(async () => (await redis.ask('EXISTS donna:limit:second:ip:192.0.2.1')).startsWith(':0'));
    expect((await from(1, '192.0.2.1', '/second')).status).toBe(200);
  });

  it('go on limiting when Redis is killed in the middle, each from where they were, and together when it is back', async () => {
    const before = await Promise.all(Array.from({ length: LIMIT - 6 }, (_, i) => from(i, '192.0.2.1')));
    // So that both know how many there were.
    before.push(await from(0, '192.0.2.1'), await from(1, '192.0.2.1'));
    expect(count(before, 200)).toBe(LIMIT - 4);
    const running = Array.from({ length: 40 }, (_, i) =>
      sleep(i * 5).then(async () => {
        const startedAt = performance.now();
        const { status } = await from(i, '192.0.2.1');
        return { status, ms: performance.now() - startedAt };
      }),
    );
    await sleep(20);
    await redis.kill();
    const heard = await Promise.all(running);
    expect(heard.filter(({ status }) => status !== 200 && status !== 429)).toEqual([]);
    // Four were left; at worst each gateway gave them once more.
    expect(heard.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(12);
    expect(heard.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(28);
    expect(Math.max(...heard.map(({ ms }) => ms))).toBeLessThan(NOT_WAITED_MS);
    await redisIs('down');
    // Who was never seen is limited too: by each gateway for itself.
    const alone = await Promise.all(Array.from({ length: 4 * LIMIT }, (_, i) => from(i, '192.0.2.7')));
    expect([count(alone, 200), count(alone, 429)]).toEqual([2 * LIMIT, 2 * LIMIT]);
    expect(((await ask(0, '/api/health')).json() as { status: string }).status).toBe('degraded');
    await redis.start();
    await redisIs('up');
    const together = await Promise.all(Array.from({ length: 2 * LIMIT }, (_, i) => from(i, '192.0.2.8')));
    expect([count(together, 200), count(together, 429)]).toEqual([LIMIT, LIMIT]);
    // Who was refused while Redis was gone is not let in because it came back empty.
    expect((await from(0, '192.0.2.7')).status).toBe(429);
  });

  it('answer fast while Redis is frozen: nobody waits for it twice', async () => {
    await from(0, '192.0.2.1');
    redis.freeze();
    const firstMs = await elapsedMs(async () => {
      expect((await from(0, '192.0.2.1')).status).toBe(200);
      expect((await from(1, '192.0.2.1')).status).toBe(200);
    });
    expect(firstMs).toBeLessThan(NOT_WAITED_MS);
    await redisIs('down');
    // What a request takes that no limit counts, and what one takes that is counted.
    const timed = (path: string): Promise<number> =>
      elapsedMs(async () => {
        for (let i = 0; i < 15; i++) expect((await from(i, `192.0.2.${50 + i}`, path)).status).toBe(200);
      });
    // To wait for Redis would cost half a second each time.
    await holdsOnce(async () => expect(await timed('/plain')).toBeLessThan((await timed('/free')) * 3 + 400));
    redis.thaw();
    await redisIs('up');
    const together = await Promise.all(Array.from({ length: 2 * LIMIT }, (_, i) => from(i, '192.0.2.8')));
    expect(count(together, 200)).toBe(LIMIT);
  });

  it('do not ask Redis again about who is over the limit', async () => {
    await Promise.all(Array.from({ length: 2 * LIMIT }, (_, i) => from(i, '192.0.2.1')));
    for (const which of [0, 1]) expect((await from(which, '192.0.2.1')).status).toBe(429);
    const told = Number((await redis.ask('GET donna:limit:address:ip:192.0.2.1')).split('\r\n')[1]);
    for (let i = 0; i < 20; i++) expect((await from(i, '192.0.2.1')).status).toBe(429);
    expect(Number((await redis.ask('GET donna:limit:address:ip:192.0.2.1')).split('\r\n')[1])).toBe(told);
  });

  it('start and serve though there is no Redis, and stop without waiting for it', async () => {
    await redis.kill();
    const alone = await start();
    gateways.push(alone);
    expect((await call(alone.url, '/plain')).status).toBe(200);
    expect(await elapsedMs(() => alone.stop(0))).toBeLessThan(NOT_WAITED_MS);
    gateways.pop();
  });

  it('tell that Redis is up, and have nothing to tell without one', async () => {
    await redisIs('up');
    const without = await startTestGateway({ phpTargets: [upstream.origin], routes: TABLE });
    expect((await call(without.url, '/api/health')).json()).toMatchObject({ checks: { redis: 'off' } });
    await without.stop();
  });
});
