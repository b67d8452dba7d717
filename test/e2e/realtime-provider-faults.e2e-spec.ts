import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ProviderStub, startProviderStub } from '../../src/providers/index.js';
import { eventually, settle } from '../support/eventually.js';
import { silence, speech } from '../support/pcm.js';
import { RealtimeClient } from '../support/realtime-client.js';
import { appendAudio, respond, updateSession, userMessage } from '../support/realtime-messages.js';

const MB = 1024 * 1024;
let stub: ProviderStub;
/** One whose answers take fifteen seconds: a process that stands still for a while must not miss them. */
let slow: ProviderStub;
const clients: RealtimeClient[] = [];

beforeAll(async () => {
  stub = await startProviderStub({
    realtime: { pace: 1000, thinkMs: 1, maxAudioBytes: MB, maxUnreadBytes: 64 * 1024, unreadLimitMs: 1000 },
  });
  slow = await startProviderStub({ realtime: { pace: 0.2, thinkMs: 1 } });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.leave();
});
afterAll(async () => {
  await stub.stop();
  await slow.stop();
});

async function connect(to = stub, drop: readonly string[] = []): Promise<RealtimeClient> {
  const url = `${to.origin.replace('http', 'ws')}/openai/v1/realtime?model=gpt-realtime`;
  const client = await RealtimeClient.connect(url, { bearer: 'sk-test', drop });
  clients.push(client);
  await client.next('session.created');
  return client;
}

async function ask(client: RealtimeClient, text: string): Promise<void> {
  client.send(userMessage(text));
  await client.next('conversation.item.done');
  client.send(respond);
}

describe('the realtime stand-in refuses', () => {
  it('a second response at once, and another voice once it has spoken', async () => {
    const client = await connect(slow);
    await ask(client, 'hello');
    const { response } = await client.next('response.created');
    client.send({ ...respond, event_id: 'second' });
    const message = `Conversation already has an active response in progress: ${response?.id ?? ''}. Wait until the response is finished before creating a new one.`;
    expect((await client.next('error')).error).toMatchObject({
      code: 'conversation_already_has_active_response',
      message,
      event_id: 'second',
    });
    client.send({ ...respond, response: { conversation: 'none', output_modalities: ['text'], input: [] } });
    expect((await client.next('response.done')).response).toMatchObject({ conversation_id: null, status: 'completed' });
    await eventually(() => client.counts.has('response.output_audio.delta'));
    client.send(updateSession({ audio: { output: { voice: 'ash' } } }));
    expect((await client.next('error')).error?.code).toBe('cannot_update_voice');
  });
});

describe('the realtime stand-in bears', () => {
  it.each([
    '"session.update","session":{"type":DEEP}',
    '"session.update","session":{"type":"realtime","tools":DEEP}',
    '"session.update","session":{"type":"realtime","tool_choice":DEEP}',
    '"conversation.item.create","item":{"type":DEEP}',
    '"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":DEEP}]}',
    '"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"a","x":DEEP}]}',
    '"response.create","response":{"tool_choice":DEEP}',
  ])('what is nested deeper than it could be said back: %s', async (fields) => {
    const client = await connect();
    client.send(`{"type":${fields.replace('DEEP', '['.repeat(50_000) + ']'.repeat(50_000))}}`);
    expect((await client.next('error')).error?.code).toMatch(/^(invalid|unknown)_/);
    await ask(client, 'hello');
  });
});

describe('the realtime stand-in is interrupted', () => {
  it('by response.cancel: the answer ends as far as it was said', async () => {
    const client = await connect(slow);
    await ask(client, 'hello');
    await client.next('response.output_audio.delta');
    client.send({ type: 'response.cancel' });
    const events = await client.until('response.done');
    expect(events.map(({ type }) => type).filter((type) => !type.endsWith('.delta'))).toEqual([
      'response.output_audio.done',
      'response.output_audio_transcript.done',
      'response.content_part.done',
      'conversation.item.done',
      'response.output_item.done',
      'response.done',
    ]);
    const { response } = events.at(-1) ?? {};
    expect(response).toMatchObject({
      status: 'cancelled',
      status_details: { type: 'cancelled', reason: 'client_cancelled' },
      output: [{ status: 'incomplete', content: [{ transcript: expect.stringMatching(/^Hello/) }] }],
    });
    expect(JSON.stringify(response)).not.toContain('help you?');
  });

  it('by speech: it is silent, listens, and answers what was said instead', async () => {
    const client = await connect(slow);
    await ask(client, 'hello');
    await client.next('response.output_audio.delta');
    client.send(appendAudio(Buffer.concat([speech(2000), silence(600)])));
    await client.next('input_audio_buffer.speech_started');
    expect((await client.next('response.done')).response).toMatchObject({
      status: 'cancelled',
      status_details: { reason: 'turn_detected' },
    });
    await client.next('response.created');
    await eventually(() => client.events.some(({ delta }) => delta === 'arrange '));
    expect(client.counts.get('error')).toBeUndefined();
  });
});

