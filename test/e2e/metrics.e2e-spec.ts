import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { resolve } from 'node:path';
import { Metrics } from '../../src/metrics/index.js';
import { measureWorkers } from '../../src/primary.js';
import { eventually } from '../support/eventually.js';
import { findFreePort } from '../support/free-port.mjs';
import { call } from '../support/http-call.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { httpAnswer, startRawUpstream } from '../support/raw-upstream.js';
import { bearer, samples } from '../support/voice-site.js';

const REFERENCE = resolve(import.meta.dirname, '../../docs/operations/metrics.md');

describe('/metrics', () => {
  let gateway: TestGateway | undefined;
  const start = async (env: Readonly<Record<string, string>> = {}): Promise<TestGateway> => {
    gateway = await startTestGateway({ env, phpTargets: [`http://127.0.0.1:${await findFreePort()}`] });
    return gateway;
  };
  afterEach(async () => {
    await gateway?.stop();
    gateway = undefined;
  });

  it('tells this machine how the process is, in the format of Prometheus', async () => {
    const { url } = await start();
    const answer = await call(url, '/metrics');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['x-trace-id']).toMatch(/^[0-9a-f]{32}$/);
    const found = samples(answer.text);
    expect(found.get('nodejs_heap_size_used_bytes')).toBeGreaterThan(1_000_000);
    expect(found.has('nodejs_eventloop_lag_p99_seconds')).toBe(true);
    expect(answer.text).toContain('# TYPE nodejs_gc_duration_seconds histogram');
  });

  it('counts requests by route, stage and class of status, whatever addresses they invent', async () => {
    const { url } = await start();
    for (let i = 0; i < 3; i++) await call(url, '/livez');
    await call(url, '/api/conversations.php');
    for (let i = 0; i < 20; i++) await call(url, `/admin/${i}`, { method: 'PURGE' });
    const live = 'route="health.live",stage="replaced",arm="none",class="2xx"';
    const refused = 'route="conversations.list",stage="canary",arm="none",class="4xx"';
    await eventually(async () => {
      const found = samples((await call(url, '/metrics')).text);
      return [live, refused].every((labels) => found.has(`donna_http_request_seconds_count{${labels}}`));
    });
    const { text } = await call(url, '/metrics');
    const found = samples(text);
    expect(found.get(`donna_http_request_seconds_count{${live}}`)).toBe(3);
    expect(found.get(`donna_http_request_seconds_count{${refused}}`)).toBe(1);
    expect(found.get(`donna_http_request_seconds_bucket{${live},le="+Inf"}`)).toBe(3);
    expect(found.get(`donna_http_request_seconds_sum{${live}}`)).toBeGreaterThan(0);
    const buckets = [...found].filter(([name]) => name.includes(`_bucket{${live}`)).map(([, value]) => value);
    expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
    expect(text.match(/^donna_http_request_seconds_count/gm)?.length).toBeLessThan(8);
  });

  it.each([
    ['another address of the network', { METRICS_ALLOW: '10.0.0.0/8' }, {}, 404],
    ['a client behind a proxy of this machine that it was not told of', {}, { 'X-Forwarded-For': '127.0.0.1' }, 404],
    ['one whose proxy says so otherwise', {}, { 'X-Real-IP': '198.51.100.7' }, 404],
    ['what only says how it was spoken to', {}, { 'X-Forwarded-Proto': 'https' }, 200],
    ['a client behind a trusted proxy', { TRUSTED_PROXIES: '127.0.0.1' }, { 'X-Forwarded-For': '198.51.100.7' }, 404],
    [
      'a client that writes an allowed address itself',
      { TRUSTED_PROXIES: '127.0.0.1' },
      { 'X-Forwarded-For': '127.0.0.1, 198.51.100.7' },
      404,
    ],
    [
      'an allowed client behind a trusted proxy',
      { TRUSTED_PROXIES: '127.0.0.1', METRICS_ALLOW: '198.51.100.0/24' },
      { 'X-Forwarded-For': '198.51.100.7' },
      200,
    ],
    [
      'an allowed client that speaks IPv6',
      { TRUSTED_PROXIES: '127.0.0.1', METRICS_ALLOW: '2001:db8::/32' },
      { Forwarded: 'for="[2001:db8::7]:4711"' },
      200,
    ],
  ])('answers %s', async (_what, env, headers, status) => {
    const { url } = await start(env);
    const answer = await call(url, '/metrics', { headers });
    expect(answer.status).toBe(status);
    if (status === 404) expect(answer.text).not.toContain('nodejs_');
  });

  it('has a port of its own where METRICS_PORT names one, and is not on the public one then', async () => {
    const port = await findFreePort();
    const { url } = await start({ METRICS_PORT: String(port) });
    const own = `http://127.0.0.1:${port}`;
    expect((await call(own, '/metrics')).text).toContain('nodejs_heap_size_used_bytes');
    expect((await call(own, '/metrics', { method: 'HEAD' })).body).toHaveLength(0);
    expect((await call(own, '/metrics', { method: 'POST', body: 'x' })).status).toBe(405);
    for (const path of ['/', '/livez', '/api/health', '/metrics/../livez', '//metrics'])
      expect((await call(own, path)).json()).toMatchObject({ success: false, errorCode: 'NOT_FOUND' });
    expect((await call(url, '/metrics')).status).toBe(404);
  });

  it('holds METRICS_ALLOW on its own port, too', async () => {
    const port = await findFreePort();
    await start({ METRICS_PORT: String(port), METRICS_ALLOW: '10.0.0.0/8' });
    expect((await call(`http://127.0.0.1:${port}`, '/metrics')).status).toBe(404);
  });

  it('does not start when its port is taken, and says which setting it is', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    await expect(start({ METRICS_PORT: port })).rejects.toThrow(/METRICS_PORT cannot be listened on \(EADDRINUSE\)/);
    other.close();
  });
});

