import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ProviderStub, startProviderStub } from '../../src/providers/index.js';
import { silence, speech } from '../support/pcm.js';
import { RealtimeClient, type RealtimeEvent } from '../support/realtime-client.js';
import { appendAudio, pushToTalk, respond, updateSession, userMessage } from '../support/realtime-messages.js';

let stub: ProviderStub;
let url: string;
const clients: RealtimeClient[] = [];

beforeAll(async () => {
  stub = await startProviderStub({ realtime: { pace: 1000, thinkMs: 1 } });
  url = `${stub.origin.replace('http', 'ws')}/openai/v1/realtime?model=gpt-realtime`;
});
afterEach(() => {
  for (const client of clients.splice(0)) client.leave();
});
afterAll(async () => stub.stop());

async function connect(drop: readonly string[] = []): Promise<RealtimeClient> {
  const client = await RealtimeClient.connect(url, { bearer: 'sk-test', drop });
  clients.push(client);
  await client.next('session.created');
  return client;
}

/** Types in order, a run of the same one as one. */
function order(events: readonly RealtimeEvent[]): readonly string[] {
  return events.map(({ type }) => type).filter((type, at, all) => type !== all[at - 1]);
}

async function fault(client: RealtimeClient, event: object | string): Promise<unknown> {
  client.send(event);
  return (await client.next('error')).error;
}

