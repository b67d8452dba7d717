import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TraceRequest, TraceView } from '../../src/admin/admin-api.js';
import { requirePart } from '../setup/parts.js';
import { eventually, settle } from '../support/eventually.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { type CollectedSpan, type OtlpCollector, startOtlpCollector } from '../support/otlp-collector.js';
import { describeWithFpm, type PhpFpm, startPhpFpm } from '../support/php-fpm.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { bearer, CandidateModule } from '../support/staged-site.js';
import { IDENTITY_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

jest.setTimeout(120_000);

const SERVER = 2;
const CLIENT = 3;

/** Another trace for each test. */
let traces = 0;
const newTrace = (): string => `f${(++traces).toString(16).padStart(31, '0')}`;
const PARENT = '00f067aa0ba902b7';
const under = (traceId: string, flags = '01'): Record<string, string> => ({
  traceparent: `00-${traceId}-${PARENT}-${flags}`,
});

/** The way of every request of a trace, as an administrator is shown it; asked until there are so many. */
async function wayOf(gateway: TestGateway, traceId: string, count = 1): Promise<readonly TraceRequest[]> {
  let found: readonly TraceRequest[] = [];
  await eventually(async () => {
    const answer = await call(gateway.url, `/admin/api/traces/${traceId}`, { headers: bearer('boss', ['admin']) });
    if (answer.status === 200) found = (answer.json() as { data: TraceView }).data.requests;
    return found.length >= count;
  });
  return found;
}

const outline = ({ steps }: TraceRequest): string[] =>
  steps.map(({ name, depth, note }) => `${'  '.repeat(depth)}${name}${note === undefined ? '' : ` (${note})`}`);

/** Each step lies within the request, in the order of their begin. */
function expectInOrder({ steps, ms }: TraceRequest): void {
  for (const { startMs, ms: own } of steps) {
    expect(startMs).toBeGreaterThanOrEqual(0);
    expect(own).toBeGreaterThanOrEqual(0);
    expect(startMs + own).toBeLessThanOrEqual(ms + 0.2);
  }
  expect(steps.map(({ startMs }) => startMs)).toEqual(steps.map(({ startMs }) => startMs).toSorted((a, b) => a - b));
}

describeWithFpm('a trace through gateway, PHP and database', (parts) => {
  const data = mkdtempSync(join(tmpdir(), 'donna-traces-'));
  let collector: OtlpCollector;
  let fpm: PhpFpm;
  let server: PostgresServer;
  let gateway: TestGateway;

  beforeAll(async () => {
    const postgres = requirePart('postgres');
    if (!postgres.isPresent) throw new Error(postgres.reason);
    collector = await startOtlpCollector();
    fpm = await startPhpFpm(parts, {
      env: { DONNA_DATA_DIR: data, GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET, REQUIRE_GATEWAY: 'true' },
    });
    server = await startPostgresServer(postgres.path);
    // As shipped, but everybody's new conversation is Node's.
    const shipped = readFileSync(resolve(import.meta.dirname, '../../routes.yaml'), 'utf8');
    gateway = await startTestGateway({
      routes: shipped.replace(/(handler: conversations\.create\n\s+stage: canary\n\s+weight:) 10/, '$1 100'),
      phpTargets: [fpm.origin],
      env: { DATABASE_URL: await server.createDatabase('traces'), OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint },
    });
  }, 60_000);
  afterAll(async () => {
    await gateway.stop();
    await collector.stop();
    await server.stop();
    await fpm.stop();
    rmSync(data, { recursive: true, force: true });
  });

  it('has a span for the request, one for each call of PHP and one for each statement, each under the right one', async () => {
    const traceId = newTrace();
    const answer = await call(gateway.url, '/api/conversations.php?secret-in-query=planted-1', {
      method: 'POST',
      headers: { ...bearer('planted-subject@example.com'), ...under(traceId), 'Content-Type': 'application/json' },
      body: JSON.stringify({ title: 'planted-title', metadata: { of: 'planted-metadata' } }),
    });
    expect(answer.status).toBe(201);
    await eventually(() => collector.of(traceId).some(({ kind }) => kind === SERVER));
    const spans = collector.of(traceId);
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    expect(byId.size).toBe(spans.length);

    const [request] = spans.filter(({ kind }) => kind === SERVER);
    expect(request).toMatchObject({
      name: 'POST /api/conversations.php',
      parentSpanId: PARENT,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/api/conversations.php',
        'http.response.status_code': 201,
        'url.scheme': 'http',
        'donna.route': 'conversations.create',
        'donna.stage': 'canary',
        'donna.arm': 'candidate',
        'donna.served_by': 'native',
      },
    });
    const [handler] = spans.filter(({ name }) => name === 'native handler');
    expect(handler?.parentSpanId).toBe(request?.spanId);
    const statements = spans.filter(({ attributes }) => attributes['db.system.name'] === 'postgresql');
    expect(statements.find(({ name }) => name === 'insert conversation')).toMatchObject({
      kind: CLIENT,
      parentSpanId: handler?.spanId,
      attributes: { 'db.operation.name': 'insert', 'db.collection.name': 'conversation' },
    });
    // The handler tells PHP of what it has written, within the same trace.
    const calls = spans.filter(({ attributes }) => attributes['peer.service'] === 'php 1');
    expect(calls.length).toBeGreaterThan(0);
    for (const { spanId, startTimeUnixNano, endTimeUnixNano, parentSpanId } of spans) {
      expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
      if (spanId !== request?.spanId) expect(byId.has(parentSpanId ?? '')).toBe(true);
    }

    const [way] = await wayOf(gateway, traceId);
    expect(outline(way as TraceRequest)).toEqual(
      expect.arrayContaining(['identity', 'input', 'native', '  database: insert conversation', 'answer']),
    );
    expectInOrder(way as TraceRequest);
    const told = collector.bodies.join('\n') + JSON.stringify(way);
    for (const planted of ['planted', 'secret-in-query', '127.0.0.1', new URL(fpm.origin).host, 'Bearer'])
      expect(told).not.toContain(planted);
  });
});

