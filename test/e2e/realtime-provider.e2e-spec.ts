import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { eventually } from '../support/eventually.js';
import { httpAnswer, type RawAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { bearer, JSON_TYPE, outcome, PATH, post } from '../support/realtime-token.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

describe('a token for realtime, whatever the provider does', () => {
  const PATIENT = '/patient';
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
  patient:
    match: { path: ${PATIENT}, methods: [POST] }
    handler: realtime.token
    policies: { authorization: user, timeoutMs: 60000 }
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
    // Long before the time that this route gives the provider.
    const leaving = request(gateway.url + PATIENT, { method: 'POST', headers: bearer() });
    leaving.on('error', () => undefined).end();
    await eventually(() => provider.requests.length > before);
    leaving.destroy();
    await eventually(() => isEnded);
  });
});