describe('the stand-in of OpenAI’s realtime API', () => {
  it('begins with session.created in the GA shape, and keeps an update', async () => {
    const client = await connect();
    expect(client.events[0]).toMatchObject({
      event_id: expect.stringMatching(/^event_\w{21}$/),
      session: {
        type: 'realtime',
        object: 'realtime.session',
        id: expect.stringMatching(/^sess_/),
        model: 'gpt-realtime',
        output_modalities: ['audio'],
        audio: {
          input: {
            format: { type: 'audio/pcm', rate: 24_000 },
            turn_detection: { type: 'server_vad', threshold: 0.5 },
          },
          output: { voice: 'alloy', speed: 1 },
        },
      },
    });
    client.send(updateSession({ instructions: 'Be kind.', audio: { output: { voice: 'cedar' } } }));
    const { session } = await client.next('session.updated');
    expect(session).toMatchObject({ instructions: 'Be kind.', audio: { output: { voice: 'cedar', speed: 1 } } });
    client.send(pushToTalk);
    expect((await client.next('session.updated')).session).toMatchObject({
      instructions: 'Be kind.',
      audio: { input: { turn_detection: null, transcription: { model: 'whisper-1' } }, output: { voice: 'cedar' } },
    });
  });

  it('answers a typed message in voice, event by event in OpenAI’s order', async () => {
    const client = await connect();
    client.send(userMessage('May I book an appointment?'));
    const [added, done] = await client.until('conversation.item.done');
    expect(added).toMatchObject({
      type: 'conversation.item.added',
      previous_item_id: null,
      item: {
        role: 'user',
        status: 'completed',
        content: [{ type: 'input_text', text: 'May I book an appointment?' }],
      },
    });
    client.send({ ...respond, response: { metadata: { turn: '1' } } });
    const events = await client.until('rate_limits.updated');
    const deltas = new Set(['response.output_audio_transcript.delta', 'response.output_audio.delta']);
    expect(order(events.filter(({ type }) => !deltas.has(type)))).toEqual([
      'response.created',
      'response.output_item.added',
      'conversation.item.added',
      'response.content_part.added',
      'response.output_audio.done',
      'response.output_audio_transcript.done',
      'response.content_part.done',
      'conversation.item.done',
      'response.output_item.done',
      'response.done',
      'rate_limits.updated',
    ]);
    const said = events.filter(({ type }) => type === 'response.output_audio_transcript.delta');
    const transcript = said.map(({ delta }) => delta).join('');
    expect(transcript).toContain('tomorrow at ten');
    expect(events.find(({ type }) => type.endsWith('transcript.done'))?.transcript).toBe(transcript);
    const { response } = events.at(-2) ?? {};
    expect(response).toMatchObject({
      status: 'completed',
      status_details: null,
      metadata: { turn: '1' },
      output: [{ role: 'assistant', status: 'completed', content: [{ type: 'output_audio', transcript }] }],
    });
    const usage = response?.['usage'] as Record<string, number>;
    expect(usage['total_tokens']).toBe(Number(usage['input_tokens']) + Number(usage['output_tokens']));
    expect(events.find(({ type }) => type === 'conversation.item.added')).toMatchObject({
      previous_item_id: done?.item?.id,
      item: { status: 'in_progress', content: [] },
    });
  });

  it('speaks as long as the text takes to say, each voice at its own pitch, and never twice differently', async () => {
    const say = async (voice: string) => {
      const client = await connect();
      client.send(userMessage('hello'));
      client.send({ ...respond, response: { audio: { output: { voice } } } });
      const events = await client.until('response.done');
      const deltas = events.filter(({ type }) => type === 'response.output_audio.delta');
      return Buffer.concat(deltas.map(({ delta = '' }) => Buffer.from(delta, 'base64')));
    };
    const [marin, again, cedar] = [await say('marin'), await say('marin'), await say('cedar')];
    expect(marin.equals(again)).toBe(true);
    const seconds = 'Hello, this is Donna. How can I help you?'.length / 15;
    expect(marin.byteLength / 48_000).toBeCloseTo(seconds, 1);
    const crossings = (pcm: Buffer) => {
      let count = 0;
      for (let at = 2; at < pcm.byteLength; at += 2) {
        if (pcm.readInt16LE(at - 2) < 0 && pcm.readInt16LE(at) >= 0) count += 1;
      }
      return count / (pcm.byteLength / 48_000);
    };
    expect(crossings(marin)).toBeGreaterThan(crossings(cedar) * 1.4);
    const peak = Math.max(...new Int16Array(marin.buffer, marin.byteOffset, marin.byteLength / 2));
    expect([peak > 3000, peak < 20_000]).toEqual([true, true]);
  });

  it('answers in text where text is asked for, and stops at so many tokens', async () => {
    const client = await connect();
    client.send(userMessage('What does it cost?'));
    client.send({ ...respond, response: { output_modalities: ['text'] } });
    const events = await client.until('response.done');
    expect(order(events).slice(3)).toEqual([
      'response.output_item.added',
      'conversation.item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'conversation.item.done',
      'response.output_item.done',
      'response.done',
    ]);
    expect(events.at(-1)?.response?.output[0]?.content).toEqual([
      { type: 'output_text', text: expect.stringContaining('49 a month') },
    ]);
    client.send({ ...respond, response: { output_modalities: ['text'], max_output_tokens: 2 } });
    expect((await client.next('response.done')).response).toMatchObject({
      status: 'incomplete',
      status_details: { type: 'incomplete', reason: 'max_output_tokens' },
      output: [{ status: 'incomplete' }],
    });
  });

  it('push-to-talk: commits what was said, transcribes it where asked, and answers only when asked', async () => {
    const client = await connect();
    client.send(pushToTalk);
    await client.next('session.updated');
    client.send(appendAudio(speech(2000)));
    client.send({ type: 'input_audio_buffer.commit' });
    const events = await client.until('conversation.item.input_audio_transcription.completed');
    expect(order(events)).toEqual([
      'input_audio_buffer.committed',
      'conversation.item.added',
      'conversation.item.done',
      'conversation.item.input_audio_transcription.delta',
      'conversation.item.input_audio_transcription.completed',
    ]);
    const transcript = 'I would like to book an appointment.';
    expect(events.at(-1)).toMatchObject({ transcript, usage: { type: 'duration', seconds: 2 } });
    expect(new Set(events.map(({ item_id: id, item }) => id ?? item?.id)).size).toBe(1);
    client.send(respond);
    expect((await client.next('response.output_audio_transcript.done')).transcript).toContain('arrange');
    client.send(appendAudio(speech(500)));
    client.send({ type: 'input_audio_buffer.clear' });
    await client.next('input_audio_buffer.cleared');
    expect(await fault(client, { type: 'input_audio_buffer.commit', event_id: 'mine' })).toEqual({
      type: 'invalid_request_error',
      code: 'input_audio_buffer_commit_empty',
      message:
        'Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has 0.00ms of audio.',
      param: null,
      event_id: 'mine',
    });
    client.send(appendAudio(speech(90)));
    expect(await fault(client, { type: 'input_audio_buffer.commit' })).toMatchObject({
      code: 'input_audio_buffer_commit_empty',
      message: expect.stringContaining('90.00ms'),
    });
  });

  it('server VAD: hears where a turn begins and ends, commits it and answers', async () => {
    const client = await connect();
    for (const piece of [silence(400), speech(40), silence(400), speech(1000), silence(300), speech(500)]) {
      client.send(appendAudio(piece));
    }
    const started = await client.next('input_audio_buffer.speech_started');
    // The click of 40 ms was none; 300 ms of padding are told along.
    expect(started).toMatchObject({ audio_start_ms: 540 });
    client.send(appendAudio(silence(700)));
    const events = await client.until('response.created');
    expect(order(events)).toEqual([
      'input_audio_buffer.speech_stopped',
      'input_audio_buffer.committed',
      'conversation.item.added',
      'conversation.item.done',
      'response.created',
    ]);
    expect(events[0]).toMatchObject({ audio_end_ms: 3140, item_id: started.item_id });
    expect(events[1]?.item_id).toBe(started.item_id);
    expect((await client.next('response.done')).response?.status).toBe('completed');
    expect(client.counts.get('input_audio_buffer.speech_started')).toBe(1);
  });

  it('hears two turns in one piece, and answers neither where create_response is false', async () => {
    const client = await connect();
    const quiet = { type: 'server_vad', silence_duration_ms: 200, create_response: false };
    client.send({ type: 'session.update', session: { type: 'realtime', audio: { input: { turn_detection: quiet } } } });
    const turn = [speech(400), silence(400)];
    client.send(appendAudio(Buffer.concat([...turn, ...turn])));
    const first = await client.next('input_audio_buffer.committed');
    expect((await client.next('input_audio_buffer.committed'))['previous_item_id']).toBe(first.item_id);
    client.send({ type: 'input_audio_buffer.clear' });
    await client.next('input_audio_buffer.cleared');
    expect([client.counts.get('response.created'), client.counts.get('error')]).toEqual([undefined, undefined]);
  });

  it('retrieves, deletes and truncates items, and knows those it does not have', async () => {
    const client = await connect();
    client.send(pushToTalk);
    client.send(appendAudio(speech(1000)));
    client.send({ type: 'input_audio_buffer.commit' });
    const { item_id: heard } = await client.next('input_audio_buffer.committed');
    client.send({ type: 'conversation.item.retrieve', item_id: heard });
    const retrieved = await client.next('conversation.item.retrieved');
    expect(retrieved.item?.content[0]).toEqual({
      type: 'input_audio',
      transcript: 'Hello.',
      audio: speech(1000).toString('base64'),
    });
    client.send(respond);
    const { response } = await client.next('response.done');
    const id = response?.output[0]?.id;
    const truncate = { type: 'conversation.item.truncate', item_id: id, content_index: 0 };
    expect(await fault(client, { ...truncate, audio_end_ms: 60_000 })).toMatchObject({
      message: expect.stringMatching(/^Audio content of 27\d\dms is already shorter than 60000ms$/),
    });
    client.send({ ...truncate, audio_end_ms: 500 });
    expect(await client.next('conversation.item.truncated')).toMatchObject({ item_id: id, audio_end_ms: 500 });
    client.send({ type: 'conversation.item.delete', item_id: heard });
    expect((await client.next('conversation.item.deleted')).item_id).toBe(heard);
    expect(await fault(client, { ...truncate, item_id: heard, audio_end_ms: 1 })).toMatchObject({
      code: 'item_truncate_invalid_item_id',
    });
    for (const verb of ['delete', 'retrieve']) {
      expect(await fault(client, { type: `conversation.item.${verb}`, item_id: heard })).toMatchObject({
        code: `item_${verb}_invalid_item_id`,
        message: expect.stringContaining(`the item with id '${heard ?? ''}' does not exist.`),
      });
    }
  });

  it('puts items where they are asked for', async () => {
    const client = await connect();
    client.send(userMessage('b', { id: 'b' }));
    client.send({ ...userMessage('a', { id: 'a' }), previous_item_id: 'root' });
    client.send({ ...userMessage('c', { id: 'c' }), previous_item_id: 'a' });
    const previous = [];
    for (let count = 0; count < 3; count += 1) {
      previous.push((await client.next('conversation.item.added'))['previous_item_id']);
    }
    expect(previous).toEqual([null, null, 'a']);
    expect(await fault(client, { ...userMessage('d'), previous_item_id: 'nowhere' })).toMatchObject({
      param: 'previous_item_id',
    });
    expect(await fault(client, userMessage('again', { id: 'a' }))).toMatchObject({ param: 'item.id' });
  });
});
