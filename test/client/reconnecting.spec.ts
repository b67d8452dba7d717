import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, settle } from '../support/eventually.js';
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

describe('a connection that is lost', () => {
  it.each([1001, 1006, 1011, 1012, 1013, 4008])('is made again after %i, with a pause', async (code) => {
    const provider = await page.connected();
    if (code === 1006) provider.socket.terminate();
    else provider.socket.close(code);
    await page.until('reconnecting');
    expect(await page.passPause()).toBe(250); // half of the first bound
    await page.until('ready');
    expect(server.sockets).toHaveLength(2);
    expect(page.of('state').find(({ state }) => state === 'reconnecting')?.message).toContain('lost');
  });

  it.each([
    [1000, 'closed', 'ended'],
    [4001, 'failed', 'unauthenticated'],
    [1008, 'failed', 'protocol'],
  ])('is not made again after %i', async (code, state, reason) => {
    const provider = await page.connected();
    provider.socket.close(code);
    await page.until(state);
    expect(page.of('state').at(-1)).toEqual({ state, reason, message: expect.stringMatching(/^[A-Z].{15,}\.$/) });
    expect(page.environment.waits).toEqual([]);
    expect(server.sockets).toHaveLength(1);
  });

  it('is tried again with growing pauses up to the limit, then the person is told', async () => {
    const provider = await page.connected();
    server.refuse = () => 503;
    page.environment.dice = 1;
    provider.socket.terminate();
    expect([await page.passPause(), await page.passPause(), await page.passPause()]).toEqual([500, 1000, 2000]);
    await page.until('failed');
    expect(page.errors).toEqual(['network']);
    expect(page.of('state').at(-1)?.message).toBe(
      'Donna cannot be reached at the moment. Please check your connection.',
    );
    server.refuse = undefined;
    await page.session.connect();
    expect(page.session.state).toBe('ready');
  });

  it('counts its attempts anew when it held for a while', async () => {
    page.environment.dice = 1;
    let provider = await page.connected();
    for (const number of [2, 3, 4, 5, 6]) {
      page.environment.advance(10_000);
      provider.socket.terminate();
      expect(await page.passPause()).toBe(500);
      provider = await server.connection(number);
      await page.until('ready');
    }
  });

  it('stays lost where reconnecting is switched off', async () => {
    server.config['reconnect'] = { enabled: false, maxAttempts: 3, baseMs: 500, capMs: 4000 };
    const provider = await page.connected();
    provider.socket.terminate();
    await page.until('failed');
    expect(page.environment.waits).toEqual([]);
  });

  it('waits as long as a busy gateway asks', async () => {
    const answer = server.answers['/api/realtime/token'];
    server.answers['/api/realtime/token'] = () => ({
      status: 429,
      json: { success: false },
      headers: { 'Retry-After': '3' },
    });
    const connected = page.session.connect();
    await eventually(() => page.environment.waits.includes(3000));
    server.answers['/api/realtime/token'] = answer ?? (() => ({ status: 500, json: {} }));
    page.environment.advance(3000);
    await connected;
  });

  it('is missed when nothing comes any more although an answer is awaited', async () => {
    const provider = await page.connected();
    page.session.say('Hello');
    await provider.until('response.create');
    page.environment.advance(19_999);
    expect(page.session.state).toBe('thinking');
    page.environment.advance(1);
    await page.until('reconnecting');
    await page.passPause();
    const second = await server.connection(2);
    await second.until('response.create');
    expect(second.of('conversation.item.create')).toHaveLength(1);
  });
});

