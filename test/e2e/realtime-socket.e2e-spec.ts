import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type ProviderStub, startProviderStub } from '../../src/providers/index.js';
import { RealtimeClient } from '../support/realtime-client.js';
import { accessToken } from '../support/realtime-site.js';
import { bearer, post } from '../support/realtime-token.js';
import { call } from '../support/http-call.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

describe('/realtime, by the shipped table and the local stand-in', () => {
  let php: RawUpstream;
  let stub: ProviderStub;
  let gateway: TestGateway;
  const lines: unknown[][] = [];

  beforeAll(async () => {
    php = await startRawUpstream((socket) => socket.write(httpAnswer(200, { 'Content-Type': 'text/html' }, '<p>')));
    stub = await startProviderStub();
    gateway = await startTestGateway({
      stubOrigin: stub.origin,
      phpTargets: [php.origin],
      env: { ENABLE_WS_PROXY: 'true', MAX_CONNECTIONS_PER_IP: '50' },
    });
    for (const level of ['info', 'warn', 'error'] as const)
      jest.spyOn(gateway.logger, level).mockImplementation((...args: unknown[]) => void lines.push(args));
  }, 30_000);
  afterAll(async () => {
    await gateway.stop();
    await stub.stop();
    await php.stop();
  });

  const signIn = async (): Promise<RealtimeClient> => {
    const client = await RealtimeClient.connect(`${gateway.url.replace('http', 'ws')}/realtime`);
    client.send({ type: 'authenticate', token: accessToken() });
    await client.next('auth_success');
    return client;
  };
  const logged = (message: string) => lines.filter((args) => args[1] === message).map(([fields]) => fields);

  it('lets a GA client hold a conversation with Donna', async () => {
    const client = await signIn();
    client.send({ type: 'connect_realtime', voice: 'cedar', instructions: 'Say hello.' });
    expect(await client.next('realtime_connected')).toEqual({ type: 'realtime_connected', model: 'gpt-realtime' });
    await client.next('session.created');
    expect((await client.next('session.updated')).session).toMatchObject({
      type: 'realtime',
      instructions: 'Say hello.',
      audio: { input: { turn_detection: null }, output: { voice: 'cedar' } },
    });
    const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello, who are you?' }] };
    client.send({ type: 'conversation.item.create', item });
    client.send({ type: 'response.create' });
    expect((await client.next('response.output_audio.delta')).delta).toMatch(/^[+/\w]+=*$/);
    expect((await client.next('response.done')).response?.status).toBe('completed');
    client.socket.close(1000);
    expect(await client.close()).toMatchObject({ code: 1000 });
  });

  it('lets a client of the beta hold one too, in its own words', async () => {
    const client = await signIn();
    client.send({ type: 'connect' });
    expect(await client.next('deprecation')).toEqual({ type: 'deprecation', use: 'connect_realtime' });
    await client.next('realtime_connected');
    const flat = { modalities: ['text', 'audio'], voice: 'sage', input_audio_format: 'pcm16', turn_detection: null };
    client.send({ type: 'session.update', session: { ...flat, temperature: 0.8, max_response_output_tokens: 'inf' } });
    await client.next('session.updated');
    expect((await client.next('session.updated')).session).toMatchObject({
      ...flat,
      output_audio_format: 'pcm16',
      max_response_output_tokens: 'inf',
    });
    const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello?' }] };
    client.send({ type: 'conversation.item.create', item });
    expect((await client.next('conversation.item.created')).item?.content[0]?.type).toBe('input_text');
    client.send({ type: 'response.create', response: { modalities: ['text', 'audio'] } });
    const events = await client.until('response.done');
    const types = new Set(events.map(({ type }) => type));
    for (const type of ['response.audio.delta', 'response.audio.done', 'response.audio_transcript.delta'])
      expect(types).toContain(type);
    expect([...types].filter((type) => /output_audio|output_text|item\.(added|done)$/.test(type))).toEqual(
      ['response.output_item.added', 'response.output_item.done'].filter((type) => types.has(type)),
    );
    const done = events.at(-1)?.response;
    expect(done).toMatchObject({ status: 'completed', modalities: ['text', 'audio'], voice: 'sage' });
    expect(done?.output[0]?.content[0]?.type).toBe('audio');
    expect(client.events.filter(({ type }) => type === 'error')).toEqual([]);
    client.leave();
  });

  it('tells of an ended session how long and how much, and of nobody', async () => {
    const client = await signIn();
    client.send({ type: 'connect' });
    await client.next('realtime_connected');
    client.socket.close(1000);
    await client.close();
    const ended = logged('realtime session ended').at(-1) as Record<string, unknown>;
    expect(ended).toEqual({
      traceId: expect.stringMatching(/^[\da-f]{32}$/),
      route: 'realtime.socket',
      code: 1000,
      reason: 'The client has left.',
      ms: expect.any(Number),
      authenticatedAfterMs: expect.any(Number),
      dialect: 'beta',
      upstreams: 1,
      responses: 0,
      fromClient: { frames: 2, bytes: expect.any(Number) },
      toClient: { frames: expect.any(Number), bytes: expect.any(Number) },
      refusedFrames: 0,
    });
    expect(logged('realtime client uses the deprecated connect').at(-1)).toMatchObject({ traceId: ended['traceId'] });
    expect(JSON.stringify(lines)).not.toMatch(/caller-\d|eyJ|local-stub|Hello/);
  });

  it('counts and measures, tokens too', async () => {
    expect((await post(gateway, bearer())).status).toBe(200);
    const { text } = await call(gateway.url, '/metrics');
    for (const line of [
      /^donna_realtime_token_seconds_count\{outcome="issued"\} 1$/m,
      /^donna_realtime_connect_seconds_count\{path="proxy"\} 3$/m,
      /^donna_realtime_first_audio_seconds_count\{path="proxy"\} 2$/m,
      /^donna_realtime_first_transcript_seconds_count\{path="proxy"\} 2$/m,
      /^donna_realtime_closes_total\{code="1000"\} 2$/m,
      /^donna_realtime_deprecated_connect_total 2$/m,
      /^donna_realtime_sessions \d+$/m,
    ])
      expect(text).toMatch(line);
  });

  it('is what a page may connect to, and what /api/health calls up', async () => {
    const { headers } = await call(gateway.url, '/');
    const policy = /connect-src ([^;]*)/.exec(String(headers['content-security-policy-report-only']))?.[1];
    expect(policy?.split(' ')).toEqual(["'self'", stub.origin, stub.origin.replace('http', 'ws')]);
    expect((await call(gateway.url, '/api/health')).json()).toMatchObject({ checks: { realtime: 'up' } });
  });

  it('answers 426 without an upgrade, in the envelope', async () => {
    const answer = await call(gateway.url, '/realtime');
    expect([answer.status, answer.headers['upgrade']]).toEqual([426, 'websocket']);
    expect(answer.json()).toMatchObject({
      success: false,
      errorCode: 'BAD_REQUEST',
      traceId: answer.headers['x-trace-id'],
    });
  });
});

describe('/realtime while it is switched off', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ phpTargets: ['http://127.0.0.1:9'] });
  });
  afterAll(() => gateway.stop());

  it('answers 503 to upgrades and to others, and is nobody else’s', async () => {
    const refused = await RealtimeClient.refused(`${gateway.url.replace('http', 'ws')}/realtime`);
    expect([refused.status, JSON.parse(refused.body)]).toEqual([
      503,
      expect.objectContaining({
        success: false,
        errorCode: 'REALTIME_DISABLED',
        traceId: refused.headers['x-trace-id'],
      }),
    ]);
    expect(refused.headers['x-content-type-options']).toBe('nosniff');
    expect((await call(gateway.url, '/realtime')).json()).toMatchObject({ errorCode: 'REALTIME_DISABLED' });
  });
});
