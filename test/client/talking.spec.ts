import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { VoicePage } from './support/voice-page.js';
import { sound, VoiceServer } from './support/voice-server.js';

let server: VoiceServer;
let page: VoicePage;

beforeAll(async () => {
  server = await VoiceServer.start();
});
beforeEach(() => {
  server.reset();
  page = new VoicePage(server);
});
afterEach(() => page.session.close());
afterAll(() => server.stop());

describe('a conversation by push-to-talk', () => {
  it('goes straight to the provider with a client secret in the subprotocols, and demands no VAD', async () => {
    const provider = await page.connected();
    expect(provider.path).toBe('/provider?model=gpt-realtime');
    expect(provider.protocols).toEqual(['realtime', 'openai-insecure-api-key.ek_1']);
    const [update] = await provider.until('session.update');
    expect(update).toMatchObject({
      session: {
        type: 'realtime',
        audio: { input: { turn_detection: null, format: { type: 'audio/pcm', rate: 24_000 } } },
      },
    });
    expect(server.callsTo('/api/realtime/token').map(({ headers }) => headers['x-csrf-token'])).toEqual(['proof']);
    expect(page.states).toEqual(['connecting', 'ready']);
  });

  it('sends what was said in order, then commits, then asks for an answer', async () => {
    const provider = await page.connected();
    await page.session.startTalking();
    expect(page.session.state).toBe('listening');
    page.environment.audio.speak(5);
    await page.session.stopTalking();
    await provider.until('response.create');
    expect(provider.types).toEqual([
      ...Array.from({ length: 5 }, () => 'input_audio_buffer.append'),
      'input_audio_buffer.commit',
      'response.create',
    ]);
    const firstBytes = provider
      .of('input_audio_buffer.append')
      .map(({ audio }) => Buffer.from(String(audio), 'base64'));
    expect(firstBytes.map((bytes) => bytes[0])).toEqual([1, 2, 3, 4, 5]);
    expect(firstBytes.every((bytes) => bytes.byteLength === 1920)).toBe(true);
    expect(page.session.state).toBe('thinking');
    provider.answer('r1');
    await page.until('speaking');
    page.environment.audio.context.playUntil(10);
    await page.until('ready');
    expect(page.states).toEqual(['connecting', 'ready', 'listening', 'thinking', 'speaking', 'ready']);
    expect(page.of('transcript').at(-1)).toEqual({
      role: 'assistant',
      text: 'Good day.',
      isFinal: true,
      itemId: 'item-r1',
    });
    expect(page.of('audio')).toEqual([{ playback: 'started' }, { playback: 'ended' }]);
  });

  it('plays the pieces of an answer one after the other without a gap', async () => {
    const provider = await page.connected();
    page.session.say('Hello');
    await provider.until('response.create');
    provider.answer('r1', { soundMs: 350 });
    await eventually(() => page.of('transcript').some(({ role, isFinal }) => role === 'assistant' && isFinal));
    const { sources } = page.environment.audio.context;
    const starts = sources.map(({ startsAt }) => startsAt);
    expect(sources.map(({ buffer }) => buffer?.length)).toEqual([2400, 2400, 2400, 1200]);
    for (const [i, at] of starts.entries()) expect(at).toBeCloseTo((starts[0] ?? 0) + i * 0.1, 6);
  });

  it('commits nothing when the button was only touched', async () => {
    const provider = await page.connected();
    await page.speak(2);
    await provider.until('input_audio_buffer.clear');
    expect(provider.types).not.toContain('input_audio_buffer.commit');
    expect(page.errors).toEqual(['too_short']);
    expect(page.session.state).toBe('ready');
  });

  it('says nothing when the button was let go while the browser asked for the microphone', async () => {
    const provider = await page.connected();
    let allow: () => void = () => undefined;
    page.environment.audio.permission = new Promise((resolve) => {
      allow = resolve;
    });
    const started = page.session.startTalking();
    const stopped = page.session.stopTalking();
    allow();
    await Promise.all([started, stopped]);
    expect(page.environment.audio.orders).toEqual([]);
    page.session.say('after');
    await provider.until('response.create');
    expect(provider.types).toEqual(['conversation.item.create', 'response.create']);
  });

  it.each([
    ['NotAllowedError', 'microphone_blocked'],
    ['NotFoundError', 'microphone_missing'],
    ['NotReadableError', 'microphone_busy'],
    ['TypeError', 'audio_unsupported'],
  ])('says kindly what is wrong with the microphone: %s', async (name, code) => {
    await page.connected();
    page.environment.audio.permission = Promise.reject(Object.assign(new Error('no'), { name }));
    await page.session.startTalking();
    expect(page.of('error')).toEqual([{ code, message: expect.stringMatching(/^[A-Z].{20,}\.$/) }]);
    expect(page.session.state).toBe('ready');
    page.environment.audio.permission = Promise.resolve();
    await page.session.startTalking();
    expect(page.session.state).toBe('listening');
  });

  it('commits what was heard when the microphone is unplugged, and asks for it anew', async () => {
    const provider = await page.connected();
    await page.session.startTalking();
    page.environment.audio.speak(4);
    page.environment.audio.tracks[0]?.dispatchEvent(new Event('ended'));
    await provider.until('input_audio_buffer.commit');
    expect(page.errors).toEqual(['microphone_lost']);
    await page.session.startTalking();
    expect(page.environment.audio.tracks).toHaveLength(2);
  });
});

