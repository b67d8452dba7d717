import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type {
  OverviewView,
  RealtimeView,
  RouteView,
  SecurityView,
  SessionView,
  TraceRow,
  TraceView,
} from '../../src/admin/admin-api.js';
import { makeAccessToken } from '../../src/auth/index.js';
import { inputDtoNames } from '../../src/contract/index.js';
import { type ProviderStub, startProviderStub } from '../../src/providers/index.js';
import { loadRouteTable, nativeHandlerNames, type Route } from '../../src/routing/index.js';
import { eventually } from '../support/eventually.js';
import { call, type CallAnswer, type CallOptions } from '../support/http-call.js';
import { EVE, EVE_PASSWORD, type LegacyPhp, signInForSession, startLegacyPhp } from '../support/legacy-php.js';
import { LiveReader } from '../support/live-reader.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { RealtimeClient } from '../support/realtime-client.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

// Points come every five seconds.
jest.setTimeout(60_000);

const TABLE = readFileSync(resolve(import.meta.dirname, '../../routes.yaml'), 'utf8').replace(
  // Tests look more often than people do.
  /^( {4}(?:address|default|login): \{ limit:) \d+/gm,
  '$1 100000',
);
const API = '/admin/api';
const PSEUDONYM = /^h:[a-p]{16}$/;

const token = (subject: string, roles: readonly string[], options: { lifeS?: number; id?: string } = {}): string =>
  makeAccessToken(JWT_SECRET, { subject, roles, lifeS: 600, ...options });
const bearer = (value: string): { Authorization: string } => ({ Authorization: `Bearer ${value}` });
const boss = bearer(token('boss', ['admin']));

let php: LegacyPhp;
let stub: ProviderStub;
let gateway: TestGateway;
beforeAll(async () => {
  [php, stub] = await Promise.all([startLegacyPhp(), startProviderStub()]);
  php.setUsers({ ...EVE, roles: ['user', 'admin'] });
  gateway = await startTestGateway({
    routes: TABLE,
    phpTargets: [php.origin],
    stubOrigin: stub.origin,
    env: { ENABLE_WS_PROXY: 'true', ENABLE_RESPONSE_CACHE: 'true' },
  });
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([php.stop(), stub.stop()]);
});

function ask(path: string, options: CallOptions = {}, origin = gateway.url): Promise<CallAnswer> {
  return call(origin, path, { ...options, headers: { ...boss, ...options.headers } });
}

async function read<View>(path: string): Promise<View> {
  const answer = await ask(API + path);
  expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
  const { data } = answer.json() as { data: View };
  return data;
}

function failedLogin(email: string): Promise<CallAnswer> {
  return postJson('/api/auth/token', { email, password: 'not this one' });
}

function postJson(path: string, body: object): Promise<CallAnswer> {
  const headers = { 'Content-Type': 'application/json' };
  return call(gateway.url, path, { method: 'POST', headers, body: JSON.stringify(body) });
}

describe('every row of the shipped table below /admin/api', () => {
  let rows: readonly Route[] = [];
  beforeAll(() => {
    const options = { file: 'routes.yaml', phpTargets: [php.origin] };
    rows = loadRouteTable(TABLE, { ...options, handlers: nativeHandlerNames(), dtos: inputDtoNames() }).routes.filter(
      ({ match }) => match.path.startsWith(`${API}/`),
    );
  });

  it('demands the role, and answers 401 to nobody and 403 to who has it not', async () => {
    expect(rows.length).toBeGreaterThan(25);
    for (const { name, match, policies } of rows) {
      expect([name, policies.authorization.roles, policies.authorization.optional]).toEqual([name, ['admin'], false]);
      const path = match.path.replace(/\{\*[a-z]+\}$/, 'x');
      for (const method of match.methods) {
        const asNobody = await call(gateway.url, path, { method });
        const asUser = await call(gateway.url, path, { method, headers: bearer(token('eve', ['user'])) });
        expect([name, method, asNobody.status, asUser.status]).toEqual([name, method, 401, 403]);
      }
    }
  });
});

describe('what the dashboard reads', () => {
  it('tells who is signed in, and where', async () => {
    const { subject, via, gateway: here } = await read<SessionView>('/session');
    expect([subject, via]).toEqual(['boss', 'jwt']);
    expect(here).toMatchObject({ version: '0.0.0-test', environment: 'test', isRealtimeOn: true });
    expect(here.instance).toMatch(/^[0-9a-f]{8}$/);
    expect(Date.parse(here.startedAt)).toBeLessThanOrEqual(Date.now());
  });

  it('counts traffic by who answered, in steps of five seconds, and names no address', async () => {
    const before = (await read<OverviewView>('/overview')).totals.requests;
    const sum = (points: OverviewView['points'], of: (point: OverviewView['points'][number]) => number): number =>
      points.reduce((total, point) => total + of(point), 0);
    await eventually(async () => {
      // PHP, and then the cache; a handler; the gateway itself.
      await call(gateway.url, '/api/health.php');
      await call(gateway.url, '/api/health.php');
      await call(gateway.url, '/api/health');
      await call(gateway.url, '/api/conversations.php');
      const { points } = await read<OverviewView>('/overview');
      return sum(points, ({ requests }) => requests) > before + 4 && sum(points, ({ by }) => by.cache) > 0;
    });
    const answer = await ask(`${API}/overview`);
    const { data } = answer.json() as { data: OverviewView };
    expect(data.stepS).toBe(5);
    expect(sum(data.points, ({ by }) => by.php)).toBeGreaterThan(0);
    expect(sum(data.points, ({ by }) => by.native)).toBeGreaterThan(0);
    expect(sum(data.points, ({ by }) => by.cache)).toBeGreaterThan(0);
    expect(sum(data.points, ({ cache }) => cache.hits)).toBe(sum(data.points, ({ by }) => by.cache));
    expect(sum(data.points, ({ cache }) => cache.misses)).toBeGreaterThan(0);
    expect(sum(data.points, ({ refused }) => refused)).toBeGreaterThan(0);
    const busy = data.points.find(({ requests }) => requests > 0);
    expect(busy?.p50).toBeGreaterThan(0);
    expect(busy?.p99 ?? 0).toBeGreaterThanOrEqual(busy?.p50 ?? Infinity);
    expect(data.totals.requests).toBeGreaterThanOrEqual(sum(data.points, ({ requests }) => requests));
    expect(data.targets).toEqual([{ name: 'php 1', isHealthy: true, breaker: 'closed', underWay: expect.any(Number) }]);
    expect(data.checks).toEqual({ php: 'up', database: 'off', redis: 'off', realtime: 'up' });
    expect(data.openRequests).toBeGreaterThanOrEqual(1);
    expect(data.memoryBytes).toBeGreaterThan(10_000_000);
    expect(answer.text).not.toContain(new URL(php.origin).port);
    expect(answer.text).not.toContain('127.0.0.1');
  });

  it('tells the table in effect with its policies, and how each route fares', async () => {
    const list = await read<readonly RouteView[]>('/routes');
    const of = (name: string): RouteView | undefined => list.find(({ route }) => route === name);
    expect(of('auth.login')?.policies).toMatchObject({
      authorization: { name: 'public', anyOf: [], roles: [], optional: false },
      rateLimit: [
        { name: 'address', limit: 100000, windowS: 60, per: 'ip' },
        { name: 'login', per: 'ip' },
        { name: 'login-account', per: 'field' },
      ],
      input: 'auth.login',
      maxBodyBytes: 16384,
      envelope: 'splice',
    });
    expect(of('conversations.list')).toMatchObject({
      path: '/api/conversations.php',
      upstream: 'php',
      handler: 'conversations.list',
      possible: ['proxy', 'mirror', 'canary', 'replaced'],
      policies: { cache: { ttlS: 10, vary: 'identity', tags: ['conversations:{subject}'] } },
    });
    expect(of('health')?.recent.rate).toBeGreaterThan(0);
    expect(of('health')?.recent.errorShare).toBe(0);
    expect(of('health')?.recent.p95).toBeGreaterThan(0);
    expect(of('csp-report')?.recent).toEqual({ rate: 0, errorShare: 0 });
  });

  it('tells what was refused by kind, callers by pseudonyms alone, and what browsers reported', async () => {
    const origin = { Origin: 'https://evil.example' };
    await call(gateway.url, '/api/conversations.php', { method: 'POST', headers: { ...boss, ...origin } });
    await call(gateway.url, '/api/telnyx/webhook.php', { method: 'POST', body: '{}' });
    expect((await failedLogin('nobody@donna.example')).status).toBe(401);
    const { answer } = await signInForSession(gateway.url, EVE.email, 'wrong');
    expect(answer.status).toBe(401);
    await call(gateway.url, '/csp-report', {
      method: 'POST',
      headers: { 'Content-Type': 'application/csp-report' },
      body: JSON.stringify({
        'csp-report': {
          'document-uri': `${gateway.url}/chatbot.php?secret=1`,
          'effective-directive': 'img-src',
          'blocked-uri': 'https://tracker.example/pixel?who=eve',
          disposition: 'report',
        },
      }),
    });
    const view = await read<SecurityView>('/security');
    expect(view.counts).toMatchObject({ 'origin-denied': 1, 'login-failed': 2 });
    expect(view.counts.unauthenticated).toBeGreaterThan(0);
    expect(view.counts.forbidden).toBeGreaterThan(0);
    expect(view.recent.filter(({ kind }) => kind === 'login-failed').map(({ route }) => route)).toEqual([
      'auth.login',
      'auth.token',
    ]);
    for (const { who, traceId } of view.recent) {
      expect(who).toMatch(PSEUDONYM);
      expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    }
    // The minute may have turned meanwhile.
    expect(view.points.reduce((sum, { counts }) => sum + (counts['login-failed'] ?? 0), 0)).toBe(2);
    expect(view.csp).toEqual([
      {
        directive: 'img-src',
        blocked: 'https://tracker.example',
        page: '/chatbot.php',
        disposition: 'report',
        count: 1,
        lastAt: expect.any(String),
      },
    ]);
    expect(JSON.stringify(view.recent)).not.toContain('127.0.0.1');
  });

  it('tells of sessions of /realtime who by a pseudonym, how far, and how they ended', async () => {
    const socket = await RealtimeClient.connect(`${gateway.url.replace('http', 'ws')}/realtime`);
    expect((await read<RealtimeView>('/realtime')).sessions).toEqual([
      expect.objectContaining({ state: 'unauthenticated', framesIn: 0 }),
    ]);
    socket.send({ type: 'authenticate', token: token('voice-caller', ['user']) });
    await socket.next('auth_success');
    const { isSocketOn, open, sessions } = await read<RealtimeView>('/realtime');
    expect([isSocketOn, open]).toEqual([true, 1]);
    expect(sessions[0]).toMatchObject({ state: 'authenticated', framesIn: 1, framesOut: 1 });
    expect(sessions[0]?.who).toMatch(PSEUDONYM);
    socket.send({ type: 'connect_realtime' });
    await socket.next('realtime_connected');
    expect((await read<RealtimeView>('/realtime')).sessions[0]?.state).toBe('connected');
    socket.socket.close(1000);
    await socket.close();
    await eventually(async () => (await read<RealtimeView>('/realtime')).open === 0);
    const { closes, latency } = await read<RealtimeView>('/realtime');
    expect(closes).toEqual([{ code: '1000', count: 1 }]);
    expect(latency.connect).toMatchObject({ count: 1, p50: expect.any(Number), p95: expect.any(Number) });
    expect(latency.firstAudio).toEqual({ count: 0 });
  });

  it('finds a request by its trace id, and says when it remembers none', async () => {
    const { headers } = await call(gateway.url, '/api/health');
    const traceId = String(headers['x-trace-id']);
    const view = await read<TraceView>(`/traces/${traceId}`);
    expect(view).toMatchObject({ traceId, requests: [{ traceId, route: 'health', status: 200, method: 'GET' }] });
    expect((await read<readonly TraceRow[]>('/traces')).map((row) => row.traceId)).toContain(traceId);
    const unknown = await ask(`${API}/traces/${'0'.repeat(31)}1`);
    expect([unknown.status, unknown.json()]).toEqual([404, expect.objectContaining({ errorCode: 'NOT_FOUND' })]);
    // What a client chose is found as it is spelt; an id of W3C in capital letters too.
    for (const [chosen, asked] of [
      ['Order-7_of-Eve', 'Order-7_of-Eve'],
      ['ab'.repeat(16), 'AB'.repeat(16)],
    ] as const) {
      await call(gateway.url, '/api/health', { headers: { 'X-Trace-Id': chosen } });
      expect(await read<TraceView>(`/traces/${asked}`)).toMatchObject({ traceId: chosen, requests: [{ status: 200 }] });
    }
    for (const bad of ['x', 'a.b.c.d.e', '0'.repeat(65), 'a'.repeat(4000)])
      expect((await ask(`${API}/traces/${bad}`)).status).toBe(422);
  });
});

describe('the live stream', () => {
  const opened: LiveReader[] = [];
  const live = async (headers: Readonly<Record<string, string>> = boss): Promise<LiveReader> => {
    const stream = await LiveReader.open(gateway.url, `${API}/live`, headers);
    opened.push(stream);
    return stream;
  };
  // The places are few.
  afterEach(async () => {
    for (const stream of opened.splice(0)) stream.leave();
    await eventually(async () => (await read<OverviewView>('/overview')).openRequests === 1);
  });

  it('tells points, states, changed routes and refusals as they happen, by pseudonyms', async () => {
    const stream = await live();
    expect([stream.status, stream.headers['content-type'], stream.headers['x-accel-buffering']]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      'no',
    ]);
    expect(stream.headers['cache-control']).toBe('no-store');
    expect(await stream.next('state')).toMatchObject({ checks: { php: 'up' }, targets: [{ name: 'php 1' }] });
    expect(stream.text).toMatch(/^retry: \d+\n\n/);
    await failedLogin('somebody@donna.example');
    expect(await stream.next('security')).toMatchObject({
      kind: 'login-failed',
      route: 'auth.token',
      status: 401,
      who: expect.stringMatching(PSEUDONYM),
    });
    gateway.writeRoutes(TABLE.replace(/^( {2}health:\n(?: {4}.*\n)*? {4}policies: \{ )/m, '$1timeoutMs: 1234, '));
    expect(await stream.next('route')).toEqual({ route: 'health' });
    expect(await stream.next('point', ({ requests }) => Number(requests) > 0)).toMatchObject({
      by: expect.any(Object),
    });
    expect(stream.events.filter(({ name }) => name === 'route')).toHaveLength(1);
    expect(stream.text).not.toMatch(/127\.0\.0\.1|somebody@/);
  });

  it('ends with the token, with its revocation and with the session', async () => {
    php.setUsers({ ...EVE, roles: ['user', 'admin'] });
    const { cookie, csrf, answer } = await signInForSession(gateway.url, EVE.email, EVE_PASSWORD);
    expect(answer.status).toBe(200);
    const revocable = token('revoked', ['admin'], { id: 'live-1' });
    const [revoked, session, lasting] = await Promise.all([live(bearer(revocable)), live({ Cookie: cookie }), live()]);
    expect([revoked.status, session.status]).toEqual([200, 200]);
    let expiring = lasting;
    // On a busy machine a token may be over before it is shown.
    await eventually(async () => {
      expiring = await live(bearer(token('short', ['admin'], { lifeS: 3 })));
      return expiring.status === 200;
    });
    expect((await postJson('/api/auth/revoke', { token: revocable })).status).toBe(200);
    const logout = await call(gateway.url, '/api/auth/logout.php', {
      method: 'POST',
      headers: { Cookie: cookie, 'X-CSRF-Token': csrf },
    });
    expect(logout.status).toBe(200);
    await eventually(() => expiring.hasEnded && revoked.hasEnded && session.hasEnded);
    expect([expiring.wasCut, revoked.wasCut, session.wasCut]).toEqual([false, false, false]);
    expect(lasting.hasEnded).toBe(false);
  });

  it('is refused to a sixth view of one administrator and to a twenty-first of all; a place is free when one leaves', async () => {
    for (const who of ['a', 'b', 'c', 'd'])
      for (let i = 0; i < 5; i++) expect((await live(bearer(token(who, ['admin'])))).status).toBe(200);
    const sixth = await ask(`${API}/live`, { headers: bearer(token('a', ['admin'])) });
    expect([sixth.status, sixth.headers['retry-after']]).toEqual([429, '5']);
    expect(sixth.json()).toMatchObject({ success: false, errorCode: 'RATE_LIMITED' });
    expect((await ask(`${API}/live`)).status).toBe(503);
    opened.shift()?.leave();
    await eventually(async () => (await live(bearer(token('a', ['admin'])))).status === 200);
  });

  it('answers HEAD with its head alone', async () => {
    const answer = await ask(`${API}/live`, { method: 'HEAD' });
    expect([answer.status, answer.body.length]).toEqual([200, 0]);
  });
});

describe('with ADMIN_PATH and DOCS_PATH, before a PHP application that owns /admin', () => {
  let upstream: RawUpstream;
  let moved: TestGateway;
  beforeAll(async () => {
    upstream = await startRawUpstream((socket) =>
      socket.write(httpAnswer(200, { 'Content-Type': 'text/html' }, '<h1>PHP</h1>')),
    );
    moved = await startTestGateway({
      // A table whose author forgot the role.
      routes: TABLE.replace('roles: [admin] }', 'roles: [] }'),
      phpTargets: [upstream.origin],
      env: { ADMIN_PATH: '/console/gateway', DOCS_PATH: '/handbook' },
    });
  });
  afterAll(async () => {
    await moved.stop(100);
    await upstream.stop();
  });

  it('serves its own pages there, and leaves /admin and /docs to PHP', async () => {
    const there = await ask('/console/gateway/api/session', {}, moved.url);
    expect([there.status, there.json()]).toEqual([
      200,
      expect.objectContaining({ data: expect.objectContaining({ subject: 'boss' }) }),
    ]);
    const trace = await ask(`/console/gateway/api/traces/${String(there.headers['x-trace-id'])}`, {}, moved.url);
    expect(trace.json()).toMatchObject({ success: true, data: { requests: [{ route: 'admin.session' }] } });
    for (const path of ['/admin', '/admin/api/session', '/docs', '/docs/index.html']) {
      const answer = await ask(path, {}, moved.url);
      expect([path, answer.text]).toEqual([path, '<h1>PHP</h1>']);
    }
    for (const path of ['/console/gateway', '/handbook']) {
      const { status, headers } = await call(moved.url, path);
      // Browsers keep a 308 for ever: the path could never be the application's again.
      expect([status, headers['cache-control']]).toEqual([307, 'no-store']);
    }
    for (const path of ['/console/gateway', '/handbook', '/handbook/x'])
      expect((await call(moved.url, path)).text).not.toContain('PHP');
  });

  it('asks for the role in the handlers too', async () => {
    for (const path of ['session', 'overview', 'live', 'routes', 'realtime', 'security', 'traces', 'traces/x']) {
      const answer = await call(moved.url, `/console/gateway/api/${path}`, { headers: bearer(token('eve', ['user'])) });
      expect([path, answer.status]).toEqual([path, 403]);
    }
  });

  it('ends its streams when it drains: a restart does not wait for who looks on', async () => {
    const stream = await LiveReader.open(moved.url, '/console/gateway/api/live', boss);
    expect(stream.status).toBe(200);
    const patienceMs = 600_000;
    // Jest's own bound is far below: were the stream waited for, this would not return.
    await moved.stop(patienceMs);
    await eventually(() => stream.hasEnded);
    expect(stream.wasCut).toBe(false);
  });
});
