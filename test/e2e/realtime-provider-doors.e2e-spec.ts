import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { type ProviderStub, startProviderStub } from '../../src/providers/index.js';
import { eventually } from '../support/eventually.js';
import { call } from '../support/http-call.js';
import { sendRaw } from '../support/raw-client.js';
import { RealtimeClient, type RealtimeClientOptions } from '../support/realtime-client.js';

const MODEL = '?model=gpt-realtime';
let stub: ProviderStub;
let url: string;
const clients: RealtimeClient[] = [];

beforeAll(async () => {
  stub = await startProviderStub({ realtime: { pace: 1000, thinkMs: 1, maxSessions: 4, maxMessageBytes: 100_000 } });
  url = `${stub.origin.replace('http', 'ws')}/openai/v1/realtime`;
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.leave();
  await eventually(() => stub.realtime.sessions === 0);
});
afterAll(async () => stub.stop());

async function connect(options: RealtimeClientOptions, query = MODEL): Promise<RealtimeClient> {
  const client = await RealtimeClient.connect(`${url}${query}`, options);
  clients.push(client);
  return client;
}

async function secretFor(session: object, seconds = 60): Promise<string> {
  const answer = await call(stub.origin, '/openai/v1/realtime/client_secrets', {
    method: 'POST',
    headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json' },
    body: JSON.stringify({ expires_after: { seconds }, session: { type: 'realtime', ...session } }),
  });
  return (answer.json() as { value: string }).value;
}

const named = (key: string): RealtimeClientOptions => ({
  protocols: ['realtime', `openai-insecure-api-key.${key}`],
});