describe('interrupting Donna', () => {
  it('silences her, cancels her answer and tells how much of it was heard', async () => {
    const provider = await page.connected();
    page.session.say('Tell me a story');
    await provider.until('response.create');
    const place = { response_id: 'r1', item_id: 'item-1', output_index: 0, content_index: 0 };
    provider.send({ type: 'response.created', response: { id: 'r1' } });
    for (let i = 0; i < 5; i += 1) provider.send({ type: 'response.output_audio.delta', ...place, delta: sound(100) });
    const { context } = page.environment.audio;
    await eventually(() => context.sources.length === 5);
    // It began 60 ms after it came: two pieces and half of the third were heard.
    context.playUntil(0.06 + 0.25);
    await page.session.startTalking();
    await provider.until('response.cancel');
    expect(provider.of('response.cancel')).toEqual([{ type: 'response.cancel', response_id: 'r1' }]);
    expect(context.sources.slice(2).every(({ isStopped }) => isStopped)).toBe(true);

    // What was under way is not played any more.
    provider.send({ type: 'response.output_audio.delta', ...place, delta: sound(100) });
    provider.send({ type: 'response.output_audio_transcript.delta', ...place, delta: 'ghost' });
    provider.send({ type: 'response.done', response: { id: 'r1', status: 'cancelled' } });
    expect(await provider.until('conversation.item.truncate')).toEqual([
      { type: 'conversation.item.truncate', item_id: 'item-1', content_index: 0, audio_end_ms: 250 },
    ]);
    page.environment.audio.speak(4);
    await page.session.stopTalking();
    await provider.until('response.create', 2);
    provider.answer('r2');
    await eventually(() => page.of('transcript').at(-1)?.itemId === 'item-r2');
    expect(context.sources).toHaveLength(7);
    expect(JSON.stringify(page.of('transcript'))).not.toContain('ghost');
  });

  it('tells at once how much was heard of an answer that had arrived whole', async () => {
    const provider = await page.connected();
    page.session.say('Hello');
    await provider.until('response.create');
    provider.answer('r1', { soundMs: 1000 });
    await eventually(() => page.environment.audio.context.sources.length === 10);
    await eventually(() => page.of('transcript').some(({ role, isFinal }) => role === 'assistant' && isFinal));
    provider.send({ type: 'deprecation', use: 'all before has been read' });
    await eventually(() => page.of('deprecation').length === 1);
    page.environment.audio.context.playUntil(0.06 + 0.42);
    page.session.say('Stop');
    await provider.until('response.create', 2);
    expect(provider.of('conversation.item.truncate')).toMatchObject([{ item_id: 'item-r1', audio_end_ms: 420 }]);
    expect(provider.types).not.toContain('response.cancel');
  });

  it('asks for the next answer only when the cancelled one has ended, as a provider demands', async () => {
    const provider = await page.connected();
    page.session.say('one');
    await provider.until('response.create');
    provider.send({ type: 'response.created', response: { id: 'r1' } });
    provider.send({ type: 'response.output_audio_transcript.delta', response_id: 'r1', item_id: 'i', delta: 'well' });
    await eventually(() => page.of('transcript').some(({ role }) => role === 'assistant'));
    page.session.say('two');
    await provider.until('response.cancel');
    expect(provider.of('response.create')).toHaveLength(1);
    expect(page.session.state).toBe('thinking');
    provider.send({ type: 'response.done', response: { id: 'r1', status: 'cancelled' } });
    await provider.until('response.create', 2);
  });

  it('cancels an answer that had not begun as soon as it does', async () => {
    const provider = await page.connected();
    page.session.say('one');
    await provider.until('response.create');
    await page.session.startTalking();
    expect(provider.of('response.cancel')).toEqual([]);
    provider.send({ type: 'response.created', response: { id: 'r1' } });
    expect(await provider.until('response.cancel')).toEqual([{ type: 'response.cancel', response_id: 'r1' }]);
  });
});

