import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type ProviderStub, startProviderStub } from '../../src/providers/index.js';
import { readClientFiles } from '../../src/realtime/delivery/client-files.js';
import { call } from '../support/http-call.js';
import { outcome } from '../support/realtime-token.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const SCRIPTS = ['/realtime/donna-realtime.js', '/realtime/capture-worklet.js'];

describe("the browser's part of realtime, by the shipped table", () => {
  let stub: ProviderStub;
  let gateway: TestGateway;
  let proxying: TestGateway;

  beforeAll(async () => {
    stub = await startProviderStub();
    gateway = await startTestGateway({ phpTargets: ['http://127.0.0.1:9'], stubOrigin: stub.origin });
    proxying = await startTestGateway({
      phpTargets: ['http://127.0.0.1:9'],
      stubOrigin: stub.origin,
      env: { ENABLE_WS_PROXY: 'true', ENABLE_RECONNECT: 'false', ENABLE_SERVER_VAD: 'true' },
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await proxying.stop();
    await stub.stop();
  });

  it.each(SCRIPTS)('%s is a script that a browser asks after each time', async (path) => {
    const answer = await call(gateway.url, path);
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'x-trace-id': expect.any(String),
    });
    expect(answer.headers['vary']).toContain('Accept-Encoding');
    const etag = String(answer.headers['etag']);
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    for (const sent of [etag, `W/${etag}`, `"other", ${etag}`, '*'])
      expect(await call(gateway.url, path, { headers: { 'If-None-Match': sent } })).toMatchObject({
        status: 304,
        text: '',
      });
    expect((await call(gateway.url, path, { headers: { 'If-None-Match': '"other"' } })).status).toBe(200);
  });

  it('exports what a page needs, and needs no other file', async () => {
    const { text } = await call(gateway.url, '/realtime/donna-realtime.js');
    expect(text).toMatch(/export\{\w+ as createVoiceSession\};/);
    expect(text).not.toMatch(/\bimport\s*[{"'*]|\brequire\(|\beval\(|new Function/);
    expect((await call(gateway.url, '/realtime/capture-worklet.js')).text).toContain(
      'registerProcessor("donna-capture"',
    );
  });

  it('goes compressed to whom takes that, with a validator of its own', async () => {
    const plain = await call(gateway.url, SCRIPTS[0] ?? '');
    const zipped = await fetch(`${gateway.url}${SCRIPTS[0]}`, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(await zipped.text()).toBe(plain.text);
    expect(zipped.headers.get('etag')).not.toBe(plain.headers['etag']);
    expect(Number(zipped.headers.get('content-length'))).toBeLessThan(11_264);
    const refused = await fetch(`${gateway.url}${SCRIPTS[0]}`, {
      headers: { 'Accept-Encoding': 'gzip;q=0, identity' },
    });
    expect(refused.headers.get('content-encoding')).toBeNull();
    await refused.text();
  });

  it('reads a hostile Accept-Encoding in no time', async () => {
    const timed = async (accepted: string): Promise<number> => {
      const startedAt = performance.now();
      const answer = await call(gateway.url, SCRIPTS[0] ?? '', { headers: { 'Accept-Encoding': accepted } });
      expect(answer.headers['content-encoding']).toBeUndefined();
      return performance.now() - startedAt;
    };
    // The same number of bytes, the best of five: what is compared is the work on them.
    let [plain, hostile] = [Infinity, Infinity];
    for (let i = 0; i < 5; i += 1) {
      plain = Math.min(plain, await timed('x'.repeat(14_000)));
      hostile = Math.min(hostile, await timed(`gzip${' '.repeat(13_995)}x`));
    }
    expect(hostile).toBeLessThan(20 * plain + 50);
  });

  it.each([...SCRIPTS, '/realtime/config.json'])('%s has a head without a body', async (path) => {
    const answer = await call(gateway.url, path, { method: 'HEAD' });
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(Number(answer.headers['content-length'])).toBeGreaterThan(100);
  });

  it('tells a browser all that it must know, and no secret', async () => {
    const answer = await call(gateway.url, '/realtime/config.json');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json()).toEqual({
      success: true,
      traceId: answer.headers['x-trace-id'],
      data: {
        tokenUrl: '/api/realtime/token',
        accessTokenUrl: '/api/auth/token',
        eventsUrl: '/api/voice/events',
        socketUrl: null,
        providerUrl: `${stub.origin.replace('http', 'ws')}/openai/v1/realtime`,
        model: 'gpt-realtime',
        serverVad: false,
        reconnect: { enabled: true, maxAttempts: 8, baseMs: 500, capMs: 15_000 },
        audio: { sampleRate: 24_000 },
        bufferMs: 10_000,
      },
    });
    expect(answer.text).not.toContain('local-stub');
  });

  it('follows the flags', async () => {
    expect((await call(proxying.url, '/realtime/config.json')).json()).toMatchObject({
      data: { socketUrl: '/realtime', serverVad: true, reconnect: { enabled: false } },
    });
  });

  it.each([
    ['/realtime/index.html', 404],
    ['/realtime/config.json/', 404],
    ['/realtime/%2e%2e/realtime/donna-realtime.ts', 404],
    ['/realtime/toString', 404],
    ['/realtime/donna-realtime.js%00', 400],
  ])('%s is nothing', async (path, status) => {
    const answer = await call(gateway.url, path);
    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject({ success: false });
  });

  it('takes no writes', async () => {
    expect(outcome(await call(gateway.url, '/realtime/config.json', { method: 'POST' }))).toEqual([
      405,
      'METHOD_NOT_ALLOWED',
    ]);
  });
});

describe('a gateway without realtime', () => {
  it('says so instead of a configuration', async () => {
    const gateway = await startTestGateway({ phpTargets: ['http://127.0.0.1:9'] });
    try {
      expect(outcome(await call(gateway.url, '/realtime/config.json'))).toEqual([503, 'REALTIME_DISABLED']);
    } finally {
      await gateway.stop();
    }
  });
});

describe('the built client', () => {
  it('is taken whole from one place, or not at all', () => {
    const half = mkdtempSync(join(tmpdir(), 'donna-client-'));
    try {
      writeFileSync(join(half, 'donna-realtime.js'), 'half');
      expect(readClientFiles([half]).size).toBe(0);
      const cache = join(import.meta.dirname, '../../node_modules/.cache/donna-gateway/client');
      const file = readClientFiles([half, cache]).get('donna-realtime.js');
      expect(file?.bytes.byteLength).toBeGreaterThan(10_000);
      expect(gunzipSync(file?.gzip ?? Buffer.alloc(0)).equals(file?.bytes ?? Buffer.alloc(0))).toBe(true);
    } finally {
      rmSync(half, { recursive: true, force: true });
    }
  });
});
