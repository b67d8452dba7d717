import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { makeAccessToken } from '../../src/auth/index.js';
import { type ProviderStub, startProviderStub } from '../../src/providers/index.js';
import { eventually } from '../support/eventually.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { httpAnswer, type RawAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const PATH = '/api/realtime/token';
const ORIGIN = 'https://app.example';
const COOKIE = { Cookie: 'DONNASESSID=good' };
const JSON_TYPE = { 'Content-Type': 'application/json' };

let subjects = 0;
/** A caller whom no limit has counted yet. */
function bearer(secret = JWT_SECRET, lifeS = 60): Record<string, string> {
  subjects += 1;
  const token = makeAccessToken(secret, { subject: `user-${subjects}`, roles: ['user'], lifeS });
  return { Authorization: `Bearer ${token}` };
}

function post(gateway: TestGateway, headers: Record<string, string>, body?: object | string): Promise<CallAnswer> {
  if (body === undefined) return call(gateway.url, PATH, { method: 'POST', headers });
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return call(gateway.url, PATH, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: text });
}

function outcome({ status, json }: CallAnswer): [number, unknown] {
  return [status, (json() as { errorCode?: unknown }).errorCode];
}

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

describe('a token for realtime, whatever the provider does', () => {
  const KEY = `sk-proj-${randomBytes(24).toString('hex')}`;
  const PLANTED = 'db-7.internal.example refused anna@donna.example';
  let provider: RawUpstream;
  let gateway: TestGateway;
  let answer: RawAnswer;
  const lines: string[] = [];

  beforeAll(async () => {
    provider = await startRawUpstream((...args) => answer(...args));
    const routes = `
policies:
  authorization: { user: { anyOf: [jwt] } }
routes:
  token:
    match: { path: ${PATH}, methods: [POST] }
    handler: realtime.token
    policies: { authorization: user, timeoutMs: 400 }
`;
    const env = { OPENAI_BASE_URL: `${provider.origin}/v1`, OPENAI_API_KEY: KEY, ENABLE_SERVER_VAD: 'true' };
    gateway = await startTestGateway({ routes, env });
    for (const level of ['info', 'warn', 'error'] as const)
      jest.spyOn(gateway.logger, level).mockImplementation((...args: unknown[]) => {
        lines.push(JSON.stringify(args));
      });
  });
  afterEach(() => {
    // What is logged of an issue names nobody and nothing secret.
    expect(lines.splice(0).join('\n')).not.toMatch(/user-\d|sk-proj|ek_|internal\.example|anna@|127\.0\.0\.1/);
  });
  afterAll(async () => {
    await gateway.stop();
    await provider.stop();
  });

  const good = (lifeS = 600, session: object = { type: 'realtime', model: 'gpt-realtime' }): string =>
    JSON.stringify({ value: 'ek_0123456789abcdef', expires_at: Math.floor(Date.now() / 1000) + lifeS, session });
  const says =
    (status: number, body: string, headers: Readonly<Record<string, string>> = JSON_TYPE): RawAnswer =>
    (socket) =>
      socket.write(httpAnswer(status, headers, body));

  it('asks once, in the GA shape, with the key and without the header of the beta', async () => {
    answer = says(200, good());
    const before = provider.requests.length;
    expect((await post(gateway, bearer(), { voice: 'sage', instructions: 'Say hello.' })).status).toBe(200);
    expect(provider.requests).toHaveLength(before + 1);
    const [head = '', body = ''] = provider.requests.at(-1)?.split('\r\n\r\n') ?? [];
    expect(head).toMatch(/^POST \/v1\/realtime\/client_secrets HTTP\/1\.1\r\n/);
    expect(head.toLowerCase()).toContain(`authorization: bearer ${KEY}`);
    expect(head.toLowerCase()).not.toContain('openai-beta');
    expect(JSON.parse(body)).toEqual({
      expires_after: { anchor: 'created_at', seconds: 600 },
      session: {
        type: 'realtime',
        model: 'gpt-realtime',
        instructions: 'Say hello.',
        audio: { input: { turn_detection: { type: 'server_vad' } }, output: { voice: 'sage' } },
      },
    });
  });

  it.each([
    ['is busy', 429, { ...JSON_TYPE, 'Retry-After': '7' }, [503, 'UPSTREAM_UNAVAILABLE', '7']],
    [
      'is busy until a date',
      429,
      { 'Retry-After': 'Wed, 21 Oct 2026 07:28:00 GMT' },
      [503, 'UPSTREAM_UNAVAILABLE', '5'],
    ],
    ['is busy for a month', 429, { 'Retry-After': '999999' }, [503, 'UPSTREAM_UNAVAILABLE', '3600']],
    ['does not know the key', 401, JSON_TYPE, [502, 'UPSTREAM_BAD_ANSWER', undefined]],
    ['refuses the request', 400, JSON_TYPE, [502, 'UPSTREAM_BAD_ANSWER', undefined]],
    ['fails', 500, JSON_TYPE, [502, 'UPSTREAM_BAD_ANSWER', undefined]],
    ['is down', 503, { 'Retry-After': '9' }, [502, 'UPSTREAM_BAD_ANSWER', undefined]],
    ['points elsewhere', 307, { Location: 'http://127.0.0.1:1/' }, [502, 'UPSTREAM_BAD_ANSWER', undefined]],
  ])('tells in words of its own that the provider %s', async (_name, status, headers, expected) => {
    answer = says(status, JSON.stringify({ error: { message: `${PLANTED} ${KEY}` } }), headers);
    const before = provider.requests.length;
    const got = await post(gateway, bearer());
    expect([...outcome(got), got.headers['retry-after']]).toEqual(expected);
    expect(got.headers['cache-control']).toBe('no-store');
    expect(got.text).not.toMatch(/internal\.example|sk-proj|anna@/);
    expect(provider.requests).toHaveLength(before + 1);
  });

  it.each([
    ['no JSON', () => `<html>${PLANTED}</html>`],
    ['JSON that was cut short', () => good().slice(0, -9)],
    ['a list', () => `[${good()}]`],
    ['no value', () => JSON.stringify({ expires_at: Math.floor(Date.now() / 1000) + 600 })],
    ['a value that is an object', () => good().replace('"ek_0123456789abcdef"', '{"a":"ek_0123456789abcdef"}')],
    ['a value with a line end in it', () => good().replace('ek_', String.raw`ek_\r\n`)],
    ['the gateway’s own key for a value', () => good().replace('ek_0123456789abcdef', KEY)],
    ['a key of another account for a value', () => good().replace('ek_0123456789abcdef', 'sk-0123456789abcdef')],
    [
      'the gateway’s own key inside the session',
      () => good(600, { type: 'realtime', audio: { input: [{ key: KEY }] } }),
    ],
    ['a secret that lives for a year', () => good(31_536_000)],
    ['a secret that lives for two hours, not ten minutes', () => good(7200)],
    ['a secret whose life is over', () => good(-3600)],
    ['a life that is a text', () => good().replace(/"expires_at":(\d+)/, '"expires_at":"$1"')],
    ['a megabyte', () => good().replace('"type"', `"pad":"${'x'.repeat(1_048_576)}","type"`)],
  ])('takes no answer that is %s', async (_name, body) => {
    answer = says(200, body());
    const got = await post(gateway, bearer());
    expect(outcome(got)).toEqual([502, 'UPSTREAM_BAD_ANSWER']);
    expect(got.text).not.toMatch(/internal\.example|sk-|ek_/);
  });

  it('hands on of the session what a client needs, and nothing that was put beside it', async () => {
    answer = says(
      200,
      good(300, { type: 'realtime', id: 'sess_1', instructions: 'secret prompt', api_key: KEY, audio: {} }),
    );
    const got = await post(gateway, bearer());
    expect([got.status, got.json()]).toEqual([
      200,
      expect.objectContaining({ session: { id: 'sess_1', type: 'realtime', audio: {} } }),
    ]);
    expect(got.text).not.toMatch(/sk-proj|secret prompt/);
  });

  it.each([
    ['does not answer', (): RawAnswer => () => undefined],
    ['begins to answer and stops', (): RawAnswer => (socket) => socket.write(httpAnswer(200, {}, good()).slice(0, -5))],
  ])('gives up in time when the provider %s', async (_name, make) => {
    answer = make();
    const startedAt = Date.now();
    expect(outcome(await post(gateway, bearer()))).toEqual([504, 'UPSTREAM_TIMEOUT']);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(390);
    await eventually(() => provider.openSockets() === 0);
  });

  it('says 502 when the provider hangs up, or is not there', async () => {
    answer = (socket) => socket.destroy();
    const before = provider.requests.length;
    expect(outcome(await post(gateway, bearer()))).toEqual([502, 'UPSTREAM_BAD_ANSWER']);
    expect(provider.requests).toHaveLength(before + 1);
    const alone = await startTestGateway({
      env: { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', OPENAI_API_KEY: KEY },
      phpTargets: ['http://127.0.0.1:9'],
    });
    const unreached = await post(alone, bearer());
    await alone.stop();
    expect(outcome(unreached)).toEqual([502, 'UPSTREAM_BAD_ANSWER']);
  });

  it('ends the call when its client has left', async () => {
    let isEnded = false;
    answer = (socket) => socket.once('close', () => (isEnded = true));
    const before = provider.requests.length;
    const leaving = request(gateway.url + PATH, { method: 'POST', headers: bearer() });
    leaving.on('error', () => undefined).end();
    await eventually(() => provider.requests.length > before);
    const leftAt = Date.now();
    leaving.destroy();
    await eventually(() => isEnded);
    expect(Date.now() - leftAt).toBeLessThan(350);
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
