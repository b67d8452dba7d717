import { describe, expect, it } from '@jest/globals';
import { Dialect } from './dialect.js';
import { type Fields, parseFrame } from './fields.js';
import { readFrameType } from './frame-type.js';

function up(dialect: Dialect, event: object): Fields | undefined {
  const frame = Buffer.from(JSON.stringify(event));
  const type = readFrameType(frame);
  if (type.kind !== 'typed') throw new Error('no type');
  return parseFrame(dialect.toProvider(type, frame));
}
function down(dialect: Dialect, event: object): Fields | undefined {
  const frame = Buffer.from(JSON.stringify(event));
  const type = readFrameType(frame);
  if (type.kind !== 'typed') throw new Error('no type');
  const said = dialect.toClient(type, frame);
  return said === undefined ? undefined : parseFrame(said);
}
function beta(): Dialect {
  const dialect = new Dialect();
  dialect.assumeBeta();
  return dialect;
}

const FLAT = {
  modalities: ['text', 'audio'],
  instructions: 'Be kind.',
  voice: 'sage',
  speed: 1.1,
  input_audio_format: 'g711_ulaw',
  output_audio_format: 'pcm16',
  input_audio_transcription: { model: 'whisper-1' },
  input_audio_noise_reduction: null,
  turn_detection: { type: 'server_vad', threshold: 0.5 },
  tools: [],
  tool_choice: 'auto',
  max_response_output_tokens: 'inf',
};
const GA = {
  type: 'realtime',
  output_modalities: ['audio'],
  instructions: 'Be kind.',
  audio: {
    input: {
      format: { type: 'audio/pcmu' },
      transcription: { model: 'whisper-1' },
      noise_reduction: null,
      turn_detection: { type: 'server_vad', threshold: 0.5 },
    },
    output: { format: { type: 'audio/pcm', rate: 24_000 }, voice: 'sage', speed: 1.1 },
  },
  tools: [],
  tool_choice: 'auto',
  max_output_tokens: 'inf',
};