describe('what was said while the connection was away', () => {
  it('is said again on the new one: what was sent of the turn, what came meanwhile, the commit', async () => {
    const provider = await page.connected();
    await page.session.startTalking();
    page.environment.audio.speak(3, 1);
    await provider.until('input_audio_buffer.append', 3);
    provider.socket.terminate();
    await page.until('reconnecting');
    page.environment.audio.speak(3, 4);
    await page.session.stopTalking();
    page.environment.audio.speak(3, 100);
    await page.passPause();
    const second = await server.connection(2);
    await second.until('response.create');
    expect(second.types).toEqual([
      ...Array.from({ length: 6 }, () => 'input_audio_buffer.append'),
      'input_audio_buffer.commit',
      'response.create',
    ]);
    const said = second.of('input_audio_buffer.append').map(({ audio }) => Buffer.from(String(audio), 'base64')[0]);
    expect(said).toEqual([1, 2, 3, 4, 5, 6]);
    expect(page.errors).toEqual([]);
    second.answer('r1');
    await page.until('speaking');
  });

  it('is kept for a bounded time: the oldest goes, and the person is told', async () => {
    const provider = await page.connected();
    await page.session.startTalking();
    provider.socket.terminate();
    await page.until('reconnecting');
    page.environment.audio.speak(200, 1); // eight seconds, of which one is kept
    await page.session.stopTalking();
    await page.passPause();
    const second = await server.connection(2);
    await second.until('response.create');
    const said = second.of('input_audio_buffer.append').map(({ audio }) => Buffer.from(String(audio), 'base64')[0]);
    expect(said).toEqual(Array.from({ length: 25 }, (_, i) => 176 + i));
    expect(page.errors).toEqual(['audio_dropped']);
  });

  it('is not lost in a network that takes nothing more', async () => {
    const provider = await page.connected();
    await page.session.startTalking();
    page.environment.audio.speak(3, 1);
    await provider.until('input_audio_buffer.append', 3);
    Object.defineProperty(page.environment.sockets[0], 'bufferedAmount', { value: 2_000_000 });
    page.environment.audio.speak(3, 4);
    await page.until('reconnecting');
    await page.session.stopTalking();
    await page.passPause();
    const second = await server.connection(2);
    await second.until('response.create');
    expect(second.of('input_audio_buffer.append')).toHaveLength(6);
    expect(provider.types).not.toContain('input_audio_buffer.commit');
  });

  it('goes on being heard when the person still speaks', async () => {
    const provider = await page.connected();
    await page.session.startTalking();
    provider.socket.terminate();
    await page.until('reconnecting');
    await page.passPause();
    const second = await server.connection(2);
    await page.until('listening');
    page.environment.audio.speak(4);
    await page.session.stopTalking();
    await second.until('response.create');
    expect(second.of('input_audio_buffer.append')).toHaveLength(4);
  });

  it('is written too, and asked for once', async () => {
    const provider = await page.connected();
    provider.socket.terminate();
    await page.until('reconnecting');
    page.session.say('one');
    page.session.say('two');
    await page.passPause();
    const second = await server.connection(2);
    await second.until('response.create');
    expect(second.types).toEqual(['conversation.item.create', 'conversation.item.create', 'response.create']);
  });

  it('is not asked for ever: after three connections the person hears that there is no answer', async () => {
    page.environment.dice = 0;
    let served = await page.connected();
    page.session.say('What kills you?');
    for (const number of [2, 3, 4]) {
      await served.until('response.create');
      page.environment.advance(10_000);
      served.socket.terminate();
      await page.passPause();
      served = await server.connection(number);
    }
    await page.until('ready');
    expect(page.errors).toEqual(['answer_failed']);
    await settle(50);
    expect(served.types).toEqual([]);
  });

  it('is remembered: the new connection is told what the talk was about', async () => {
    const provider = await page.connected();
    page.session.say('My name is Anna.');
    await provider.until('response.create');
    provider.answer('r1', { text: 'Good day, Anna.' });
    await page.until('speaking');
    page.environment.audio.context.playUntil(10);
    provider.socket.terminate();
    await page.until('reconnecting');
    await page.passPause();
    const second = await server.connection(2);
    await second.until('conversation.item.create', 2);
    expect(second.of('conversation.item.create').map(({ item }) => item)).toEqual([
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'My name is Anna.' }] },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Good day, Anna.' }] },
    ]);
    expect(second.types).not.toContain('response.create');
    expect(page.session.state).toBe('ready');
  });

  it('is not interrupted in the new connection’s books by sound of the old one', async () => {
    const provider = await page.connected();
    page.session.say('Hello');
    await provider.until('response.create');
    provider.answer('r1', { soundMs: 1000 });
    await page.until('speaking');
    provider.socket.terminate();
    await page.until('reconnecting');
    await page.passPause();
    const second = await server.connection(2);
    await page.until('speaking');
    await page.speak(4);
    await second.until('response.create');
    expect(second.types).not.toContain('conversation.item.truncate');
  });
});