describe('the realtime stand-in fails as its magic words say', () => {
  it('ends a session after its time as OpenAI does after 60 minutes, in the middle of a word', async () => {
    const short = await startProviderStub({ realtime: { pace: 1, thinkMs: 1, sessionLifeMs: 700 } });
    try {
      const client = await connect(short);
      client.send(respond);
      expect((await client.next('error')).error).toEqual({
        type: 'invalid_request_error',
        code: 'session_expired',
        message: 'Your session hit the maximum duration of 60 minutes.',
        param: null,
        event_id: null,
      });
      const reason = 'Your session hit the maximum duration of 60 minutes.';
      expect(await client.close()).toEqual({ code: 1001, reason });
    } finally {
      await short.stop();
    }
  });

  it.each([
    ['#stub:expire', 1001],
    ['#stub:close=4321', 4321],
    ['#stub:close=1012', 1012],
    ['#stub:close=5', 1011],
  ])('%s in the instructions closes with %i', async (word, code) => {
    const client = await connect();
    client.send(updateSession({ instructions: `Be kind. ${word}` }));
    expect((await client.close()).code).toBe(code);
  });

  it('#stub:cut breaks mid-sentence, #stub:fail and #stub:error tell of a fault, #stub:stall says nothing', async () => {
    const client = await connect();
    await ask(client, 'hello #stub:fail');
    expect((await client.next('response.done')).response).toMatchObject({
      status: 'failed',
      status_details: { error: { type: 'server_error' } },
      output: [],
    });
    await ask(client, 'hello #stub:error');
    expect((await client.next('error')).error).toMatchObject({ type: 'server_error', code: null });
    expect((await client.next('response.done')).response?.status).toBe('completed');
    await ask(client, 'hello #stub:stall');
    const { response } = await client.next('response.created');
    client.send({ type: 'response.cancel', response_id: response?.id });
    expect((await client.next('response.done')).response).toMatchObject({ status: 'cancelled', output: [] });
    await ask(client, 'hello #stub:cut');
    await client.next('response.output_audio_transcript.delta');
    expect((await client.close()).code).toBe(1006);
    expect(client.events.at(-1)?.type).toMatch(/delta$/);
  });

  it('#stub:deaf reads nothing for its time, and then all of it', async () => {
    const client = await connect();
    client.send(updateSession({ instructions: '#stub:deaf=2000' }));
    client.send(updateSession({ instructions: 'Hear me.' }));
    await client.next('session.updated');
    await settle(100);
    expect(client.counts.get('session.updated')).toBe(1);
    expect((await client.next('session.updated')).session?.['instructions']).toBe('Hear me.');
  });

  it('#stub:flood sends so much audio as the client reads, and holds nearly nothing for one who does not', async () => {
    const reader = await connect(stub, ['response.output_audio.delta']);
    await ask(reader, '#stub:flood=20');
    expect((await reader.next('response.done')).response?.status).toBe('completed');
    expect(reader.receivedBytes).toBeGreaterThan(20 * MB);
    const heldBefore = process.memoryUsage.rss();
    const idle = await connect(stub, ['response.output_audio.delta']);
    idle.send(userMessage('#stub:flood=400'));
    idle.send(respond);
    await idle.next('response.output_item.added');
    idle.socket.pause();
    await settle(500);
    expect(process.memoryUsage.rss() - heldBefore).toBeLessThan(100 * MB);
  });
});

describe('the realtime stand-in holds a bounded amount', () => {
  it('of work for a client who left in a flood: none (it went on to the end, and heard of nobody meanwhile)', async () => {
    const client = await connect();
    const before = stub.realtime.sessions;
    await ask(client, '#stub:flood=300000');
    await client.next('response.output_audio.delta');
    const startedAt = performance.now();
    client.leave();
    await eventually(() => stub.realtime.sessions === before - 1);
    // To the end took a hundred seconds without a turn for anybody, a timer of this test included; this takes ten ms.
    expect(performance.now() - startedAt).toBeLessThan(30_000);
  });

  it('of audio that is not committed', async () => {
    const client = await connect();
    client.send(updateSession({ audio: { input: { turn_detection: null } } }));
    for (let count = 0; count < 3; count += 1) client.send(appendAudio(speech(10_000)));
    expect((await client.next('error')).error).toMatchObject({ code: 'input_audio_buffer_full', param: 'audio' });
    client.send({ type: 'input_audio_buffer.commit' });
    await client.next('input_audio_buffer.committed');
  });

  it('of a conversation: the oldest items are forgotten', async () => {
    const client = await connect();
    client.send(updateSession({ audio: { input: { turn_detection: null } } }));
    const ids: (string | undefined)[] = [];
    for (let count = 0; count < 4; count += 1) {
      client.send(appendAudio(speech(8000)));
      client.send({ type: 'input_audio_buffer.commit' });
      ids.push((await client.next('input_audio_buffer.committed')).item_id);
    }
    client.send({ type: 'conversation.item.retrieve', item_id: ids[0] });
    expect((await client.next('error')).error?.code).toBe('item_retrieve_invalid_item_id');
    client.send({ type: 'conversation.item.retrieve', item_id: ids[3] });
    await client.next('conversation.item.retrieved');
  });

  it('for a client who asks and does not read: it is not listened to, and left in the end', async () => {
    const client = await connect();
    client.send(updateSession({ audio: { input: { turn_detection: null } } }));
    client.send(appendAudio(speech(10_000)));
    client.send({ type: 'input_audio_buffer.commit' });
    const { item_id: id } = await client.next('input_audio_buffer.committed');
    await client.next('conversation.item.done');
    const before = stub.realtime.sessions;
    client.socket.pause();
    const heldBefore = process.memoryUsage.rss();
    // 640 KB each: a gigabyte, if all were answered.
    for (let count = 0; count < 2000; count += 1) client.send({ type: 'conversation.item.retrieve', item_id: id });
    await eventually(() => stub.realtime.sessions === before - 1);
    expect(process.memoryUsage.rss() - heldBefore).toBeLessThan(200 * MB);
  });
});