describe('what a server may say', () => {
  it('is understood in the words of the beta too', async () => {
    const provider = await page.connected();
    page.session.say('Hello');
    await provider.until('response.create');
    const place = { response_id: 'r1', item_id: 'i1', output_index: 0, content_index: 0 };
    provider.send(
      { type: 'response.created', response: { id: 'r1' } },
      { type: 'response.audio_transcript.delta', ...place, delta: 'Old ' },
      { type: 'response.audio.delta', ...place, delta: sound(100) },
      { type: 'response.audio_transcript.delta', ...place, delta: 'words' },
      { type: 'response.audio_transcript.done', ...place, transcript: 'Old words.' },
      { type: 'conversation.item.input_audio_transcription.delta', item_id: 'u1', delta: 'Hel' },
      { type: 'conversation.item.input_audio_transcription.completed', item_id: 'u1', transcript: 'Hello.' },
      { type: 'response.done', response: { id: 'r1', status: 'completed' } },
    );
    await eventually(
      () => page.of('transcript').at(-1)?.itemId === 'u1' && page.of('transcript').at(-1)?.isFinal === true,
    );
    expect(page.of('transcript').map(({ role, text, isFinal }) => [role, text, isFinal])).toEqual([
      ['user', 'Hello', true],
      ['assistant', 'Old ', false],
      ['assistant', 'Old words', false],
      ['assistant', 'Old words.', true],
      ['user', 'Hel', false],
      ['user', 'Hello.', true],
    ]);
    expect(page.environment.audio.context.sources).toHaveLength(1);
  });

  it('may be nonsense now and then, without harm', async () => {
    const provider = await page.connected();
    provider.send('{', '[]', 'null', '{"type":7}', '"text"', '{"type":"response.output_audio.delta","delta":"%%%"}');
    provider.send({ type: 'response.output_audio.delta', delta: 7 }, { type: 'response.done' }, { type: 'error' });
    provider.send({ type: '__proto__' }, { type: 'response.created', response: null });
    provider.socket.send(Buffer.from([1, 2, 3]));
    provider.send({ type: 'response.done', response: { id: '', status: 'completed' } });
    page.session.say('Still there?');
    await provider.until('response.create');
    provider.answer('r1');
    await eventually(() => page.of('transcript').some(({ text }) => text === 'Good day.'));
  });

  it('is not listened to for ever when it is nothing but nonsense', async () => {
    const provider = await page.connected();
    for (let i = 0; i < 20; i += 1) provider.send('{');
    await eventually(() => provider.closeCode !== undefined);
    expect(provider.closeCode).toBe(4500);
    await page.until('failed');
    expect(page.errors).toEqual(['protocol']);
  });

  it('fails an answer kindly, and holds nothing of the provider’s text', async () => {
    const provider = await page.connected();
    page.session.say('Hello');
    const [asked] = await provider.until('response.create');
    provider.send({
      type: 'error',
      error: {
        type: 'server_error',
        code: 'overloaded',
        message: 'sk-secret at host 10.0.0.1',
        event_id: asked?.['event_id'],
      },
    });
    await page.until('ready');
    expect(page.of('error')).toEqual([{ code: 'answer_failed', message: expect.any(String), detail: 'overloaded' }]);
    expect(JSON.stringify(page.told)).not.toContain('sk-secret');
  });

  it('is that the client uses an old message', async () => {
    const provider = await page.connected();
    provider.send({ type: 'deprecation', use: 'connect_realtime' });
    await eventually(() => page.of('deprecation').length === 1);
    expect(page.of('deprecation')).toEqual([{ use: 'connect_realtime' }]);
  });
});

