import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ProviderStub, startProviderStub } from '../../src/providers/index.js';
import { silence, speech } from '../support/pcm.js';
import { RealtimeClient } from '../support/realtime-client.js';
import { publishedTypes, strayFields } from '../support/realtime-events.js';
import { appendAudio, pushToTalk, respond, updateSession, userMessage } from '../support/realtime-messages.js';

/** One session in which everything happens. */
async function talk(client: RealtimeClient): Promise<void> {
  await client.next('session.created');
  client.send(updateSession({ audio: { input: { transcription: { model: 'gpt-4o-transcribe' } } } }));
  client.send(appendAudio(Buffer.concat([speech(1000), silence(600)])));
  const { response } = await client.next('response.done');
  const id = response?.output[0]?.id;
  client.send({ type: 'conversation.item.truncate', item_id: id, content_index: 0, audio_end_ms: 10 });
  client.send({ type: 'conversation.item.retrieve', item_id: id });
  client.send({ type: 'conversation.item.delete', item_id: id });
  client.send(pushToTalk);
  client.send(appendAudio(speech(300)));
  client.send({ type: 'input_audio_buffer.commit' });
  client.send({ type: 'input_audio_buffer.clear' });
  client.send(userMessage('hello'));
  for (const call of [
    { type: 'function_call', name: 'f', call_id: 'c', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c', output: '1' },
  ]) {
    client.send({ type: 'conversation.item.create', item: call });
  }
  client.send({ ...respond, response: { output_modalities: ['text'] } });
  await client.next('response.done');
  client.send(userMessage('#stub:fail'));
  client.send(respond);
  await client.next('response.done');
  client.send({ type: 'nonsense' });
  await client.next('error');
}

describe('compared with OpenAI’s published types', () => {
  let stub: ProviderStub;
  let client: RealtimeClient;
  beforeAll(async () => {
    stub = await startProviderStub({ realtime: { pace: 1000, thinkMs: 1 } });
    const url = `${stub.origin.replace('http', 'ws')}/openai/v1/realtime?model=gpt-realtime`;
    client = await RealtimeClient.connect(url, { bearer: 'sk-test' });
    await talk(client);
  });
  afterAll(async () => {
    client.leave();
    await stub.stop();
  });

  it.each(publishedTypes)('%s has the fields that are published, and no other', (type) => {
    const events = client.events.filter((event) => event.type === type);
    expect(events.length).toBeGreaterThan(0);
    expect(events.flatMap(strayFields)).toEqual([]);
  });

  it('no event is of another type, and no two have the same event_id', () => {
    const types = new Set(client.events.map(({ type }) => type));
    expect([...types].filter((type) => !publishedTypes.includes(type))).toEqual([]);
    expect(new Set(client.events.map(({ event_id: id }) => id)).size).toBe(client.events.length);
  });

  it('the table knows a field that is missing, and one that is too much', () => {
    expect(strayFields({ type: 'input_audio_buffer.cleared', event_id: 'e', at: 1 })).toEqual([
      'input_audio_buffer.cleared has at',
    ]);
    expect(strayFields({ type: 'error', event_id: 'e', error: { type: 'x' } })).toEqual(['error.error lacks message']);
    expect(strayFields({ type: 'response.audio.delta' })).toEqual(['response.audio.delta is unknown']);
  });
});
