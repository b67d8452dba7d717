import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { Metrics } from '../../src/metrics/index.js';
import { eventually } from '../support/eventually.js';
import { call } from '../support/http-call.js';
import { findDeadPort } from '../support/tcp-server.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { samples } from '../support/voice-site.js';

describe('/metrics', () => {
  let gateway: TestGateway | undefined;
  const start = async (env: Readonly<Record<string, string>> = {}): Promise<TestGateway> => {
    gateway = await startTestGateway({ env, phpTargets: [`http://127.0.0.1:${await findDeadPort()}`] });
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
    const port = await findDeadPort();
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
    const port = await findDeadPort();
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
});
