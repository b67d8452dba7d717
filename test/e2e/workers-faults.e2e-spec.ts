import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type Agent, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAccessToken } from '../../src/auth/index.js';
import { describeWith } from '../setup/parts.js';
import { eventually } from '../support/eventually.js';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { RealtimeClient } from '../support/realtime-client.js';
import { JWT_SECRET } from '../support/test-gateway.js';
import {
  type Answer,
  bearer,
  type Call,
  call,
  connectToEach,
  SESSION_ROUTE,
  workersOf,
} from '../support/worker-site.js';

const LIMIT = 40;
const SOCKETS = 6;
const MAX_LOG_BYTES = 65_536;
/** Far above any bound of the gateway's: what has not come by then hangs. */
const NEVER_MS = 20_000;

const TABLE = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], identity: true }
policies:
  authorization: { public: {}, guest: { anyOf: [jwt], optional: true }, user: { anyOf: [jwt] }, admin: { anyOf: [jwt], roles: [admin] } }
  rateLimit: { one: { limit: ${LIMIT}, windowS: 600, per: ip }, two: { limit: ${LIMIT}, windowS: 600, per: ip }, three: { limit: ${LIMIT}, windowS: 600, per: ip } }
routes:
  metrics: { match: { path: /metrics, methods: [GET] }, handler: metrics, policies: { authorization: public } }
  ${SESSION_ROUTE}
  revoke: { match: { path: /api/auth/revoke, methods: [POST] }, handler: auth.revoke, policies: { authorization: guest, input: auth.revoke } }
  socket: { match: { path: /realtime, methods: [GET] }, handler: realtime.socket, policies: { authorization: public, upgrade: true } }
  one: { match: { path: /one, methods: [GET] }, handler: health.live, policies: { authorization: public, rateLimit: [one] } }
  two: { match: { path: /two, methods: [GET] }, handler: health.live, policies: { authorization: public, rateLimit: [two] } }
  three: { match: { path: /three, methods: [GET] }, handler: health.live, policies: { authorization: public, rateLimit: [three] } }
  placed: { match: { path: /placed, methods: [GET] }, handler: health.live, policies: { authorization: public, concurrency: { route: 4 } } }
  mine: { match: { path: /mine, methods: [GET] }, handler: health.live, policies: { authorization: user } }
  live: { match: { path: /livez, methods: [GET] }, handler: health.live, policies: { authorization: public } }
  all: { match: { path: '/{*path}' }, upstream: php, policies: { authorization: public } }