describe('tokens', () => {
  it('are used again while they are fresh, and renewed before they run out', async () => {
    const provider = await page.connected();
    provider.socket.terminate();
    await page.until('reconnecting');
    await page.passPause();
    const second = await server.connection(2);
    expect(second.protocols[1]).toBe('openai-insecure-api-key.ek_1');
    await page.until('ready');
    page.environment.advance(590_000);
    second.socket.terminate();
    await page.until('reconnecting');
    await page.passPause();
    expect((await server.connection(3)).protocols[1]).toBe('openai-insecure-api-key.ek_2');
  });

  it.each([4003, 3000])('are renewed at once after %i', async (code) => {
    const provider = await page.connected();
    page.environment.advance(60_000);
    provider.socket.close(code);
    const second = await server.connection(2);
    expect(second.protocols[1]).toBe('openai-insecure-api-key.ek_2');
    await page.until('ready');
  });

  it('that are refused twice in a row end it: the person has to sign in', async () => {
    server.onSocket = ({ socket }) => socket.close(4003);
    await expect(page.session.connect()).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(server.sockets).toHaveLength(2);
    expect(page.session.state).toBe('failed');
  });

  it('are asked for in vain when nobody is signed in', async () => {
    server.answers['/api/realtime/token'] = () => ({
      status: 401,
      json: { success: false, errorCode: 'UNAUTHENTICATED' },
    });
    await expect(page.session.connect()).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(page.of('state').at(-1)?.message).toBe('Your session has ended. Please sign in again.');
    expect(server.callsTo('/api/realtime/token')).toHaveLength(1);
  });

  it('come by the page’s own access token where it has one, without cookies', async () => {
    page = new VoicePage(server, { accessToken: async () => 'jwt-of-the-page' });
    await page.connected();
    const [call] = server.callsTo('/api/realtime/token');
    expect(call?.headers.authorization).toBe('Bearer jwt-of-the-page');
    expect(call?.headers['x-csrf-token']).toBeUndefined();
  });

  it('are asked for anew, with the voice, when another voice is wished', async () => {
    const provider = await page.connected();
    page.session.setVoice('cedar');
    const second = await server.connection(2);
    await page.until('ready');
    expect(provider.closeCode).toBe(1000);
    expect(page.of('state').find(({ state }) => state === 'reconnecting')?.message).toBe('Donna changes her voice …');
    expect(second.protocols[1]).toBe('openai-insecure-api-key.ek_2');
    expect(server.callsTo('/api/realtime/token').map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      {},
      { voice: 'cedar' },
    ]);
    page.session.setVoice('cedar');
    await settle(50);
    expect(server.sockets).toHaveLength(2);
  });

  it('end with an hour’s session: another one goes on', async () => {
    const provider = await page.connected();
    page.environment.advance(3_600_000);
    provider.send({ type: 'error', error: { type: 'invalid_request_error', code: 'session_expired' } });
    await page.until('reconnecting');
    await page.passPause();
    expect((await server.connection(2)).protocols[1]).toBe('openai-insecure-api-key.ek_2');
    expect(page.errors).toEqual([]);
  });
});

describe('the way round by /realtime', () => {
  beforeEach(() => {
    server.config['socketUrl'] = '/realtime';
    server.refuse = (path) => (path.startsWith('/provider') ? 403 : undefined);
  });

  it('is gone when the direct one fails: authenticate, then connect_realtime', async () => {
    page = new VoicePage(server, { voice: 'marin', instructions: 'Be kind.' });
    await page.session.connect();
    const gateway = await server.connection(1);
    expect(gateway.path).toBe('/realtime');
    await gateway.until('session.update');
    expect(gateway.frames.slice(0, 3)).toEqual([
      { type: 'authenticate', token: 'jwt-2' },
      { type: 'connect_realtime', voice: 'marin', instructions: 'Be kind.' },
      expect.objectContaining({ type: 'session.update' }),
    ]);
    expect(server.callsTo('/api/auth/token')[0]?.headers['x-csrf-token']).toBe('proof');
    expect(page.of('latency').map(({ name, path }) => [name, path])).toEqual([
      ['token', 'direct'],
      ['token', 'proxy'],
      ['connect', 'proxy'],
    ]);
  });

  it('is gone first from then on', async () => {
    const gateway = await page.connected();
    const asked = server.callsTo('/api/realtime/token').length;
    gateway.socket.terminate();
    await page.until('reconnecting');
    await page.passPause();
    await page.until('ready');
    expect(server.callsTo('/api/realtime/token')).toHaveLength(asked);
  });

  it('is gone when the provider gives no token', async () => {
    server.answers['/api/realtime/token'] = () => ({ status: 502, json: { success: false } });
    await page.session.connect();
    expect(server.sockets[0]?.path).toBe('/realtime');
  });

  it('is not gone by somebody who is not signed in', async () => {
    server.answers['/api/realtime/token'] = () => ({ status: 401, json: { success: false } });
    await expect(page.session.connect()).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(server.callsTo('/api/auth/token')).toEqual([]);
  });

  it('renews an access token that ran out during the talk', async () => {
    const gateway = await page.connected();
    page.environment.advance(60_000);
    gateway.send({ type: 'auth_error' });
    gateway.socket.close(4003);
    const second = await server.connection(2);
    await page.until('ready');
    expect((await second.until('authenticate'))[0]?.['token']).not.toBe(gateway.of('authenticate')[0]?.['token']);
  });

  it('is gone anew when the gateway tells that the provider is lost', async () => {
    const gateway = await page.connected();
    page.session.say('Hello');
    await gateway.until('response.create');
    gateway.send({ type: 'upstream_closed', code: 1011 });
    await page.until('reconnecting');
    await page.passPause();
    const second = await server.connection(2);
    await second.until('response.create');
  });

  it('is a fault of the network when neither way works', async () => {
    server.refuse = () => 503;
    server.config['reconnect'] = { enabled: true, maxAttempts: 0, baseMs: 500, capMs: 4000 };
    await expect(page.session.connect()).rejects.toMatchObject({ code: 'network' });
  });

  it('does not wait for ever for a gateway that says nothing', async () => {
    server.onSocket = () => undefined;
    server.config['reconnect'] = { enabled: true, maxAttempts: 0, baseMs: 500, capMs: 4000 };
    const connected = page.session.connect();
    connected.catch(() => undefined);
    const gateway = await server.connection(1);
    await gateway.until('authenticate');
    page.environment.advance(10_000);
    await expect(connected).rejects.toMatchObject({ code: 'timeout' });
    await eventually(() => gateway.closeCode !== undefined);
  });
});

