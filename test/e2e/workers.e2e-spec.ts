import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { Agent, createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { makeAccessToken } from '../../src/auth/index.js';
import { describeWith, requirePart } from '../setup/parts.js';
import { eventually } from '../support/eventually.js';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { startRedisServer } from '../support/redis-server.js';
import { JWT_SECRET } from '../support/test-gateway.js';
import {
  ADMIN,
  type Answer,
  bearer,
  type Call,
  call,
  connectToEach,
  isAlive,
  SESSION_ROUTE,
  workersOf,
} from '../support/worker-site.js';

const LIMIT = 40;
const PLACES = 6;

/** Neither limits nor places but those of the test. */
const TABLE = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'] }
policies:
  authorization: { public: {}, guest: { anyOf: [jwt], optional: true }, user: { anyOf: [jwt] }, admin: { anyOf: [jwt], roles: [admin] } }
  rateLimit:
    few: { limit: ${LIMIT}, windowS: 600, per: ip }
    meanwhile: { limit: ${LIMIT}, windowS: 600, per: ip }
    after: { limit: ${LIMIT}, windowS: 600, per: ip }
routes:
  metrics: { match: { path: /metrics, methods: [GET] }, handler: metrics, policies: { authorization: public } }
  ${SESSION_ROUTE}
  trace: { match: { path: '/admin/api/traces/{*path}', methods: [GET] }, handler: admin.trace, policies: { authorization: admin } }
  stage: { match: { path: '/admin/api/stages/{*path}', methods: [PUT] }, handler: admin.stage.set, policies: { authorization: admin, input: admin.stage.set } }
  purge: { match: { path: /admin/api/cache, methods: [DELETE] }, handler: admin.cache.purge, policies: { authorization: admin } }
  recording: { match: { path: /admin/api/recording, methods: [POST] }, handler: admin.recording.start, policies: { authorization: admin } }
  revoke: { match: { path: /api/auth/revoke, methods: [POST] }, handler: auth.revoke, policies: { authorization: guest, input: auth.revoke } }
  staged: { match: { path: /api/health, methods: [GET] }, upstream: php, handler: health, stage: proxy, policies: { authorization: public } }
  limited: { match: { path: /limited }, upstream: php, policies: { authorization: public, rateLimit: [few] } }
  meanwhile: { match: { path: /meanwhile }, upstream: php, policies: { authorization: public, rateLimit: [meanwhile] } }
  after: { match: { path: /after }, upstream: php, policies: { authorization: public, rateLimit: [after] } }
  placed: { match: { path: /placed }, upstream: php, policies: { authorization: public, concurrency: { route: ${PLACES} } } }
  mine: { match: { path: /mine }, upstream: php, policies: { authorization: user } }
  kept: { match: { path: /kept, methods: [GET] }, upstream: php, policies: { authorization: public, cache: { ttlS: 300, vary: public, cacheControl: override } } }
  all: { match: { path: '/{*path}' }, upstream: php, policies: { authorization: public } }
`;

/** PHP's place: tells what it was asked; `/held` and `/placed` wait until they are let go. */
interface Upstream {
  readonly url: string;
  readonly held: (() => void)[];
  stop(): Promise<void>;
}

async function startUpstream(): Promise<Upstream> {
  const held: (() => void)[] = [];
  let count = 0;
  const server: Server = createServer((req, res) => {
    const nonce = new URL(req.url ?? '', 'http://x').searchParams.get('nonce');
    res.setHeader('Content-Type', 'application/json');
    const answer = (): void => void res.end(JSON.stringify({ success: true, nonce, count: (count += 1) }));
    if (req.url?.startsWith('/placed') === true || req.url?.startsWith('/held') === true) held.push(answer);
    else answer();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const stop = (): Promise<void> =>
    new Promise((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, held, stop };
}

describeWith('postgres', 'GATEWAY_WORKERS=2', (program) => {
  let postgres: PostgresServer;
  let php: Upstream;
  let gateway: GatewayProcess;
  let agents: ReadonlyMap<string, Agent>;
  const start = async (env: Readonly<Record<string, string>> = {}, database = 'workers'): Promise<GatewayProcess> =>
    startGatewayProcess(TABLE, php.url, {
      GATEWAY_WORKERS: '2',
      DATABASE_URL: postgres.urlOf(database),
      LOG_LEVEL: 'warn',
      ...env,
    });
  const reconnect = async (): Promise<void> => {
    for (const agent of agents.values()) agent.destroy();
    agents = await connectToEach(gateway);
  };
  const at = (worker: '1' | '2', path: string, options: Call = {}): Promise<Answer> =>
    call(`${gateway.url}${path}`, { ...options, agent: agents.get(worker) });

  beforeAll(async () => {
    [postgres, php] = await Promise.all([startPostgresServer(program), startUpstream()]);
    await postgres.createDatabase('workers');
    gateway = await start();
    agents = await connectToEach(gateway);
  }, 90_000);
  afterAll(async () => {
    for (const agent of agents.values()) agent.destroy();
    await gateway.stop();
    await Promise.all([php.stop(), postgres.stop()]);
  });

  /** 200 at once, each over a connection of its own. */
  const flood = (url: string, path = '/limited'): Promise<readonly Answer[]> =>
    Promise.all(Array.from({ length: 200 }, () => call(`${url}${path}`, { withinMs: 15_000 })));
  const expectExact = (answers: readonly Answer[]): void => {
    const taken = answers.filter(({ status }) => status === 200);
    expect([taken.length, answers.filter(({ status }) => status === 429).length]).toEqual([LIMIT, 200 - LIMIT]);
    const left = taken.map(({ headers }) => Number(headers['x-ratelimit-remaining'])).toSorted((a, b) => a - b);
    expect(left).toEqual(Array.from({ length: LIMIT }, (_, i) => i));
    for (const { status, headers } of answers) if (status === 429) expect(headers['retry-after']).toMatch(/^\d+$/);
  };

  it('counts limits for all: never one more, and each told what is left', async () => {
    expectExact(await flood(gateway.url));
    for (const worker of ['1', '2'] as const) expect((await at(worker, '/limited')).status).toBe(429);
  });

  it('lends the places of a route to whichever worker needs them, and no more than there are', async () => {
    const placed = Array.from({ length: PLACES }, (_, i) =>
      call(`${gateway.url}/placed?nonce=${i}`, { agent: new Agent() }),
    );
    await eventually(() => php.held.length === PLACES);
    for (const worker of ['1', '2'] as const) expect((await at(worker, '/placed')).status).toBe(503);
    for (const go of php.held.splice(0)) go();
    expect((await Promise.all(placed)).map(({ status }) => status)).toEqual(placed.map(() => 200));
  });

  it('refuses a token at one worker that was revoked at the other', async () => {
    const token = makeAccessToken(JWT_SECRET, { subject: 'eve', roles: ['user'], lifeS: 600, id: 'one-of-eve' });
    for (const worker of ['1', '2'] as const)
      expect((await at(worker, '/mine', { headers: bearer(token) })).status).toBe(200);
    expect(await at('1', '/api/auth/revoke', { method: 'POST', body: { token } })).toMatchObject({ status: 200 });
    expect((await at('2', '/mine', { headers: bearer(token) })).status).toBe(401);
  });

  it('purges what every worker has stored', async () => {
    const kept = async (worker: '1' | '2'): Promise<string> =>
      (await at(worker, '/kept')).text.replace(/"traceId":"\w+"/, '');
    const [one, two] = [await kept('1'), await kept('2')];
    expect([await kept('1'), await kept('2')]).toEqual([one, two]);
    expect(await at('1', '/admin/api/cache', { method: 'DELETE', headers: ADMIN })).toMatchObject({ status: 200 });
    expect(await kept('2')).not.toBe(two);
    expect(await kept('1')).not.toBe(one);
  });

  it('changes a stage in all workers', async () => {
    const native = async (worker: '1' | '2'): Promise<boolean> =>
      (await at(worker, '/api/health')).text.includes('checks');
    expect([await native('1'), await native('2')]).toEqual([false, false]);
    const set = { method: 'PUT', headers: ADMIN, body: { stage: 'replaced', reason: 'a test' } };
    expect(await at('1', '/admin/api/stages/staged', set)).toMatchObject({ status: 200 });
    expect(await native('1')).toBe(true);
    await eventually(() => native('2'));
  });

  it('finds a trace that the other worker served, and leaves recordings to one process', async () => {
    const traceId = String((await at('1', '/anything')).headers['x-trace-id']);
    await eventually(async () => {
      const { status, text } = await at('2', `/admin/api/traces/${traceId}`, { headers: ADMIN });
      return status === 200 && text.includes('"route":"all"');
    });
    const body = { routes: ['all'] };
    expect((await at('1', '/admin/api/recording', { method: 'POST', headers: ADMIN, body })).status).toBe(409);
  });

  it('adds up what all workers count, and loses nothing with a worker that dies', async () => {
    const counted = async (): Promise<number> => {
      const { text } = await call(`${gateway.url}/metrics`);
      return [...text.matchAll(/^donna_http_request_seconds_count\{[^}]*route="mine"[^}]*\} (\d+)$/gm)].reduce(
        (sum, [, count]) => sum + Number(count),
        0,
      );
    };
    const before = await counted();
    for (let i = 0; i < 5; i++) for (const worker of ['1', '2'] as const) await at(worker, '/mine');
    await eventually(async () => (await counted()) === before + 10);
    const [first = 0, second = 0] = workersOf(gateway);
    const nonces = Array.from({ length: 400 }, (_, i) => String(i));
    const answers = await Promise.allSettled(
      nonces.map(async (nonce, i) => {
        if (i === 200) process.kill(first, 'SIGKILL');
        const { text } = await call(`${gateway.url}/echo?nonce=${nonce}`);
        return (JSON.parse(text) as { readonly nonce: string }).nonce;
      }),
    );
    const whole = answers.flatMap((answer, i) => (answer.status === 'fulfilled' ? [[answer.value, nonces[i]]] : []));
    expect(whole.length).toBeGreaterThan(100);
    for (const [got, sent] of whole) expect(got).toBe(sent);
    await eventually(() => workersOf(gateway).length === 2 && !workersOf(gateway).includes(first));
    expect(workersOf(gateway)).toContain(second);
    expect(gateway.output()).toContain('a worker has died: another takes its place');
    await reconnect();
    expect(await counted()).toBe(before + 10);
    // The new one knows what was revoked before it began.
    const token = makeAccessToken(JWT_SECRET, { subject: 'eve', roles: ['user'], lifeS: 600, id: 'one-of-eve' });
    for (const worker of ['1', '2'] as const)
      expect((await at(worker, '/mine', { headers: bearer(token) })).status).toBe(401);
  });

  it('reloads the table in all workers, and keeps the last good one, also in a worker that begins later', async () => {
    const file = join(gateway.folder, 'routes.yaml');
    const statuses = (): Promise<readonly number[]> =>
      Promise.all((['1', '2'] as const).map(async (worker) => (await at(worker, '/only-posted')).status));
    const added = `  posted: { match: { path: /only-posted, methods: [POST] }, upstream: php, policies: { authorization: public } }\n`;
    writeFileSync(file, TABLE.replace(/  all: .*\n/, added));
    process.kill(gateway.pid, 'SIGHUP');
    await eventually(async () => (await statuses()).every((status) => status === 405));
    writeFileSync(file, 'routes: [');
    process.kill(gateway.pid, 'SIGHUP');
    await eventually(() => gateway.output().split('the last good one stays in use').length > 2);
    const [first = 0] = workersOf(gateway);
    process.kill(first, 'SIGKILL');
    await eventually(() => workersOf(gateway).length === 2 && !workersOf(gateway).includes(first));
    await reconnect();
    expect(await statuses()).toEqual([405, 405]);
    writeFileSync(file, TABLE);
    await eventually(async () => (await statuses()).every((status) => status === 200));
  });

  it('drains every worker on SIGTERM: what is under way is answered, and the exit code is 0', async () => {
    const held = Array.from({ length: 8 }, (_, i) => call(`${gateway.url}/held?nonce=${i}`));
    await eventually(() => php.held.length === 8);
    process.kill(gateway.pid, 'SIGTERM');
    await eventually(() =>
      call(`${gateway.url}/`, { withinMs: 1000 }).then(
        () => false,
        () => true,
      ),
    );
    process.kill(gateway.pid, 'SIGTERM');
    for (const go of php.held.splice(0)) go();
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual(held.map(() => 200));
    expect(await gateway.ended).toEqual([0, null]);
    expect(gateway.output()).not.toContain('the database cannot be used');
  });

  it('counts in Redis where there is one, at the primary while it is gone; killed, it leaves no worker behind', async () => {
    const redis = requirePart('redis');
    if (!redis.isPresent) return;
    const server = await startRedisServer(redis.path);
    const shared = await start({ REDIS_URL: server.url, LOG_LEVEL: 'info' });
    try {
      expectExact(await flood(shared.url));
      expect(await server.ask('KEYS donna:limit:few*')).toContain('donna:limit:few');
      const said = (text: string): boolean => shared.output().split(text).length === 1 + 2;
      // Some are on their way while it dies: each is counted somewhere.
      const [onTheirWay] = await Promise.all([flood(shared.url, '/meanwhile'), server.kill()]);
      expect(onTheirWay.every(({ status }) => status === 200 || status === 429)).toBe(true);
      await eventually(() => said('redis cannot be reached'));
      expectExact(await flood(shared.url, '/after'));
      for (const { status } of await flood(shared.url)) expect(status).toBe(429);
      await server.start();
      await eventually(() => said('redis is back'));
      for (const { status } of await flood(shared.url, '/after')) expect(status).toBe(429);
      expect(await server.ask('KEYS donna:limit:*')).not.toContain('donna:limit:after');
      const workers = workersOf(shared);
      expect(workers).toHaveLength(2);
      await shared.end('SIGKILL');
      await eventually(() => workers.every((pid) => !isAlive(pid)));
    } finally {
      await shared.stop();
      await server.stop();
    }
  });
});

describe('GATEWAY_WORKERS=2', () => {
  it('is refused without a database that several processes can open', async () => {
    await expect(startGatewayProcess(TABLE, 'http://127.0.0.1:9', { GATEWAY_WORKERS: '2' })).rejects.toThrow(
      /DATABASE_URL is required with GATEWAY_WORKERS=2/,
    );
  });

  it('names a port that is taken, in one sentence', async () => {
    const taken = createServer();
    await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
    const { port } = taken.address() as AddressInfo;
    try {
      const env = { GATEWAY_WORKERS: '2', PORT: String(port), DATABASE_URL: 'postgres://u:p@127.0.0.1:9/x' };
      await expect(startGatewayProcess(TABLE, 'http://127.0.0.1:9', env)).rejects.toThrow(
        new RegExp(`Port ${port} on 127.0.0.1 is taken`),
      );
    } finally {
      await new Promise((done) => taken.close(done));
    }
  });
});
