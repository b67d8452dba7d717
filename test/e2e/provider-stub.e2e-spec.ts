import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ProviderStub, startProviderStub } from '../../src/providers/index.js';

let stub: ProviderStub;
beforeAll(async () => {
  stub = await startProviderStub();
});
afterAll(async () => stub.stop());

const bearer = { authorization: 'Bearer sk-test' };

function post(path: string, body: unknown, headers: Record<string, string> = bearer): Promise<Response> {
  return fetch(`${stub.origin}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
}

function chat(content: unknown, more: object = {}, signal?: AbortSignal): Promise<Response> {
  const messages = [
    { role: 'user', content: 'first' },
    { role: 'assistant', content: 'yes' },
    { role: 'user', content },
  ];
  const body = JSON.stringify({ model: 'gpt-4o', messages, ...more });
  const init = { method: 'POST', body, headers: { ...bearer, 'content-type': 'application/json' } };
  return fetch(`${stub.origin}/openai/v1/chat/completions`, signal === undefined ? init : { ...init, signal });
}

/** JSON whose shape the assertions check. */
async function read(answer: Response | Promise<Response>) {
  return JSON.parse(await (await answer).text());
}

describe('the OpenAI stub', () => {
  it('answers the last user message, the same each time, with usage that adds up', async () => {
    const [one, two] = await Promise.all([chat('May I book an appointment?'), chat('May I book an appointment?')]);
    const first = await read(one);
    expect(first).toMatchObject({
      object: 'chat.completion',
      model: 'gpt-4o',
      choices: [{ finish_reason: 'stop', message: { role: 'assistant' } }],
    });
    expect(first.choices[0].message.content).toContain('tomorrow');
    expect(first.usage.total_tokens).toBe(first.usage.prompt_tokens + first.usage.completion_tokens);
    expect((await read(two)).choices).toEqual(first.choices);
  });

  it('reads messages made of parts, and names what it does not know', async () => {
    const answer = await read(chat([{ type: 'text', text: 'The lift is stuck' }]));
    expect(answer.choices[0].message.content).toContain('The lift is stuck');
  });

  it('streams the same reply as events, ended by [DONE]', async () => {
    const whole = (await read(chat('hello'))).choices[0].message.content;
    const answer = await chat('hello', { stream: true });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const events = (await answer.text())
      .trim()
      .split('\n\n')
      .map((event) => event.replace(/^data: /, ''));
    expect(events.pop()).toBe('[DONE]');
    const chunks = events.map((event) => JSON.parse(event));
    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks.map(({ choices }) => choices[0].delta.content ?? '').join('')).toBe(whole);
    expect(chunks.at(-1).choices[0].finish_reason).toBe('stop');
  });

  it('refuses a call without a key, or without messages, in OpenAI’s shape', async () => {
    const keyless = await post('/openai/v1/chat/completions', { messages: [] }, {});
    expect([keyless.status, await keyless.json()]).toEqual([
      401,
      { error: expect.objectContaining({ type: 'invalid_request_error' }) },
    ]);
    const empty = await post('/openai/v1/chat/completions', { messages: [] });
    expect(empty.status).toBe(400);
    expect((await post('/openai/v1/unknown', {})).status).toBe(404);
  });

  it('fails as its magic words say', async () => {
    const limited = await chat('please #stub:429');
    expect([limited.status, limited.headers.get('retry-after'), (await read(limited)).error.code]).toEqual([
      429,
      '2',
      'rate_limit_exceeded',
    ]);
    const broken = await chat('#stub:500');
    expect([broken.status, (await read(broken)).error.type]).toEqual([500, 'server_error']);
    const garbage = await chat('#stub:garbage');
    expect(garbage.status).toBe(200);
    await expect(garbage.json()).rejects.toThrow();
    await expect(chat('#stub:slow', {}, AbortSignal.timeout(300))).rejects.toThrow(/timeout/);
  });

  describe('makes client secrets for realtime', () => {
    const session = { type: 'realtime', model: 'gpt-realtime' };
    const ask = (body: unknown, headers: Record<string, string> = {}) =>
      post('/openai/v1/realtime/client_secrets', body, { ...bearer, ...headers });

    it('in the GA shape, with the session as it was asked for', async () => {
      const asked = {
        expires_after: { anchor: 'created_at', seconds: 300 },
        session: { ...session, audio: { input: { turn_detection: null }, output: { voice: 'cedar' } } },
      };
      const [one, two] = [await read(ask(asked)), await read(ask(asked))];
      expect(one).toMatchObject({
        value: expect.stringMatching(/^ek_/),
        session: { ...session, audio: { input: { turn_detection: null }, output: { voice: 'cedar' } } },
      });
      expect(Math.abs(one.expires_at - Date.now() / 1000 - 300)).toBeLessThan(10);
      expect(two.value).not.toBe(one.value);
      const { turn_detection: turn } = (await read(ask({ session }))).session.audio.input;
      expect(turn).toMatchObject({ type: 'server_vad', threshold: 0.5, create_response: true });
    });

    it('and refuses the shape of the beta by its name', async () => {
      const answer = await ask({ session }, { 'openai-beta': 'realtime=v1' });
      expect([answer.status, (await read(answer)).error.code]).toEqual([400, 'beta_api_shape_disabled']);
    });

    it.each([
      ['no session', {}, 'session.type'],
      ['the flat fields of before', { model: 'gpt-realtime', voice: 'marin' }, 'model'],
      ['a flat field inside the session', { session: { ...session, voice: 'marin' } }, 'session.voice'],
      ['a session of another type', { session: { type: 'transcription' } }, 'session.type'],
      ['nine seconds', { session, expires_after: { seconds: 9 } }, 'expires_after.seconds'],
      ['7201 seconds', { session, expires_after: { seconds: 7201 } }, 'expires_after.seconds'],
      ['another anchor', { session, expires_after: { anchor: 'now' } }, 'expires_after.anchor'],
      ['a model of another kind', { session: { ...session, model: 'gpt-4o' } }, 'session.model'],
      [
        'a voice of ElevenLabs',
        { session: { ...session, audio: { output: { voice: 'Rachel' } } } },
        'session.audio.output.voice',
      ],
    ])('and refuses %s, naming the parameter', async (_name, body, param) => {
      const answer = await ask(body);
      expect([answer.status, (await read(answer)).error]).toEqual([400, expect.objectContaining({ param })]);
    });

    it('and not without a key', async () => {
      expect((await post('/openai/v1/realtime/client_secrets', { session }, {})).status).toBe(401);
    });
  });

  it('transcribes a recording, and refuses a form without one', async () => {
    const form = new FormData();
    form.set('model', 'whisper-1');
    const send = () =>
      fetch(`${stub.origin}/openai/v1/audio/transcriptions`, { method: 'POST', body: form, headers: bearer });
    expect((await send()).status).toBe(400);
    form.set('file', new Blob([new Uint8Array(1234)], { type: 'audio/wav' }), 'a.wav');
    expect(await (await send()).json()).toEqual({ text: expect.stringContaining('1234 bytes') });
  });

  it('takes no body past 25 MB', async () => {
    expect((await post('/openai/v1/chat/completions', { messages: ['x'.repeat(26 * 1024 * 1024)] })).status).toBe(413);
  });
});

describe('the ElevenLabs stub', () => {
  const key = { 'xi-api-key': 'test' };

  it('lists voices to who has a key', async () => {
    expect((await fetch(`${stub.origin}/elevenlabs/v1/voices`)).status).toBe(401);
    const { voices } = await read(fetch(`${stub.origin}/elevenlabs/v1/voices`, { headers: key }));
    expect(voices[0]).toMatchObject({ voice_id: expect.any(String), name: 'Rachel' });
  });

  it('speaks a text as a valid WAV whose length follows the text', async () => {
    const say = async (text: string) => {
      const answer = await post('/elevenlabs/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM', { text }, key);
      expect(answer.headers.get('content-type')).toBe('audio/wav');
      return Buffer.from(await answer.arrayBuffer());
    };
    const [short, long] = [await say('Good morning'), await say('Good morning, this is Donna speaking. '.repeat(3))];
    expect(short.toString('latin1', 0, 4) + short.toString('latin1', 8, 12)).toBe('RIFFWAVE');
    expect(short.readUInt32LE(4)).toBe(short.byteLength - 8);
    expect(short.readUInt32LE(40)).toBe(short.byteLength - 44);
    expect(long.byteLength).toBeGreaterThan(short.byteLength * 5);
  });

  it('speaks again what was spoken, and refuses unknown voices, empty texts and unknown paths', async () => {
    const form = new FormData();
    form.set('audio', new Blob([new Uint8Array(64_000)]), 'a.wav');
    const again = await fetch(`${stub.origin}/elevenlabs/v1/speech-to-speech/JBFqnCBsd6RMkjVDRZzb`, {
      method: 'POST',
      body: form,
      headers: key,
    });
    expect((await again.arrayBuffer()).byteLength).toBe(64_044);
    expect((await post('/elevenlabs/v1/text-to-speech/nobody', { text: 'x' }, key)).status).toBe(404);
    expect((await post('/elevenlabs/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb', { text: ' ' }, key)).status).toBe(422);
    expect(await (await post('/elevenlabs/v1/other', {}, key)).json()).toEqual({ detail: 'Not Found' });
  });
});

describe('the Telnyx stub', () => {
  it('makes a call, acts on it, tells its state, and lets it end once', async () => {
    const { data } = await read(post('/telnyx/v2/calls', { to: '+431', from: '+432', connection_id: 'c' }));
    expect(data).toMatchObject({ record_type: 'call', is_alive: true, call_control_id: expect.stringMatching(/^v3:/) });
    const at = `/telnyx/v2/calls/${encodeURIComponent(data.call_control_id)}`;
    for (const action of ['answer', 'record_start']) {
      expect(await (await post(`${at}/actions/${action}`, {})).json()).toEqual({ data: { result: 'ok' } });
    }
    expect((await post(`${at}/actions/transfer`, {})).status).toBe(422);
    expect((await post(`${at}/actions/transfer`, { to: '+433' })).status).toBe(200);
    expect((await post(`${at}/actions/hangup`, {})).status).toBe(200);
    const told = await read(fetch(`${stub.origin}${at}`, { headers: bearer }));
    expect(told.data.is_alive).toBe(false);
    expect((await post(`${at}/actions/hangup`, {})).status).toBe(422);
  });

  it('refuses without a key, without a number, and what it does not know, in Telnyx’s shape', async () => {
    expect((await post('/telnyx/v2/calls', {}, {})).status).toBe(401);
    const lacking = await post('/telnyx/v2/calls', { to: '+431' });
    expect([lacking.status, await lacking.json()]).toEqual([
      422,
      { errors: [expect.objectContaining({ source: { pointer: '/from' } })] },
    ]);
    for (const path of [
      '/telnyx/v2/calls/v3:no/actions/answer',
      '/telnyx/v2/calls/%E0/actions/answer',
      '/telnyx/v2/other',
    ]) {
      expect([path, (await post(path, {})).status]).toEqual([path, 404]);
    }
  });
});