/** The table of docs/operations/metrics.md: type, labels and meaning by name. */
function readReference(): ReadonlyMap<string, readonly [type: string, labels: string, help: string]> {
  const rows = readFileSync(REFERENCE, 'utf8').matchAll(/^\| `(\w+)` +\| (\w+) +\| (.*?) *\| (.*?) *\|$/gm);
  return new Map(
    Array.from(rows, ([, name = '', type = '', labels = '', help = '']) => [
      name,
      [type, labels.replaceAll(/[` ]/g, ''), help.replaceAll('\\|', '|')],
    ]),
  );
}

/** Names and labels of the series, without those of Node and the system, which come and go. */
function seriesOf(text: string): ReadonlySet<string> {
  return new Set([...samples(text).keys()].filter((series) => series.startsWith('donna_')));
}

const UPSTREAM = 'upstream="php",target="1"';
const LIMITED = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], health: { intervalMs: 60000 }, breaker: { threshold: 0.5, windowMs: 60000, openMs: 60000 } }
policies:
  authorization: { public: {}, user: { anyOf: [jwt] } }
  rateLimit:
    few: { limit: 5, windowS: 60, per: identity }
routes:
  limited: { match: { path: /limited, methods: [GET] }, upstream: php, policies: { authorization: user, rateLimit: [few] } }
  all: { match: { path: '/{*path}' }, upstream: php, policies: { authorization: public } }
`;

describe('what the gateway measures', () => {
  let php: Awaited<ReturnType<typeof startRawUpstream>>;
  let gateway: TestGateway;
  let isGone = false;
  const read = async (): Promise<string> => (await gateway.metrics.render()).text;
  const value = async (series: string): Promise<number | undefined> => samples(await read()).get(series);
  beforeAll(async () => {
    php = await startRawUpstream((socket, head) => {
      if (isGone) socket.destroy();
      else
        socket.write(
          httpAnswer(head.includes('/broken') ? 500 : 200, { 'Content-Type': 'application/json' }, '{"success":true}'),
        );
    });
    gateway = await startTestGateway({
      routes: LIMITED,
      phpTargets: [php.origin],
      env: { SMTP_HOST: '127.0.0.1', EMAIL_FROM: 'gateway@example.com', ALLOWED_ORIGINS: 'https://app.example.com' },
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await php.stop();
  });

  it('stands in docs/operations/metrics.md, with type, labels and meaning (npm run build && npm run metrics)', async () => {
    const reference = readReference();
    const ofPrimary = new Metrics();
    measureWorkers(ofPrimary, { ready: 0, restarts: 0 }, 0);
    const told = [...gateway.metrics.list(), ...ofPrimary.list()].map(({ name, type, labels, help }) => [
      name,
      type,
      labels.join(','),
      help,
    ]);
    const isOurs = ([name = '']: readonly string[]): boolean => name.startsWith('donna_');
    const written = Array.from(reference, ([name, row]) => [name, ...row]);
    expect(written.filter(isOurs)).toEqual(told.filter(isOurs));
    // What Node and the system tell besides differs between systems: whatever there is, is in the table.
    for (const [name = ''] of told) expect(reference.has(name)).toBe(true);
  });

  it('has the names and labels of the table in a real run, and none besides', async () => {
    await call(gateway.url, '/limited', { headers: bearer('first') });
    await call(gateway.url, '/broken');
    await eventually(async () => (await value('donna_http_answers_total{by="upstream"}')) === 2);
    const reference = readReference();
    const found = samples(await read());
    for (const series of found.keys()) {
      const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(series) ?? [];
      const base = name.replace(/_(?:bucket|sum|count)$/, '');
      const [type, known = ''] = reference.get(name) ?? reference.get(base) ?? [];
      expect([name, type]).toEqual([name, expect.any(String)]);
      const given = Array.from(labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g), ([, label]) => label);
      expect([name, given.filter((label) => label !== 'le').join()]).toEqual([name, known]);
    }
    expect(found.get('donna_build_info{version="0.0.0-test",environment="test"}')).toBe(1);
    expect(found.get('donna_upstream_wait_seconds_count{upstream="php"}')).toBe(2);
    expect(found.get('donna_upstream_faults_total{upstream="php",cause="status"}')).toBeUndefined();
    expect(found.get('donna_http_identities_total{kind="jwt"}')).toBe(1);
    expect(found.get('donna_event_loop_seconds_total{state="active"}')).toBeGreaterThan(0);
    expect(found.get('donna_http_requests_under_way')).toBe(0);
  });

  it('makes no series of what clients invent: addresses, methods, origins, users, trace ids, proofs', async () => {
    const flood = async (from: number): Promise<void> => {
      for (let i = from; i < from + 40; i++) {
        const odd = {
          'X-Trace-Id': `trace-${i}-abcdefgh`,
          Origin: `https://evil-${i}.example.com`,
          'User-Agent': `bot/${i}`,
        };
        await call(gateway.url, `/made-up/${i}?q=${i}`, { headers: odd });
        await call(gateway.url, `/made-up/${i}`, { method: i % 2 === 0 ? 'PROPFIND' : 'POST', body: 'x' });
        await call(gateway.url, '/limited', { headers: bearer(`user-${i}`) });
        await call(gateway.url, '/limited', { headers: { Authorization: `Bearer made.up.${i}` } });
        await call(gateway.url, '/limited', { method: `M${i}` });
      }
    };
    await flood(0);
    await eventually(async () => (await value('donna_http_requests_under_way')) === 0);
    const before = seriesOf(await read());
    await flood(1000);
    await eventually(async () => (await value('donna_http_requests_under_way')) === 0);
    const text = await read();
    expect([...seriesOf(text)].filter((series) => !before.has(series))).toEqual([]);
    expect(text).not.toMatch(/made-up|evil|user-\d|trace-\d|PROPFIND|127\.0\.0\.1/);
    expect(samples(text).get('donna_http_errors_total{route="limited",code="UNAUTHENTICATED"}')).toBeGreaterThanOrEqual(
      80,
    );
  });

  it('counts what is no request', async () => {
    const unreadable = (): ReturnType<typeof value> => value('donna_http_unreadable_total{code="BAD_REQUEST"}');
    const before = (await unreadable()) ?? 0;
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write('NO REQUEST\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
    expect(await unreadable()).toBe(before + 1);
  });

  it('counts what limits refuse, by the limit and whom it counts', async () => {
    for (let i = 0; i < 8; i++) await call(gateway.url, '/limited', { headers: bearer('greedy') });
    await eventually(async () => (await value('donna_rate_limit_refusals_total{policy="few",per="identity"}')) === 3);
    await eventually(async () => (await value('donna_http_errors_total{route="limited",code="RATE_LIMITED"}')) === 3);
  });

  it('tells of a table that cannot be used, until it can', async () => {
    const since = await value('donna_route_table_last_success_timestamp_seconds');
    gateway.writeRoutes(`${LIMITED}\n  broken: {`);
    await eventually(async () => (await value('donna_route_table_current')) === 0);
    expect(await value('donna_route_table_reloads_total{result="failure"}')).toBeGreaterThan(0);
    gateway.writeRoutes(LIMITED.replace('limit: 5', 'limit: 6'));
    await eventually(async () => (await value('donna_route_table_current')) === 1);
    expect(await value('donna_route_table_reloads_total{result="success"}')).toBe(1);
    expect(await value('donna_route_table_last_success_timestamp_seconds')).toBeGreaterThan(since ?? Infinity);
  });

  it('tells how PHP’s targets are, by their place and never by their address', async () => {
    expect(await value(`donna_upstream_target_up{${UPSTREAM}}`)).toBe(1);
    isGone = true;
    await eventually(async () => {
      await call(gateway.url, '/gone', { method: 'POST', body: 'x' });
      return (await value(`donna_upstream_breaker_state{${UPSTREAM},state="open"}`)) === 1;
    });
    await call(gateway.url, '/gone', { method: 'POST', body: 'x' });
    await eventually(
      async () => (await value('donna_upstream_faults_total{upstream="php",cause="breaker-open"}')) === 1,
    );
    const found = samples(await read());
    expect(found.get(`donna_upstream_target_up{${UPSTREAM}}`)).toBe(0);
    expect(found.get(`donna_upstream_breaker_state{${UPSTREAM},state="closed"}`)).toBe(0);
    expect(found.get(`donna_upstream_breaker_opened_total{${UPSTREAM}}`)).toBe(1);
    expect(found.get(`donna_upstream_calls_total{${UPSTREAM},outcome="refused"}`)).toBe(1);
    expect(found.get('donna_upstream_faults_total{upstream="php",cause="reset"}')).toBe(
      found.get(`donna_upstream_calls_total{${UPSTREAM},outcome="failed"}`),
    );
    expect(await read()).not.toContain(new URL(php.origin).port);
  });
});

describe('Metrics', () => {
  it('makes each metric once, and refuses its name to another', () => {
    const metrics = new Metrics();
    const made = metrics.counter('a_total', 'A.', ['code']);
    expect(metrics.counter('a_total', 'A again.', ['code'])).toBe(made);
    expect(() => metrics.gauge('a_total', 'A.')).toThrow(TypeError);
    expect(() => metrics.counter('a_total', 'A.', ['other'])).toThrow(TypeError);
    expect(() => metrics.counter('no name', 'A.')).toThrow();
  });

  it('asks for the value of a gauge when it is read', async () => {
    const metrics = new Metrics();
    let open = 0;
    metrics.gauge('open', 'Open.', [], (gauge) => gauge.set(open));
    open = 7;
    expect(samples((await metrics.render()).text).get('open')).toBe(7);
  });

  it('asks whoever must look values up, and does without those who fail or stay silent', async () => {
    const metrics = new Metrics();
    metrics.sampled('gauge', 'told', 'Told.', ['by'], () => Promise.resolve([[['a "quoted"\nname'], 3] as const]));
    metrics.sampled('gauge', 'failing', 'Fails.', [], () => Promise.reject(new Error('no')));
    let asked = 0;
    metrics.sampled('gauge', 'silent', 'Says nothing.', [], () => {
      asked += 1;
      return new Promise(() => undefined);
    });
    metrics.sampled('counter', 'thrown_total', 'Throws.', [], () => {
      throw new Error('no');
    });
    metrics.sampled('gauge', 'halfway', 'Throws in the midst.', [], function* () {
      yield [[], 1];
      throw new Error('no');
    });
    const [found] = (await Promise.all([metrics.render(), metrics.render()])).map(({ text }) => samples(text));
    if (found === undefined) throw new TypeError('nothing was told');
    // Who is late is not asked again for each look.
    expect(asked).toBe(1);
    expect(found.get(String.raw`told{by="a \"quoted\"\nname"}`)).toBe(3);
    for (const name of ['failing', 'silent', 'thrown_total', 'halfway']) expect(found.has(name)).toBe(false);
    expect(() => metrics.sampled('gauge', 'told', 'Again.', [], () => [])).toThrow(TypeError);
    expect(() => metrics.counter('told', 'Again.')).toThrow(TypeError);
  });
});