describe('the doors of the realtime stand-in', () => {
  it('let in whoever has a key by header, and a client secret by header or subprotocol', async () => {
    const secret = await secretFor({ instructions: 'Be brief.', audio: { output: { voice: 'sage' } } });
    for (const [options, query] of [
      [{ bearer: secret }, MODEL],
      [named(secret), MODEL],
      [named(secret), ''],
    ] as const) {
      const client = await connect(options, query);
      expect((await client.next('session.created')).session).toMatchObject({
        model: 'gpt-realtime',
        instructions: 'Be brief.',
        audio: { output: { voice: 'sage' } },
      });
      expect(client.socket.protocol).toBe('protocols' in options ? 'realtime' : '');
    }
    const plain = await connect({ bearer: 'sk-test' });
    expect((await plain.next('session.created')).session?.['instructions']).toBe('');
  });

  it.each([
    ['no key', {}, MODEL, 401, null],
    ['an empty key', { headers: { authorization: 'Bearer ' } }, MODEL, 401, null],
    ['a secret that was never issued', named(`ek_${'0'.repeat(32)}`), MODEL, 401, 'invalid_api_key'],
    ['a key without a model', { bearer: 'sk-test' }, '', 400, 'missing_model'],
    ['a key that asks for 429', { bearer: 'sk-#stub:upgrade=429' }, MODEL, 429, 'rate_limit_exceeded'],
    ['a key that asks for 500', { bearer: 'sk-#stub:upgrade=500' }, MODEL, 500, null],
    ['a key that asks for 401', { bearer: 'sk-#stub:upgrade=401' }, MODEL, 401, 'invalid_api_key'],
  ] as const)('refuse %s in OpenAI’s shape', async (_name, options, query, status, code) => {
    const refused = await RealtimeClient.refused(`${url}${query}`, options);
    expect(refused.status).toBe(status);
    expect(JSON.parse(refused.body)).toEqual({
      error: { message: expect.any(String), type: expect.stringMatching(/_error$/), param: null, code },
    });
    expect(refused.headers['retry-after']).toBe(status === 429 ? '2' : undefined);
  });

  it('refuse a client secret that has expired, and other paths', async () => {
    const { secrets } = stub.realtime;
    const expired = secrets.issue(0, { type: 'realtime' });
    const refused = await RealtimeClient.refused(`${url}${MODEL}`, named(expired.value));
    expect([refused.status, refused.body]).toEqual([401, expect.stringContaining('expired')]);
    expect(refused.body).not.toContain(expired.value);
    const elsewhere = await RealtimeClient.refused(`${url}/elsewhere`, { bearer: 'sk-test' });
    expect(elsewhere.status).toBe(404);
  });

  it.each([
    ['header', { bearer: 'sk-test', headers: { 'openai-beta': 'realtime=v1' } }],
    ['subprotocol', { bearer: 'sk-test', protocols: ['realtime', 'openai-beta.realtime-v1'] }],
  ])('tell a client of the beta by %s so, and close with 4000', async (_name, options) => {
    const client = await connect(options);
    expect((await client.next('error')).error).toMatchObject({ code: 'beta_api_shape_disabled', event_id: null });
    expect(await client.close()).toEqual({ code: 4000, reason: 'invalid_request_error.beta_api_shape_disabled' });
    expect(client.counts.has('session.created')).toBe(false);
  });

  it('close with OpenAI’s codes for a model that there is not and a key that it finds wrong', async () => {
    const lost = await connect({ bearer: 'sk-test' }, '?model=gpt-4o-realtime-preview');
    expect((await lost.next('error')).error?.code).toBe('model_not_found');
    expect(await lost.close()).toEqual({ code: 4004, reason: 'invalid_request_error.model_not_found' });
    const wrong = await connect({ bearer: 'sk-#stub:badkey' });
    expect(await wrong.close()).toEqual({ code: 3000, reason: 'invalid_request_error.invalid_api_key' });
  });

  it('let in so many at once, and another when one has left', async () => {
    for (let count = 0; count < 4; count += 1) await connect({ bearer: 'sk-test' });
    expect((await RealtimeClient.refused(`${url}${MODEL}`, { bearer: 'sk-test' })).status).toBe(429);
    clients[0]?.leave();
    await eventually(() => stub.realtime.sessions === 3);
    await (await connect({ bearer: 'sk-test' })).next('session.created');
  });

  it('refuse all while a test says so', async () => {
    stub.realtime.refuseUpgrades(503);
    expect((await RealtimeClient.refused(`${url}${MODEL}`, { bearer: 'sk-test' })).status).toBe(503);
    stub.realtime.refuseUpgrades();
    await (await connect({ bearer: 'sk-test' })).next('session.created');
  });

  it('close with 1009 after a message that is too large, and with 1007 after one that is no UTF-8', async () => {
    const large = await connect({ bearer: 'sk-test' });
    large.send('x'.repeat(100_001));
    expect((await large.close()).code).toBe(1009);
    const broken = await connect({ bearer: 'sk-test' });
    broken.socket.send(Buffer.from([0xc3, 0x28]), { binary: false });
    expect((await broken.close()).code).toBe(1007);
  });

  it('outlive upgrades that are none', async () => {
    const port = Number(new URL(stub.origin).port);
    const lines = (path: string, more: string) =>
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n${more}\r\n`;
    const path = `/openai/v1/realtime${MODEL}`;
    const bearer = 'Authorization: Bearer sk-test\r\n';
    expect(await sendRaw(port, lines(path, `Upgrade: h2c\r\n${bearer}`))).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(await sendRaw(port, lines(path, `Upgrade: websocket\r\n${bearer}Sec-WebSocket-Version: 13\r\n`))).toMatch(
      /^HTTP\/1\.1 400 /,
    );
    expect(await sendRaw(port, lines('http://other/x?%', 'Upgrade: websocket\r\n'))).toMatch(/^HTTP\/1\.1 404 /);
    for (let count = 0; count < 20; count += 1) {
      await sendRaw(port, `${lines(path, 'Upgrade: websocket\r\n')}${randomBytes(200).toString('latin1')}`, 20);
    }
    await (await connect({ bearer: 'sk-test' })).next('session.created');
  });

  it('end with the stub: every session is gone when it has stopped', async () => {
    const own = await startProviderStub({ realtime: { thinkMs: 1 } });
    const address = `${own.origin.replace('http', 'ws')}/openai/v1/realtime${MODEL}`;
    const talking = await RealtimeClient.connect(address, { bearer: 'sk-test' });
    talking.send({ type: 'response.create' });
    await talking.next('response.output_audio.delta');
    await own.stop();
    expect((await talking.close()).code).toBe(1006);
    await expect(RealtimeClient.connect(address, { bearer: 'sk-test' })).rejects.toThrow(/ECONNREFUSED/);
  });
});