describe('the way of a request', () => {
  let collector: OtlpCollector;
  let php: RawUpstream;
  let gateway: TestGateway;
  let front: TestGateway;
  const held: (() => void)[] = [];

  beforeAll(async () => {
    collector = await startOtlpCollector();
    php = await startRawUpstream((socket, request) => {
      const body = '{"success":true,"from":"php"}';
      const answer = httpAnswer(200, { 'Content-Type': 'application/json', 'Server-Timing': 'sql;dur=3' }, body);
      if (request.includes('/held')) held.push(() => socket.write(answer));
      else if (request.includes('/once') && !request.includes('retried')) socket.destroy();
      else if (request.includes('/upgrade'))
        socket.write('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      else socket.write(answer);
    });
    gateway = await startTestGateway({
      routes: table(),
      phpTargets: [php.origin],
      features: [CandidateModule],
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, ENABLE_RESPONSE_CACHE: 'true' },
    });
    front = await startTestGateway({
      routes: table(),
      phpTargets: [gateway.url],
      features: [CandidateModule],
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        ENABLE_RESPONSE_CACHE: 'true',
        NODE_ENV: 'development',
      },
    });
  }, 60_000);
  afterAll(async () => {
    await front.stop();
    await gateway.stop();
    await php.stop();
    await collector.stop();
  });

  const ask = (path: string, headers: Record<string, string>, to = gateway): Promise<CallAnswer> =>
    call(to.url, path, { headers: { ...bearer('u'), ...headers } });
  const spansOf = async (
    traceId: string,
    isAll: (spans: readonly CollectedSpan[]) => boolean,
  ): Promise<readonly CollectedSpan[]> => {
    await eventually(() => isAll(collector.of(traceId)));
    return collector.of(traceId);
  };
  const hasServer = (spans: readonly CollectedSpan[]): boolean => spans.some(({ kind }) => kind === SERVER);

  it('tells the steps of a proxied one, and what PHP took of it', async () => {
    const traceId = newTrace();
    expect((await ask('/api/only.php', under(traceId))).status).toBe(200);
    const [way] = await wayOf(gateway, traceId);
    expect(way).toMatchObject({ route: 'only', stage: 'proxy', servedBy: 'upstream', status: 200, attempts: 1 });
    expect(outline(way as TraceRequest)).toEqual([
      'head',
      'match',
      'securityHeaders',
      'origin',
      'identity',
      'authorization',
      'csrf',
      'limits: many',
      'bodyLength',
      'queryLength',
      'forward',
      '  php (target php 1)',
      '    php: connect',
      '    php: headers (200)',
      '    php: body',
      'envelope',
      'answer',
    ]);
    expectInOrder(way as TraceRequest);
    // PHP was given the very span that the collector gets.
    const spans = await spansOf(traceId, hasServer);
    const [asked] = spans.filter(({ kind }) => kind === CLIENT);
    expect(php.requests.at(-1)).toContain(`traceparent: 00-${traceId}-${asked?.spanId}-01`);
    expect(asked?.events.map(({ name }) => name)).toEqual(['request sent', 'first byte']);
    expect(asked?.parentSpanId).toBe(spans.find(({ kind }) => kind === SERVER)?.spanId);
  });

  it('tells where a request was refused, and by what', async () => {
    const [first, second] = [newTrace(), newTrace()];
    await ask('/api/scarce.php', under(first));
    expect((await ask('/api/scarce.php', under(second))).status).toBe(429);
    const [way] = await wayOf(gateway, second);
    expect(way).toMatchObject({ status: 429, errorCode: 'RATE_LIMITED', servedBy: 'gateway' });
    expect(outline(way as TraceRequest).slice(-2)).toEqual(['limits: one', 'refusal (429 RATE_LIMITED)']);
    const [unknown, unasked] = [newTrace(), newTrace()];
    expect((await ask('/nowhere', under(unknown))).status).toBe(404);
    expect(outline((await wayOf(gateway, unknown))[0] as TraceRequest).at(-1)).toBe('refusal (404 NOT_FOUND)');
    expect((await call(gateway.url, '/api/only.php', { headers: under(unasked) })).status).toBe(401);
    expect(outline((await wayOf(gateway, unasked))[0] as TraceRequest).at(-2)).toBe('identity');
    const [span] = await spansOf(unknown, hasServer);
    expect(span).toMatchObject({ name: 'GET', attributes: { 'donna.error_code': 'NOT_FOUND' }, status: { code: 0 } });
  });

  it('tells of the session that PHP was asked for, within the identity, and in the same trace', async () => {
    const traceId = newTrace();
    await call(gateway.url, '/api/only.php', { headers: { Cookie: 'SESS=somebody-planted', ...under(traceId) } });
    const [way] = await wayOf(gateway, traceId);
    expect(outline(way as TraceRequest)).toContain('  php: session (target php 1)');
    const spans = await spansOf(traceId, hasServer);
    const session = spans.find(({ name }) => name === 'php: session');
    const asked = php.requests.find((request) => request.startsWith('GET /session') && request.includes(traceId));
    expect(asked).toContain(`traceparent: 00-${traceId}-${session?.spanId}-01`);
    expect(JSON.stringify(spans)).not.toContain('planted');
  });

  it('tells what the cache did', async () => {
    const [miss, hit] = [newTrace(), newTrace()];
    await ask('/api/kept.php', under(miss));
    await ask('/api/kept.php', under(hit));
    expect(outline((await wayOf(gateway, miss))[0] as TraceRequest)).toEqual(
      expect.arrayContaining(['cache (miss)', 'forward']),
    );
    const [way] = await wayOf(gateway, hit);
    expect(way).toMatchObject({ servedBy: 'cache', cache: 'hit' });
    expect(outline(way as TraceRequest).at(-1)).toBe('cache (hit)');
    const spans = await spansOf(hit, hasServer);
    expect(spans.map(({ kind, attributes }) => [kind, attributes['donna.cache']])).toEqual([[SERVER, 'hit']]);
  });

  it('shows what the cache fetches anew for nobody as a request of its own', async () => {
    await ask('/api/stale.php', {});
    const traceId = newTrace();
    let ways: readonly TraceRequest[] = [];
    await eventually(async () => {
      await ask('/api/stale.php', under(traceId));
      ways = await wayOf(gateway, traceId);
      return ways.some(({ cache }) => cache === 'refresh');
    });
    const refresh = ways.find(({ cache }) => cache === 'refresh');
    expect(outline(refresh as TraceRequest)).toEqual(
      expect.arrayContaining(['forward', '  php (target php 1)', 'answer']),
    );
    expect(ways.find(({ cache }) => cache === 'stale')?.steps.at(-1)?.name).toBe('cache');
    const spans = await spansOf(traceId, (all) => all.some(({ name }) => name === 'cache refresh'));
    expect(spans.filter(({ status }) => status.code !== 0)).toEqual([]);
  });

  it('tells of a native handler, and of PHP that answers in its stead', async () => {
    const [native, fallen] = [newTrace(), newTrace()];
    expect((await ask('/api/native', under(native))).status).toBe(201);
    expect(outline((await wayOf(gateway, native))[0] as TraceRequest).at(-1)).toBe('native');
    expect((await ask('/api/fallen.php?fault=error', under(fallen))).status).toBe(200);
    const [way] = await wayOf(gateway, fallen);
    const steps = outline(way as TraceRequest);
    expect(steps.slice(steps.indexOf('canary'))).toEqual([
      'canary',
      'native',
      'forward',
      '  php (target php 1)',
      '    php: connect',
      '    php: headers (200)',
      '    php: body',
      'envelope',
      'answer',
    ]);
    const spans = await spansOf(fallen, hasServer);
    const request = spans.find(({ kind }) => kind === SERVER);
    // PHP was not asked by the handler.
    for (const span of spans) if (span !== request) expect(span.parentSpanId).toBe(request?.spanId);
    expect(spans.map(({ name }) => name).toSorted()).toEqual(['GET', 'GET /api/fallen.php', 'native handler']);
  });

  it('tells both tries of a request that was sent twice, each with a span of its own', async () => {
    const traceId = newTrace();
    php.requests.length = 0;
    expect((await ask('/api/once.php', under(traceId))).status).toBe(502);
    const [way] = await wayOf(gateway, traceId);
    expect(way).toMatchObject({ attempts: 2, status: 502, errorCode: 'UPSTREAM_BAD_ANSWER' });
    const tried = outline(way as TraceRequest).filter((step) => step.startsWith('  php '));
    expect(tried).toEqual(['  php (target php 1, request reset)', '  php (target php 1, request reset)']);
    const calls = (await spansOf(traceId, hasServer)).filter(({ kind }) => kind === CLIENT);
    expect(calls.map(({ attributes }) => [attributes['http.request.resend_count'], attributes['error.type']])).toEqual([
      [undefined, 'request reset'],
      [1, 'request reset'],
    ]);
    const given = php.requests.map((request) => /traceparent: 00-[0-9a-f]{32}-([0-9a-f]{16})/.exec(request)?.[1]);
    expect(given).toEqual(calls.map(({ spanId }) => spanId));
    expect(new Set(given).size).toBe(2);
  });

  it('tells of a target that is gone, and of the breaker that then refuses', async () => {
    await eventually(async () => (await ask('/api/gone.php', {})).status === 503);
    const traceId = newTrace();
    await ask('/api/gone.php', under(traceId));
    const [way] = await wayOf(gateway, traceId);
    expect(outline(way as TraceRequest)).toContain('  php (target gone 1, connect breaker-open)');
    expect(way).toMatchObject({ status: 503, upstreamFault: 'connect breaker-open' });
    expect(JSON.stringify([way, await spansOf(traceId, hasServer)])).not.toContain('127.0.0.1');
  });

  it('shows what a mirror asked besides as a request of its own, and as a span below', async () => {
    const traceId = newTrace();
    expect((await ask('/api/mirrored.php', under(traceId))).status).toBe(200);
    const ways = await wayOf(gateway, traceId, 2);
    const candidate = ways.find(({ arm }) => arm === 'candidate');
    expect(candidate).toMatchObject({ route: 'mirrored', status: 201, servedBy: 'native' });
    expect(outline(candidate as TraceRequest)).toEqual(['native']);
    expect(ways.find(({ arm }) => arm === 'control')?.status).toBe(200);
    const spans = await spansOf(
      traceId,
      (all) => all.some(({ name }) => name === 'mirror candidate') && hasServer(all),
    );
    const request = spans.find(({ kind }) => kind === SERVER);
    expect(spans.find(({ name }) => name === 'mirror candidate')).toMatchObject({
      parentSpanId: request?.spanId,
      attributes: { 'donna.arm': 'candidate', 'http.response.status_code': 201 },
    });
  });

  it('tells what was under way when the client left', async () => {
    const traceId = newTrace();
    const socket = connect(gateway.port, '127.0.0.1');
    const lines = Object.entries({ Host: 'x', ...bearer('u'), ...under(traceId) }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    socket.write(`GET /api/held.php HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    await eventually(() => held.length > 0);
    socket.destroy();
    const [way] = await wayOf(gateway, traceId);
    expect(way).toMatchObject({ status: 499, errorCode: 'CLIENT_CLOSED' });
    expect(outline(way as TraceRequest).slice(-3)).toEqual([
      '  php (target php 1, unfinished)',
      '    php: connect',
      '    php: headers (unfinished)',
    ]);
    const request = (await spansOf(traceId, hasServer)).find(({ kind }) => kind === SERVER);
    expect(request?.attributes).toMatchObject({ 'error.type': 'CLIENT_CLOSED' });
    expect(request?.attributes).not.toHaveProperty('http.response.status_code');
    expect(request?.status.code).toBe(0);
  });

  it('ends the span of an upgrade when the sockets are joined', async () => {
    const traceId = newTrace();
    const socket = connect(gateway.port, '127.0.0.1');
    let heard = '';
    socket.on('data', (chunk) => (heard += chunk.toString('latin1')));
    const head = `GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\ntraceparent: 00-${traceId}-${PARENT}-01\r\n\r\n`;
    socket.write(head);
    await eventually(() => heard.includes('101'));
    await settle(300);
    socket.destroy();
    const [way] = await wayOf(gateway, traceId);
    expect(way?.status).toBe(101);
    const joined = way?.steps.at(-1);
    expect(joined?.name).toBe('joined');
    const request = (await spansOf(traceId, hasServer)).find(({ kind }) => kind === SERVER);
    const ms = Number(BigInt(request?.endTimeUnixNano ?? 0) - BigInt(request?.startTimeUnixNano ?? 0)) / 1e6;
    expect(Math.abs(ms - (joined?.startMs ?? 0))).toBeLessThan(0.01);
  });

  it('exports nothing of a trace that its caller does not want sampled, and passes on what vendors know of it', async () => {
    const [unsampled, sampled, unread] = [newTrace(), newTrace(), newTrace()];
    await ask('/api/only.php', { ...under(unsampled, '00'), tracestate: 'vendor=kept-1' });
    expect(php.requests.at(-1)).toMatch(new RegExp(`traceparent: 00-${unsampled}-[0-9a-f]{16}-00`));
    expect(php.requests.at(-1)).toContain('tracestate: vendor=kept-1');
    await ask('/api/only.php', { traceparent: 'not one', tracestate: 'vendor=dropped-1', 'X-Trace-Id': unread });
    expect(php.requests.at(-1)).not.toContain('tracestate');
    await ask('/api/only.php', under(sampled));
    await spansOf(sampled, hasServer);
    expect(collector.of(unsampled)).toEqual([]);
    expect(await wayOf(gateway, unsampled)).toHaveLength(1);
    // What vendors have said stays with them.
    expect(collector.bodies.join('')).not.toContain('vendor=');
  });

  it('goes on through two gateways: the call of the one is the parent of the request of the other', async () => {
    const traceId = newTrace();
    const answer = await ask('/api/open.php', under(traceId), front);
    expect(answer.status).toBe(200);
    const spans = await spansOf(traceId, (all) => all.filter(({ kind }) => kind === SERVER).length === 2);
    const [outer] = spans.filter(({ parentSpanId }) => parentSpanId === PARENT);
    const between = spans.find(({ parentSpanId }) => parentSpanId === outer?.spanId);
    const inner = spans.find(({ parentSpanId }) => parentSpanId === between?.spanId);
    const last = spans.find(({ parentSpanId }) => parentSpanId === inner?.spanId);
    expect([outer, between, inner, last].map((span) => span?.kind)).toEqual([SERVER, CLIENT, SERVER, CLIENT]);
    expect(php.requests.at(-1)).toContain(`traceparent: 00-${traceId}-${last?.spanId}-01`);
  });

  it('belongs to its own trace, however many there are at once', async () => {
    const ids = Array.from({ length: 300 }, newTrace);
    const paths = ['/api/only.php', '/api/native', '/api/mirrored.php', '/api/kept.php?n=', '/nowhere'];
    await Promise.all(ids.map((traceId, i) => ask(`${paths[i % paths.length]}`, under(traceId))));
    await eventually(() => ids.every((traceId) => hasServer(collector.of(traceId))));
    for (const [i, traceId] of ids.entries()) {
      const spans = collector.of(traceId);
      const [request] = spans.filter(({ kind }) => kind === SERVER);
      expect(request?.parentSpanId).toBe(PARENT);
      const known = new Set(spans.map(({ spanId }) => spanId));
      for (const span of spans) if (span !== request) expect(known.has(span.parentSpanId ?? '')).toBe(true);
      const route = ['only', 'native', 'mirrored', 'kept', undefined][i % paths.length];
      expect(request?.attributes['donna.route']).toBe(route);
    }
  });

  it('is told to the browser in development, and to nobody elsewhere', async () => {
    await call(front.url, '/api/open-kept.php');
    const [proxied, hit, native, refused] = [
      await ask('/api/only.php', {}, front),
      await call(front.url, '/api/open-kept.php'),
      await ask('/api/native', {}, front),
      await ask('/nowhere', {}, front),
    ];
    const NUMBER = String.raw`\d+(?:\.\d)?`;
    expect(proxied.headers['server-timing']).toMatch(new RegExp(`^gateway;dur=${NUMBER}, php;dur=${NUMBER}$`));
    expect(hit.headers['server-timing']).toMatch(new RegExp(`^gateway;dur=${NUMBER}, cache;desc=hit$`));
    expect(native.headers['server-timing']).toMatch(new RegExp(`^gateway;dur=${NUMBER}, native;dur=${NUMBER}$`));
    expect(refused.headers['server-timing']).toMatch(new RegExp(`^gateway;dur=${NUMBER}$`));
    // PHP's own is nobody's business there either.
    for (const path of ['/api/only.php', '/api/kept.php', '/api/native', '/nowhere'])
      expect((await ask(path, {})).headers).not.toHaveProperty('server-timing');
  });

  it('harms nobody while the collector takes nothing, which is told once', async () => {
    const warn = jest.spyOn(gateway.logger, 'warn');
    const told = (): number => warn.mock.calls.filter(([, text]) => String(text).includes('takes no spans')).length;
    collector.status = 400;
    const traceId = newTrace();
    try {
      for (let i = 0; i < 3; i++) {
        expect((await ask('/api/only.php', under(traceId))).status).toBe(200);
        if (i === 0) await eventually(() => told() > 0);
        else await settle(1200);
      }
      expect(told()).toBe(1);
      expect(JSON.stringify(warn.mock.calls)).not.toContain(collector.endpoint);
    } finally {
      collector.status = 200;
      warn.mockRestore();
    }
    const again = newTrace();
    await ask('/api/only.php', under(again));
    await spansOf(again, hasServer);
    expect(await wayOf(gateway, traceId)).toHaveLength(3);
  });
});

function table(): string {
  return `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], session: { cookie: SESS, path: /session } }
  gone: { targets: ['http://127.0.0.1:1'], breaker: { openMs: 60000 } }
policies:
  authorization:
    user: { anyOf: [jwt, php-session] }
    public: {}
    admin: { anyOf: [jwt], roles: [admin] }
  rateLimit:
    many: { limit: 1000000, windowS: 60, per: identity }
    one: { limit: 1, windowS: 60, per: identity, counts: route }
defaults: { timeoutMs: 5000, rateLimit: [many], authorization: user }
routes:
  only: { match: { path: /api/only.php, methods: [GET] }, upstream: php }
  open: { match: { path: /api/open.php, methods: [GET] }, upstream: php, policies: { authorization: public, rateLimit: [] } }
  once: { match: { path: /api/once.php, methods: [GET] }, upstream: php }
  held: { match: { path: /api/held.php, methods: [GET] }, upstream: php }
  gone: { match: { path: /api/gone.php, methods: [GET] }, upstream: gone }
  body: { match: { path: /api/body.php, methods: [POST] }, upstream: php }
  scarce: { match: { path: /api/scarce.php, methods: [GET] }, upstream: php, policies: { rateLimit: [one] } }
  kept: { match: { path: /api/kept.php, methods: [GET] }, upstream: php, policies: { cache: { ttlS: 60, vary: identity, cacheControl: override } } }
  stale: { match: { path: /api/stale.php, methods: [GET] }, upstream: php, policies: { cache: { ttlS: 1, vary: identity, cacheControl: override, staleWhileRevalidateS: 60 } } }
  open.kept: { match: { path: /api/open-kept.php, methods: [GET] }, upstream: php, policies: { authorization: public, rateLimit: [], cache: { ttlS: 60, vary: public, cacheControl: override } } }
  native: { match: { path: /api/native, methods: [GET] }, handler: test.candidate }
  mirrored: { match: { path: /api/mirrored.php, methods: [GET] }, upstream: php, handler: test.candidate, stage: mirror }
  fallen: { match: { path: /api/fallen.php, methods: [GET] }, upstream: php, handler: test.candidate, stage: canary, weight: 100 }
  upgrade: { match: { path: /upgrade, methods: [GET] }, upstream: php, policies: { upgrade: true, envelope: off, authorization: public, rateLimit: [] } }
  admin.trace: { match: { path: '/admin/api/traces/{*path}', methods: [GET] }, handler: admin.trace, policies: { authorization: admin } }
`;
}
