import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ProviderStub, startProviderStub } from '../../src/providers/index.js';
import { RealtimeClient } from '../support/realtime-client.js';
import { respond, updateSession, userMessage } from '../support/realtime-messages.js';

let stub: ProviderStub;
let client: RealtimeClient;
beforeAll(async () => {
  stub = await startProviderStub({ realtime: { pace: 1000, thinkMs: 1 } });
});
afterEach(() => client.leave());
afterAll(async () => stub.stop());

describe('the realtime stand-in refuses, and goes on', () => {
  it.each([
    ['what is no JSON', 'nonsense', 'invalid_event', null],
    ['what is no object', '[1]', 'invalid_event', null],
    ['bytes', Buffer.from('{}'), 'invalid_event', null],
    ['an event without a type', {}, 'invalid_event', null],
    ['an event that there is not', { type: 'response.audio' }, 'invalid_value', 'type'],
    ['an event named like a property of every object', { type: 'constructor' }, 'invalid_value', 'type'],
    [
      'a session without its type',
      { type: 'session.update', session: {} },
      'missing_required_parameter',
      'session.type',
    ],
    ['the flat voice of the beta', updateSession({ voice: 'marin' }), 'unknown_parameter', 'session.voice'],
    ['flat turn detection', updateSession({ turn_detection: null }), 'unknown_parameter', 'session.turn_detection'],
    ['flat formats', updateSession({ input_audio_format: 'pcm16' }), 'unknown_parameter', 'session.input_audio_format'],
    ['flat modalities', updateSession({ modalities: ['text'] }), 'unknown_parameter', 'session.modalities'],
    [
      'the beta’s whole session',
      { type: 'session.update', session: { voice: 'marin', modalities: ['audio'] } },
      'unknown_parameter',
      'session.voice',
    ],
    [
      'both modalities',
      updateSession({ output_modalities: ['text', 'audio'] }),
      'invalid_value',
      'session.output_modalities',
    ],
    [
      'a voice of nobody',
      updateSession({ audio: { output: { voice: 'x' } } }),
      'invalid_value',
      'session.audio.output.voice',
    ],
    [
      'a format without its rate',
      updateSession({ audio: { input: { format: { type: 'audio/pcm' } } } }),
      'missing_required_parameter',
      'session.audio.input.format.rate',
    ],
    [
      'a null that is a flag',
      updateSession({ audio: { input: { turn_detection: { type: 'server_vad', create_response: null } } } }),
      'invalid_type',
      'session.audio.input.turn_detection.create_response',
    ],
    ['another model', updateSession({ model: 'gpt-realtime-mini' }), 'cannot_update_model', 'session.model'],
    [
      'tools that could not be printed again',
      `{"type":"session.update","session":{"type":"realtime","tools":[${'['.repeat(50_000)}${']'.repeat(50_000)}]}}`,
      'invalid_value',
      'session.tools[0]',
    ],
    ['audio that is no base64', { type: 'input_audio_buffer.append', audio: '!!!' }, 'invalid_value', 'audio'],
    ['audio that is none', { type: 'input_audio_buffer.append', audio: 7 }, 'invalid_value', 'audio'],
    [
      'the beta’s text of an assistant',
      {
        type: 'conversation.item.create',
        item: { type: 'message', role: 'assistant', content: [{ type: 'text', text: 'x' }] },
      },
      'invalid_value',
      'item.content[0].type',
    ],
    ['an item of no kind', { type: 'conversation.item.create', item: {} }, 'invalid_value', 'item.type'],
    ['a cancel of nothing', { type: 'response.cancel' }, 'response_cancel_not_active', null],
    ['flat fields of a response', { ...respond, response: { voice: 'ash' } }, 'unknown_parameter', 'response.voice'],
  ])('%s', async (_name, event, code, param) => {
    const url = `${stub.origin.replace('http', 'ws')}/openai/v1/realtime?model=gpt-realtime`;
    client = await RealtimeClient.connect(url, { bearer: 'sk-test' });
    const id = typeof event === 'object' && !Buffer.isBuffer(event) ? 'evt-7' : null;
    client.send(id === null ? event : { ...(event as object), event_id: id });
    expect(await client.next('error')).toMatchObject({
      event_id: expect.stringMatching(/^event_/),
      error: { type: 'invalid_request_error', code, param, event_id: id },
    });
    client.send(userMessage('hello'));
    client.send(respond);
    expect((await client.next('response.done')).response?.status).toBe('completed');
  });
});