`;

describeWith('postgres', 'GATEWAY_WORKERS=2 with the embedded PHP, in trouble', (program) => {
  const logs = mkdtempSync(join(tmpdir(), 'donna-workers-log-'));
  let postgres: PostgresServer;
  let gateway: GatewayProcess;
  let agents: ReadonlyMap<string, Agent>;
  const at = (worker: '1' | '2', path: string, options: Call = {}): Promise<Answer> =>
    call(`${gateway.url}${path}`, { ...options, agent: agents.get(worker), withinMs: NEVER_MS });
  const times = async (count: number, ask: () => Promise<Answer>): Promise<readonly number[]> => {
    const statuses: number[] = [];
    for (let i = 0; i < count; i++) statuses.push((await ask()).status);
    return statuses;
  };
  const taken = (statuses: readonly number[]): number => statuses.filter((status) => status === 200).length;
  const logged = (prefix: string): readonly string[] =>
    readdirSync(logs)
      .filter((name) => name.startsWith(prefix))
      .flatMap((name) => readFileSync(join(logs, name), 'utf8').split('\n'))
      .filter((line) => line !== '');

  beforeAll(async () => {
    postgres = await startPostgresServer(program);
    await postgres.createDatabase('workers');
    gateway = await startGatewayProcess(TABLE, undefined, {
      GATEWAY_WORKERS: '2',
      DATABASE_URL: postgres.urlOf('workers'),
      LOG_LEVEL: 'info',
      LOG_FILE: join(logs, 'gateway.log'),
      LOG_MAX_BYTES: String(MAX_LOG_BYTES),
      ENABLE_WS_PROXY: 'true',
      MAX_CONNECTIONS_PER_IP: String(SOCKETS),
    });
    agents = await connectToEach(gateway);
  }, 90_000);
  afterAll(async () => {
    for (const agent of agents.values()) agent.destroy();
    await gateway.stop();
    await postgres.stop();
    rmSync(logs, { recursive: true, force: true });
  });

  it('serves one embedded PHP application through all workers', async () => {
    for (const worker of ['1', '2'] as const) {
      const { status, text } = await at(worker, '/api/health.php');
      expect([status, JSON.parse(text)]).toEqual([200, expect.objectContaining({ ok: true, service: 'donna-api' })]);
    }
    expect(gateway.output().split('embedded, ')).toHaveLength(2);
  });

  it('opens as many sockets of one address, and of one caller, as there may be, at whichever workers', async () => {
    const url = `${gateway.url.replace('http', 'ws')}/realtime`;
    const enter = (): Promise<RealtimeClient | undefined> => RealtimeClient.connect(url).catch(() => undefined);
    const enterAll = async (count: number): Promise<RealtimeClient[]> =>
      (await Promise.all(Array.from({ length: count }, enter))).filter((one) => one !== undefined);
    const open = await enterAll(2 * SOCKETS);
    expect(open).toHaveLength(SOCKETS);
    for (let i = 0; i < 4; i++) expect((await RealtimeClient.refused(url)).status).toBe(429);
    for (const one of open.splice(0, 3)) one.leave();
    await eventually(async () => (await enterAll(3).then((more) => open.push(...more))) === SOCKETS);
    expect(await enterAll(4)).toEqual([]);
    const token = makeAccessToken(JWT_SECRET, { subject: 'eve', roles: ['user'], lifeS: 600 });
    for (const one of open) one.send({ type: 'authenticate', token });
    const ends = await Promise.all(
      open.map(async (one) => {
        await eventually(() => one.closed !== undefined || one.counts.has('auth_success'));
        return one.closed?.code ?? 'in';
      }),
    );
    expect(ends.filter((end) => end === 'in')).toHaveLength(5);
    expect(ends.filter((end) => end === 1008)).toHaveLength(1);
    for (const one of open) one.leave();
  });

  it('writes one log file from all processes: each request once, no line torn, each file of the size that was asked for', async () => {
    const ids = Array.from({ length: 1200 }, (_, i) => `line-${1000 + i}`);
    const waiting = [...ids];
    const send = async (): Promise<void> => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop())
        await at(waiting.length % 2 === 0 ? '1' : '2', '/livez', { headers: { 'X-Trace-Id': id } });
    };
    await Promise.all([send(), send(), send(), send()]);
    const traced = (): readonly string[] =>
      logged('gateway.log')
        .map((line) => (JSON.parse(line) as { readonly traceId?: string }).traceId ?? '')
        .filter((id) => id.startsWith('line-'));
    await eventually(() => traced().length >= ids.length);
    expect(traced().toSorted()).toEqual(ids.toSorted());
    const ended = readdirSync(logs).filter((name) => name.startsWith('gateway.log.'));
    expect(ended.length).toBeGreaterThan(1);
    for (const name of ended) expect(statSync(join(logs, name)).size).toBeLessThan(MAX_LOG_BYTES * 1.1);
    expect(gateway.output()).not.toContain('log file');
  });

  it('bounds every wait while the primary stands still, keeps to the limits in each worker, and to all of them afterwards', async () => {
    expect(await times(10, () => at('1', '/one'))).toEqual(Array.from({ length: 10 }, () => 200));
    expect(await times(10, () => at('2', '/one'))).toEqual(Array.from({ length: 10 }, () => 200));
    const token = makeAccessToken(JWT_SECRET, { subject: 'eve', roles: ['user'], lifeS: 600, id: 'of-eve' });
    process.kill(gateway.pid, 'SIGSTOP');
    let fresh: Promise<Answer>;
    try {
      // Nobody else can take a connection: it waits in the system's queue, and is served in the end.
      fresh = call(`${gateway.url}/livez`, { withinMs: NEVER_MS });
      // Each goes on from what it knew: the first worker of 10, the second of 20.
      expect(taken(await times(LIMIT, () => at('1', '/one')))).toBe(LIMIT - 10);
      expect(taken(await times(LIMIT, () => at('2', '/one')))).toBe(LIMIT - 20);
      for (const worker of ['1', '2'] as const) {
        expect(taken(await times(12, () => at(worker, '/two')))).toBe(12);
        expect(taken(await times(3, () => at(worker, '/placed')))).toBe(3);
        expect((await at(worker, '/api/health.php')).status).toBe(200);
        expect((await at(worker, '/metrics')).status).toBe(503);
        expect((await at(worker, '/mine', { headers: bearer(token) })).status).toBe(200);
      }
      expect((await at('1', '/api/auth/revoke', { method: 'POST', body: { token } })).status).toBe(503);
      expect((await at('1', '/mine', { headers: bearer(token) })).status).toBe(401);
    } finally {
      process.kill(gateway.pid, 'SIGCONT');
    }
    expect((await fresh).status).toBe(200);
    for (const worker of ['1', '2'] as const) {
      await eventually(async () => (await at(worker, '/metrics')).status === 200);
      expect(await at(worker, '/one')).toMatchObject({ status: 429 });
      await eventually(async () => (await at(worker, '/mine', { headers: bearer(token) })).status === 401);
    }
    const flood = (path: string): Promise<readonly number[]> =>
      Promise.all(Array.from({ length: 100 }, () => call(`${gateway.url}${path}`).then(({ status }) => status)));
    // What each had counted by itself counts for all.
    expect(taken(await flood('/two'))).toBe(LIMIT - 24);
    expect(taken(await flood('/three'))).toBe(LIMIT);
  });

  it('ends after some tries, each later than the last, when no worker stays alive, says why, and finishes what is under way', async () => {
    type Line = { readonly msg: string; readonly code?: number; readonly backoffMs?: number };
    const deaths = (): readonly Line[] =>
      logged('gateway.error.log').flatMap((line) => (line.includes('"code":3') ? [JSON.parse(line) as Line] : []));
    writeFileSync(join(gateway.folder, 'dist/gateway.worker.js'), 'process.exit(3)');
    process.kill(workersOf(gateway)[0] ?? 0, 'SIGKILL');
    await eventually(() => deaths().length > 2);
    const headers = { 'Content-Type': 'application/json', 'Content-Length': '2' };
    const half = request(`${gateway.url}/api/health.php`, { agent: agents.get('2'), method: 'POST', headers });
    const answered = once(half, 'response') as Promise<[IncomingMessage]>;
    half.write('{');
    await eventually(() => deaths().some(({ msg }) => msg.includes('workers die again and again')));
    half.end('}');
    expect((await answered)[0].statusCode).toBe(405);
    expect(await gateway.ended).toEqual([70, null]);
    expect(gateway.output()).toContain('5 workers in a row died within 10 s of their start, the last with code 3.');
    // The first that was killed may have been young as well.
    const pauses = deaths().flatMap(({ backoffMs }) => backoffMs ?? []);
    expect([
      [200, 400, 800, 1600],
      [400, 800, 1600],
    ]).toContainEqual(pauses);
    expect(logged('gateway.error.log').join()).not.toContain('the database cannot be used');
  });

  it('does not start where a worker ends at once', async () => {
    const breaks = 'data:text/javascript,if(process.argv[1].endsWith(`gateway.worker.js`))process.exit(3)';
    const env = { GATEWAY_WORKERS: '2', DATABASE_URL: postgres.urlOf('workers'), NODE_OPTIONS: `--import=${breaks}` };
    await expect(startGatewayProcess(TABLE, 'http://127.0.0.1:9', env)).rejects.toThrow(
      'A worker ended while it started (code 3)',
    );
  });
});
