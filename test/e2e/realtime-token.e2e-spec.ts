import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { type ProviderStub, startProviderStub } from '../../src/providers/index.js';
import { call } from '../support/http-call.js';
import { httpAnswer, type RawAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { bearer, JSON_TYPE, outcome, PATH, post } from '../support/realtime-token.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const ORIGIN = 'https://app.example';
const COOKIE = { Cookie: 'DONNASESSID=good' };

/** A PHP application that knows one session. */
const phpWithSession: RawAnswer = (socket, head) => {
  const isKnown = head.startsWith('GET /api/auth/session.php ') && head.includes('DONNASESSID=good');
  const user = isKnown ? { id: 'u-1', roles: ['user'], email: 'anna@donna.example' } : null;
  const data = { authenticated: isKnown, user, csrf_token: isKnown ? 'proof' : null };
  socket.write(httpAnswer(200, JSON_TYPE, JSON.stringify({ success: true, data })));
};

describe('a token for realtime, by the shipped table and the local stand-in', () => {
  let php: RawUpstream;
  let stub: ProviderStub;
  let gateway: TestGateway;

  beforeAll(async () => {
    php = await startRawUpstream(phpWithSession);
    stub = await startProviderStub();
    const env = { ALLOWED_ORIGINS: ORIGIN };
    gateway = await startTestGateway({ phpTargets: [php.origin], stubOrigin: stub.origin, env });
  });
  afterAll(async () => {
    await gateway.stop();
    await stub.stop();
    await php.stop();
  });

  it('is a client secret in both shapes, for ten minutes, that nobody caches', async () => {
    const answer = await post(gateway, bearer());
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const token = answer.json() as Record<string, unknown> & { expires_at: number };
    expect(token).toMatchObject({
      success: true,
      traceId: answer.headers['x-trace-id'],
      value: expect.stringMatching(/^ek_[0-9a-f]{32}$/),
      client_secret: { value: token['value'], expires_at: token.expires_at },
      session: {
        type: 'realtime',
        model: 'gpt-realtime',
        audio: { input: { turn_detection: null }, output: { voice: 'marin' } },
      },
    });
    expect(Math.abs(token.expires_at - (Date.now() / 1000 + 600))).toBeLessThan(10);
    expect(answer.text).not.toContain('local-stub');
  });

  it('is what /api/health calls up', async () => {
    expect((await call(gateway.url, '/api/health')).json()).toMatchObject({ checks: { realtime: 'up' } });
  });

  it('is another one each time', async () => {
    const value = async () => ((await post(gateway, bearer())).json() as { value: string }).value;
    expect(await value()).not.toBe(await value());
  });

  it('takes a model, a voice and instructions', async () => {
    const { status, json } = await post(gateway, bearer(), {
      model: 'gpt-realtime-mini',
      voice: 'cedar',
      instructions: 'ä'.repeat(4000),
    });
    expect([status, json()]).toEqual([
      200,
      expect.objectContaining({
        session: expect.objectContaining({
          model: 'gpt-realtime-mini',
          audio: expect.objectContaining({ output: expect.objectContaining({ voice: 'cedar' }) }),
        }),
      }),
    ]);
    expect((await post(gateway, bearer(), { model: null, voice: null, instructions: null })).status).toBe(200);
  });

  it.each([
    ['a model of the preview', { model: 'gpt-4o-realtime-preview' }, 'model'],
    ['a model that is none', { model: '../chat/completions' }, 'model'],
    ['a model that is a number', { model: 7 }, 'model'],
    ['a voice that nobody has', { voice: 'darth' }, 'voice'],
    ['a voice that is a list', { voice: ['marin'] }, 'voice'],
    ['instructions that are too long', { instructions: 'x'.repeat(4001) }, 'instructions'],
    ['instructions that are an object', { instructions: { toString: 'x' } }, 'instructions'],
    ['a field that is not known', { tools: [] }, 'tools'],
    ['the life, which is not the caller’s to choose', { expires_after: { seconds: 7200 } }, 'expires_after'],
  ])('refuses %s', async (_name, body, field) => {
    const answer = await post(gateway, bearer(), body);
    expect([answer.status, answer.json()]).toEqual([
      422,
      expect.objectContaining({
        success: false,
        errorCode: 'VALIDATION_FAILED',
        validationErrors: { [field]: expect.any(String) },
      }),
    ]);
  });

  it.each([
    ['a list', '[]'],
    ['a text', '"gpt-realtime"'],
    ['no JSON', '{"model":'],
    ['a way to the prototype', '{"__proto__":{"voice":"marin"}}'],
  ])('refuses a body that is %s', async (_name, body) => {
    const answer = await post(gateway, bearer(), body);
    expect(outcome(answer)).toEqual([400, 'BAD_REQUEST']);
  });

  it('asks who calls', async () => {
    expect(outcome(await post(gateway, {}))).toEqual([401, 'UNAUTHENTICATED']);
    expect(outcome(await post(gateway, bearer(JWT_SECRET, -60)))).toEqual([401, 'UNAUTHENTICATED']);
    expect(outcome(await post(gateway, bearer('another-secret-another-secret-another')))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
    expect(outcome(await post(gateway, { Cookie: 'DONNASESSID=bad', Origin: ORIGIN }))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
  });

  it('asks from where, and takes an access token without an Origin', async () => {
    const allowed = await post(gateway, { ...bearer(), Origin: ORIGIN });
    expect([allowed.status, allowed.headers['access-control-allow-origin']]).toEqual([200, ORIGIN]);
    expect((await post(gateway, { ...bearer(), Origin: gateway.url })).status).toBe(200);
    for (const origin of ['https://evil.example', 'null', `${ORIGIN}.evil.example`])
      expect(outcome(await post(gateway, { ...bearer(), Origin: origin }))).toEqual([403, 'ORIGIN_DENIED']);
  });

  it('gives a session a token only where its page shows its Origin', async () => {
    expect((await post(gateway, { ...COOKIE, Origin: gateway.url })).status).toBe(200);
    expect((await post(gateway, { ...COOKIE, Origin: ORIGIN })).status).toBe(200);
    expect(outcome(await post(gateway, COOKIE))[0]).toBe(403);
    for (const proof of [{ 'X-CSRF-Token': 'proof' }, { 'Sec-Fetch-Site': 'same-origin' }])
      expect(outcome(await post(gateway, { ...COOKIE, ...proof }))).toEqual([403, 'ORIGIN_DENIED']);
  });

  it('answers GET as POST, so that a tab shows that nothing shadows it', async () => {
    const get = (headers: Record<string, string>) => call(gateway.url, PATH, { headers });
    expect(outcome(await get({}))).toEqual([401, 'UNAUTHENTICATED']);
    const answer = await get({ ...COOKIE, 'Sec-Fetch-Site': 'none' });
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(answer.json()).toMatchObject({ success: true, value: expect.stringMatching(/^ek_/) });
    expect((await get(bearer())).status).toBe(200);
    for (const site of ['cross-site', 'same-site'])
      expect(outcome(await get({ ...COOKIE, 'Sec-Fetch-Site': site }))).toEqual([403, 'ORIGIN_DENIED']);
  });

  it('counts per user, and per address whoever they are', async () => {
    const counting = await startTestGateway({ phpTargets: [php.origin], stubOrigin: stub.origin });
    const statuses: number[] = [];
    const headers = bearer();
    for (let i = 0; i < 21; i++) statuses.push((await post(counting, headers, { voice: 'nobody' })).status);
    const refused = await post(counting, headers);
    for (let i = 22; i < 61; i++) statuses.push((await post(counting, bearer(), { voice: 'nobody' })).status);
    await counting.stop();
    const of = (status: number, times: number): number[] => Array.from({ length: times }, () => status);
    expect(statuses).toEqual([...of(422, 20), 429, ...of(422, 38), 429]);
    expect([refused.status, Number(refused.headers['retry-after']) > 0]).toEqual([429, true]);
  });
});

describe('a token for realtime in production', () => {
  const SECRETS = { jwt: randomBytes(48).toString('base64url'), identity: randomBytes(48).toString('base64url') };
  const running: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const part of running.splice(0)) await part.stop();
  });
  const production = async (env: Record<string, string> = {}): Promise<TestGateway> => {
    const gateway = await startTestGateway({
      phpTargets: ['http://127.0.0.1:9'],
      env: {
        NODE_ENV: 'production',
        ALLOWED_ORIGINS: ORIGIN,
        JWT_SECRET: SECRETS.jwt,
        GATEWAY_IDENTITY_SECRET: SECRETS.identity,
        ...env,
      },
    });
    running.push(gateway);
    return gateway;
  };

  it('lives for five minutes, and GET answers 405 with Allow to whoever asks', async () => {
    const stub = await startProviderStub();
    running.push(stub);
    const gateway = await production({ OPENAI_BASE_URL: `${stub.origin}/openai/v1`, OPENAI_API_KEY: 'sk-any' });
    const { expires_at: expiresAt } = (await post(gateway, bearer(SECRETS.jwt))).json() as { expires_at: number };
    expect(Math.abs(expiresAt - (Date.now() / 1000 + 300))).toBeLessThan(10);
    for (const headers of [{}, bearer(SECRETS.jwt)]) {
      const answer = await call(gateway.url, PATH, { headers });
      expect([...outcome(answer), answer.headers['allow']]).toEqual([405, 'METHOD_NOT_ALLOWED', 'POST, OPTIONS']);
    }
  });

  it.each([
    ['no key', {}],
    ['an address of OpenAI’s WebSocket but no key', { OPENAI_REALTIME_URL: 'wss://api.openai.com/v1/realtime' }],
  ])('answers 503 with %s, and asks nobody', async (_name, env) => {
    const gateway = await production(env);
    expect(outcome(await post(gateway, bearer(SECRETS.jwt)))).toEqual([503, 'REALTIME_DISABLED']);
    expect(outcome(await post(gateway, {}))).toEqual([401, 'UNAUTHENTICATED']);
    expect((await call(gateway.url, '/api/health')).json()).toMatchObject({ checks: { realtime: 'off' } });
  });
});
