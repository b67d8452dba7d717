import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readClientConfig } from '../../src/realtime/client/client-config.js';
import { VoicePage } from './support/voice-page.js';
import { VoiceServer } from './support/voice-server.js';

const AT = 'https://donna.example/realtime/config.json';
const GOOD = {
  tokenUrl: '/api/realtime/token',
  accessTokenUrl: '/api/auth/token',
  socketUrl: '/realtime',
  providerUrl: 'wss://provider.example/v1/realtime',
  model: 'gpt-realtime',
  serverVad: false,
  reconnect: { enabled: true, maxAttempts: 8, baseMs: 500, capMs: 15_000 },
  audio: { sampleRate: 24_000 },
  bufferMs: 10_000,
};

describe('the configuration', () => {
  it('names addresses of the gateway that sent it', () => {
    expect(readClientConfig({ data: GOOD }, AT)).toMatchObject({
      tokenUrl: 'https://donna.example/api/realtime/token',
      accessTokenUrl: 'https://donna.example/api/auth/token',
      eventsUrl: 'https://donna.example/api/voice/events',
      socketUrl: 'wss://donna.example/realtime',
      providerUrl: 'wss://provider.example/v1/realtime',
    });
  });

  it('names them behind the prefix under which the gateway is mounted', () => {
    expect(readClientConfig({ data: GOOD }, 'http://office.example/donna/realtime/config.json')).toMatchObject({
      tokenUrl: 'http://office.example/donna/api/realtime/token',
      socketUrl: 'ws://office.example/donna/realtime',
    });
  });

  it.each([
    ['a token address elsewhere', { tokenUrl: 'https://evil.example/token' }],
    ['one without a scheme', { tokenUrl: '//evil.example/token' }],
    ['one of another kind', { accessTokenUrl: 'javascript:alert(1)' }],
    ['a socket elsewhere', { socketUrl: 'https://evil.example/realtime' }],
    ['no provider', { providerUrl: undefined }],
    ['a provider that is no WebSocket', { providerUrl: 'https://provider.example' }],
    ['a provider with a password', { providerUrl: 'wss://a:b@provider.example/' }],
    ['another sample rate', { audio: { sampleRate: 48_000 } }],
    ['no pauses', { reconnect: { enabled: true } }],
    ['a bound that is none', { bufferMs: 'long' }],
    ['an endless one', { bufferMs: Infinity }],
    ['no model', { model: '' }],
  ])('is refused with %s', (_, part) => {
    expect(() => readClientConfig({ data: { ...GOOD, ...part } }, AT)).toThrow(
      expect.objectContaining({ code: 'bad_answer' }),
    );
  });

  it('is bounded, whatever it says', () => {
    const reconnect = { enabled: true, maxAttempts: 1e9, baseMs: 0, capMs: 1e12 };
    expect(readClientConfig({ data: { ...GOOD, reconnect, bufferMs: 1e12 } }, AT)).toMatchObject({
      reconnect: { maxAttempts: 100, baseMs: 50, capMs: 300_000 },
      bufferMs: 60_000,
    });
  });
});

describe('a configuration that cannot be had', () => {
  let server: VoiceServer;
  beforeAll(async () => {
    server = await VoiceServer.start();
  });
  beforeEach(() => server.reset());
  afterAll(() => server.stop());

  it.each([
    ['is missing', { status: 404, json: { success: false } }, 'refused'],
    ['is no JSON', { status: 200, json: '<html>' }, 'bad_answer'],
    ['is huge', { status: 200, json: { success: true, data: 'x'.repeat(300_000) } }, 'bad_answer'],
    ['is an array', { status: 200, json: [] }, 'bad_answer'],
    ['says failure with 200', { status: 200, json: { success: false } }, 'bad_answer'],
    ['is switched off', { status: 503, json: { success: false, errorCode: 'REALTIME_DISABLED' } }, 'disabled'],
    ['is late', { status: 504, json: { success: false } }, 'timeout'],
    ['lies elsewhere', { status: 302, json: {}, headers: { Location: '/elsewhere' } }, 'network'],
  ])('fails the connection kindly when it %s', async (_, answer, code) => {
    server.answers['/realtime/config.json'] = () => answer;
    const page = new VoicePage(server);
    await expect(page.session.connect()).rejects.toMatchObject({ code });
    expect(page.of('state').at(-1)).toMatchObject({ state: 'failed', reason: code });
    expect(page.environment.waits).toEqual([]);
    expect(page.environment.audio.context.isClosed).toBe(true);
  });

  it('is asked for beside the module, behind any prefix', async () => {
    server.answers['/donna/realtime/config.json'] = () => ({
      status: 200,
      json: { success: true, data: server.config },
    });
    server.answers['/donna/api/realtime/token'] =
      server.answers['/api/realtime/token'] ?? (() => ({ status: 500, json: {} }));
    const page = new VoicePage(server, {}, '/donna');
    await page.connected();
    expect(server.callsTo('/donna/api/realtime/token')).toHaveLength(1);
    page.session.close();
  });
});