describe('a dialect', () => {
  it('passes the frames of a GA client as they are, both ways', () => {
    const dialect = new Dialect();
    for (const event of [
      { type: 'session.update', session: GA },
      { type: 'response.create', response: { output_modalities: ['text'], instructions: 'x' } },
      { type: 'conversation.item.create', item: { role: 'assistant', content: [{ type: 'output_text', text: 'x' }] } },
      { type: 'input_audio_buffer.append', audio: 'AAAA' },
    ])
      expect(up(dialect, event)).toEqual(event);
    for (const event of [
      { type: 'session.created', session: GA },
      { type: 'response.output_audio.delta', delta: 'AAAA' },
      { type: 'conversation.item.done', item: {} },
    ])
      expect(down(dialect, event)).toEqual(event);
    expect(dialect.name).toBe('ga');
  });

  it('makes a flat session nested, without what the GA interface has no more', () => {
    const dialect = new Dialect();
    const session = {
      ...FLAT,
      temperature: 0.8,
      id: 'sess_1',
      object: 'realtime.session',
      expires_at: 1,
      client_secret: null,
    };
    expect(up(dialect, { type: 'session.update', event_id: 'e', session })).toEqual({
      type: 'session.update',
      event_id: 'e',
      session: GA,
    });
    expect(dialect.name).toBe('beta');
  });

  it('says nothing of what the client has not said', () => {
    expect(up(new Dialect(), { type: 'session.update', session: { turn_detection: null } })).toEqual({
      type: 'session.update',
      session: { type: 'realtime', audio: { input: { turn_detection: null } } },
    });
    expect(up(beta(), { type: 'response.create' })).toEqual({ type: 'response.create' });
    expect(up(beta(), { type: 'response.create', response: {} })).toEqual({ type: 'response.create', response: {} });
  });

  it('makes a nested session flat again', () => {
    expect(down(beta(), { type: 'session.updated', session: { ...GA, id: 'sess_1' } })).toEqual({
      type: 'session.updated',
      session: { ...FLAT, id: 'sess_1' },
    });
  });

  it('is told by the newest evidence: a GA client that still connects in the old way is a GA client', () => {
    const dialect = beta();
    expect(up(dialect, { type: 'session.update', session: GA })).toEqual({ type: 'session.update', session: GA });
    expect(down(dialect, { type: 'response.output_text.delta', delta: 'x' })).toMatchObject({
      type: 'response.output_text.delta',
    });
  });

  it('translates what a client of the beta asks for', () => {
    const dialect = new Dialect();
    const response = {
      modalities: ['text'],
      voice: 'ash',
      output_audio_format: 'pcm16',
      temperature: 1,
      max_response_output_tokens: 9,
      metadata: { a: 'b' },
      input: [{ role: 'assistant', content: [{ type: 'text', text: 'x' }] }],
    };
    expect(up(dialect, { type: 'response.create', response })).toEqual({
      type: 'response.create',
      response: {
        output_modalities: ['text'],
        audio: { output: { voice: 'ash', format: { type: 'audio/pcm', rate: 24_000 } } },
        max_output_tokens: 9,
        metadata: { a: 'b' },
        input: [{ role: 'assistant', content: [{ type: 'output_text', text: 'x' }] }],
      },
    });
    const item = (role: string, type: string) => ({
      type: 'conversation.item.create',
      item: { type: 'message', role, content: [{ type, text: 'x' }] },
    });
    expect(up(dialect, item('assistant', 'text'))).toEqual(item('assistant', 'output_text'));
    expect(up(dialect, item('user', 'input_text'))).toEqual(item('user', 'input_text'));
  });

  it.each([
    ['response.output_audio.delta', 'response.audio.delta'],
    ['response.output_audio.done', 'response.audio.done'],
    ['response.output_audio_transcript.delta', 'response.audio_transcript.delta'],
    ['response.output_audio_transcript.done', 'response.audio_transcript.done'],
    ['response.output_text.delta', 'response.text.delta'],
    ['response.output_text.done', 'response.text.done'],
    ['input_audio_buffer.speech_started', 'input_audio_buffer.speech_started'],
    ['error', 'error'],
  ])('calls %s by its old name, %s, and leaves the rest of the bytes alone', (ga, old) => {
    const text = (type: string) => `{ "event_id":"e","type" : "${type}","delta":"AA\\u0041\\/", "n":1.0 }`;
    const frame = Buffer.from(text(ga));
    const type = readFrameType(frame);
    if (type.kind !== 'typed') throw new Error('no type');
    expect(beta().toClient(type, frame)?.toString()).toBe(text(old));
  });

  it('gives items and responses their old names inside', () => {
    const content = (type: string) => [{ type, transcript: 'x' }];
    const event = {
      type: 'response.done',
      response: {
        id: 'r',
        output_modalities: ['audio'],
        audio: { output: { voice: 'ash', format: { type: 'audio/pcm', rate: 24_000 } } },
        output: [
          { id: 'i', content: content('output_audio') },
          { type: 'function_call', arguments: '{}' },
        ],
      },
    };
    expect(down(beta(), event)).toEqual({
      type: 'response.done',
      response: {
        id: 'r',
        modalities: ['text', 'audio'],
        voice: 'ash',
        output_audio_format: 'pcm16',
        output: [
          { id: 'i', content: content('audio') },
          { type: 'function_call', arguments: '{}' },
        ],
      },
    });
    expect(
      down(beta(), {
        type: 'conversation.item.added',
        previous_item_id: 'p',
        item: { content: content('output_audio') },
      }),
    ).toEqual({
      type: 'conversation.item.created',
      previous_item_id: 'p',
      item: { content: content('audio') },
    });
    expect(down(beta(), { type: 'conversation.item.done', item: {} })).toBeUndefined();
    expect(
      down(beta(), { type: 'response.content_part.done', part: { type: 'output_text', text: 'x' } }),
    ).toMatchObject({ part: { type: 'text' } });
  });

  it.each([
    { type: 'session.updated' },
    { type: 'session.updated', session: [] },
    { type: 'response.done', response: null },
    { type: 'response.done', response: { output: [null, 1, { content: 'x' }] } },
    { type: 'response.output_item.added', item: 'x' },
  ])('takes a frame that is not as it should be: %j', (event) => {
    expect(down(beta(), event)).toMatchObject({ type: event.type });
    for (const type of ['session.update', 'response.create', 'conversation.item.create'])
      for (const body of [null, 1, [], 'x', {}]) up(beta(), { type, session: body, response: body, item: body });
  });
});