describe('server VAD, where it is configured', () => {
  it('lets the provider find the turns: no commit, and whoever speaks interrupts', async () => {
    server.config['serverVad'] = true;
    const provider = await page.connected();
    expect((await provider.until('session.update'))[0]).toMatchObject({
      session: { audio: { input: { turn_detection: { type: 'server_vad' } } } },
    });
    await page.session.startTalking();
    page.environment.audio.speak(3);
    provider.send({ type: 'input_audio_buffer.speech_started' }, { type: 'input_audio_buffer.speech_stopped' });
    provider.send({ type: 'response.created', response: { id: 'r1' } });
    provider.send({
      type: 'response.output_audio.delta',
      response_id: 'r1',
      item_id: 'i1',
      content_index: 0,
      delta: sound(500),
    });
    await page.until('speaking');
    provider.send({ type: 'input_audio_buffer.speech_started' });
    await provider.until('response.cancel');
    provider.send({ type: 'error', error: { code: 'response_cancel_not_active' } });
    provider.send({ type: 'response.done', response: { id: 'r1', status: 'cancelled' } });
    await provider.until('conversation.item.truncate');
    expect(page.errors).toEqual([]);
    expect(page.environment.audio.context.sources[0]?.isStopped).toBe(true);
    expect(provider.types).not.toContain('input_audio_buffer.commit');
    expect(provider.types).not.toContain('response.create');
  });
});

describe('how long a person waited', () => {
  it('is told to the page and to the gateway', async () => {
    const seen: string[] = [];
    const onLatency = ({ name }: { readonly name: string }) => void seen.push(name);
    page = new VoicePage(server, { onLatency });
    const provider = await page.connected();
    await page.speak(4);
    await provider.until('response.create');
    page.environment.advance(120);
    provider.answer('r1');
    await eventually(() => server.callsTo('/api/voice/events').length === 4);
    expect(seen).toEqual(['token', 'connect', 'first_audio', 'first_transcript']);
    expect(page.of('latency').find(({ name }) => name === 'first_audio')).toEqual({
      name: 'first_audio',
      ms: 120,
      path: 'direct',
    });
    const events = server.callsTo('/api/voice/events').map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(events.map(({ type, data }) => [type, (data as { name: string }).name]).sort()).toEqual(
      seen.map((name) => ['latency', name]).sort(),
    );
    expect(new Set(events.map(({ session_id: id }) => id)).size).toBe(1);
  });

  it('is nobody’s trouble when the gateway does not want to know', async () => {
    server.answers['/api/voice/events'] = () => ({ status: 503, json: { success: false } });
    const provider = await page.connected();
    page.session.say('Hello');
    await provider.until('response.create');
    provider.answer('r1');
    await eventually(() => server.callsTo('/api/voice/events').length === 4);
    expect(page.errors).toEqual([]);
  });
});

describe('what the page asks wrongly', () => {
  it('is told, and does nothing', async () => {
    page.session.say('Hello');
    await page.session.startTalking();
    await page.session.stopTalking();
    expect(page.errors).toEqual(['not_connected', 'not_connected']);
    const provider = await page.connected();
    page.session.say('x'.repeat(4001));
    page.session.say('   ');
    expect(page.errors.at(-1)).toBe('too_long');
    page.session.say('x'.repeat(4000));
    await provider.until('response.create');
    expect(provider.of('conversation.item.create')).toHaveLength(1);
  });
});
