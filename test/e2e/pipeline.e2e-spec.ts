import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { makeAccessToken } from '../../src/auth/index.js';
import { httpAnswer, startRawUpstream, type RawUpstream } from '../support/raw-upstream.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const NATIVE_PATHS = [
  '/api/health',
  '/livez',
  '/readyz',
  '/metrics',
  '/api/auth/token',
  '/api/realtime/token',
  '/api/voice/fanout',
  '/api/voice/events',
  '/csp-report',
  '/docs',
  '/openapi.json',
  '/admin',
  '/admin/api/routes',
  '/realtime',
];
const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] as const;

describe('the pipeline before the shipped route table', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;

  beforeAll(async () => {
    upstream = await startRawUpstream((socket) =>
      socket.write(httpAnswer(200, { 'Content-Type': 'application/json', 'X-From': 'php' }, '{"ok":true}')),
    );
    gateway = await startTestGateway({ phpTargets: [upstream.origin] });
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });

  it('answers health itself, in the envelope and with its parts', async () => {
    const { body, headers } = await request(gateway.url).get('/api/health').expect(200);
    expect(body).toMatchObject({
      success: true,
      status: 'healthy',
      version: '0.0.0-test',
      checks: { database: 'off', redis: 'off', realtime: 'off' },
    });
    expect(body).toHaveProperty('traceId', headers['x-trace-id']);
  });

  it.each(NATIVE_PATHS.flatMap((path) => METHODS.map((method) => [method, path] as const)))(
    'answers %s %s itself, never by the catch-all',
    async (method, path) => {
      const before = upstream.requests.filter((head) => !head.includes('/api/health.php')).length;
      const answer = await request(gateway.url)[method](path);
      expect(answer.headers['x-from']).toBeUndefined();
      expect(answer.headers['x-trace-id']).toMatch(/^[0-9a-f]{32}$/);
      expect(upstream.requests.filter((head) => !head.includes('/api/health.php'))).toHaveLength(before);
      if (method === 'options') expect(answer.status === 204 ? answer.headers['allow'] : 'any method').toBeDefined();
    },
  );

  it('says which methods a path takes', async () => {
    const { body, headers } = await request(gateway.url).post('/api/health').expect(405);
    expect(body).toMatchObject({ success: false, errorCode: 'METHOD_NOT_ALLOWED' });
    expect(headers['allow']).toBe('GET, HEAD, OPTIONS');
  });

  it('keeps a W3C trace and tells PHP of it', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const { headers } = await request(gateway.url)
      .get('/login.php')
      .set('traceparent', `00-${traceId}-00f067aa0ba902b7-01`);
    expect(headers['x-trace-id']).toBe(traceId);
    const sent = upstream.requests.at(-1) ?? '';
    expect(sent.toLowerCase()).toContain(`x-trace-id: ${traceId}\r\n`);
    expect(sent).toMatch(new RegExp(`traceparent: 00-${traceId}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01\r\n`));
  });

  it.each([
    ['a valid X-Trace-Id', 'order-4711-abcdef', 'order-4711-abcdef'],
    ['one with characters that could forge a log line', 'abc\tdef\tghi', null],
    ['one that is too short', 'abc', null],
  ])('takes or makes a trace id: %s', async (_case, sent, kept) => {
    const { headers } = await request(gateway.url).get('/livez').set('X-Trace-Id', sent);
    if (kept === null) expect(headers['x-trace-id']).toMatch(/^[0-9a-f]{32}$/);
    else expect(headers['x-trace-id']).toBe(kept);
  });

  it('tells an error as problem details to those who ask', async () => {
    const { body, headers } = await request(gateway.url)
      .get('/api/conversations.php')
      .set('Accept', 'application/problem+json')
      .expect(401);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(body).toMatchObject({
      status: 401,
      title: expect.any(String),
      errorCode: 'UNAUTHENTICATED',
      traceId: headers['x-trace-id'],
    });
  });

  it.each([
    ['drops it where the route is chosen by the method', '/api/conversations.php', false],
    ['leaves it to what passes through', '/anything.php', true],
  ])('X-HTTP-Method-Override: %s', async (_case, path, arrives) => {
    const token = makeAccessToken(JWT_SECRET, { subject: 'u', roles: ['user'], lifeS: 60 });
    await request(gateway.url)
      .post(path)
      .set('Authorization', `Bearer ${token}`)
      .set('X-HTTP-Method-Override', 'DELETE')
      .send({})
      .expect(200);
    const sent = upstream.requests.findLast((head) => head.startsWith(`POST ${path} `)) ?? '';
    expect(sent.toLowerCase().includes('x-http-method-override: delete')).toBe(arrives);
  });

  it('refuses an action that query and body name differently', async () => {
    const token = makeAccessToken(JWT_SECRET, { subject: 'u', roles: ['user'], lifeS: 60 });
    const answer = await request(gateway.url)
      .post('/api/marketing.php?action=stats')
      .set('Authorization', `Bearer ${token}`)
      .send({ action: 'send' });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ errorCode: 'BAD_REQUEST', error: expect.stringContaining('action') });
  });
});