describe('nothing is left after close', () => {
  it('of a talk: microphone, sound, sockets, timers', async () => {
    const provider = await page.connected();
    await page.speak(4);
    await provider.until('response.create');
    provider.send({ type: 'response.created', response: { id: 'r1' } });
    provider.send({ type: 'response.output_audio.delta', response_id: 'r1', item_id: 'i', delta: sound(500) });
    await page.until('speaking');
    await eventually(() => server.callsTo('/api/voice/events').length === 3);
    page.session.close();
    await eventually(() => provider.closeCode === 1000);
    const { audio, waits, sockets } = page.environment;
    expect(waits).toEqual([]);
    expect(audio.tracks.every(({ isStopped }) => isStopped)).toBe(true);
    expect(audio.orders.at(-1)).toBe('stop');
    expect(audio.context.isClosed).toBe(true);
    expect(audio.context.sources.every(({ isStopped }) => isStopped)).toBe(true);
    await eventually(() => sockets.every(({ readyState }) => readyState === 3));
    expect(page.states.at(-1)).toBe('closed');
    const told = page.told.length;
    page.session.close();
    page.environment.advance(100_000);
    expect(page.told).toHaveLength(told);
    expect(server.sockets).toHaveLength(1);
  });

  it('of a pause between two attempts', async () => {
    const provider = await page.connected();
    provider.socket.terminate();
    await eventually(() => page.environment.waits.length > 0 && page.session.state === 'reconnecting');
    page.session.close();
    // The calls that tell of latencies end a turn later.
    await eventually(() => page.environment.waits.length === 0);
    await settle(50);
    expect(server.sockets).toHaveLength(1);
  });

  it.each(['/realtime/config.json', '/api/realtime/token'])('of a call to %s that is under way', async (path) => {
    let hold: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      hold = resolve;
    });
    const answer = server.answers[path];
    server.answers[path] = () => {
      hold();
      return answer?.() ?? { status: 500, json: {} };
    };
    const connected = page.session.connect();
    await asked;
    page.session.close();
    await expect(connected).rejects.toMatchObject({ code: 'ended' });
    await eventually(() => page.environment.waits.length === 0);
    await settle(50);
    expect(server.sockets).toEqual([]);
    expect(page.states).toEqual(['connecting', 'closed']);
  });

  it('of the microphone that the browser gave too late', async () => {
    await page.connected();
    let allow: () => void = () => undefined;
    page.environment.audio.permission = new Promise((resolve) => {
      allow = resolve;
    });
    const started = page.session.startTalking();
    await settle(20);
    page.session.close();
    allow();
    await started;
    expect(page.environment.audio.tracks.every(({ isStopped }) => isStopped)).toBe(true);
  });

  it('when the page closes in the midst of an event, and begins anew there', async () => {
    let hasClosed = false;
    page.session.on('state', ({ detail }) => {
      if (detail.state !== 'ready' || hasClosed) return;
      hasClosed = true;
      page.session.close();
      void page.session.connect();
    });
    page.session.connect().catch(() => undefined);
    await server.connection(2);
    await page.until('ready');
    expect(page.states).toEqual(['connecting', 'ready', 'closed', 'connecting', 'ready']);
    expect(server.sockets).toHaveLength(2);
  });

  it('and everything can begin anew', async () => {
    await page.connected();
    page.session.close();
    const provider = await page.connected();
    await page.speak(4);
    await provider.until('response.create');
    expect(page.states.slice(-4)).toEqual(['connecting', 'ready', 'listening', 'thinking']);
  });
});
