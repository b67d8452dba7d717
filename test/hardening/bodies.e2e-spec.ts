import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { makeAccessToken } from '../../src/auth/index.js';
import { type EmbeddedPhp, startEmbeddedPhp } from '../../src/forward/embedded/index.js';
import { describeWith } from '../setup/parts.js';
import { call, type CallOptions, multipart, sha256 } from '../support/http-call.js';
import { describeWithFpm, type PhpFpm, startPhpFpm } from '../support/php-fpm.js';
import { askRaw } from '../support/raw-client.js';
import { type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import {
  catchAllTable,
  IDENTITY_SECRET,
  JWT_SECRET,
  startTestGateway,
  type TestGateway,
} from '../support/test-gateway.js';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const FORM_TYPE = { 'Content-Type': 'application/x-www-form-urlencoded' };
const SPELLINGS = [
  ['duplicate keys', '{"a":1,"a":2,"b":{"a":1,"a":3}}'],
  ['odd white space', '{ "a" :\t1 ,\r\n\n  "b":[ 1 , 2 ]}'],
  ['64-bit integers', '{"id":9223372036854775807,"neg":-9223372036854775808,"over":12345678901234567890123}'],
  ['floats', '{"a":1.0,"b":1.10,"c":1E+2,"d":-0,"e":0.1000}'],
  ['escaped slashes', String.raw`{"url":"http:\/\/a\/b","raw":"http://a/b"}`],
  ['unicode escapes', String.raw`{"u":"\u00e9\ud83d\ude00\u0000","raw":"é😀"}`],
] as const;
const SIZES = [0, 1, 65_535, 65_536, 1_048_576];

interface Echo {
  readonly method: string;
  readonly input: { readonly length: number; readonly sha256: string };
  readonly headers: Readonly<Record<string, string>>;
  readonly post: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, readonly { readonly name: string; readonly sha256: string }[]>>;
}

/** The tables of both forwarders: JSON is read back whole over undici, all else passes through http-proxy-middleware. */
const FORWARDERS = [
  ['undici', catchAllTable()],
  ['http-proxy-middleware', catchAllTable("envelope: 'off'")],
] as const;
const FORWARDER_NAMES = FORWARDERS.map(([name]) => name);

describeWith('php', 'bodies on their way to PHP and back', () => {
  const keys = generateKeyPairSync('ed25519');
  const publicKey = keys.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
  const data = mkdtempSync(join(tmpdir(), 'donna-bodies-'));
  let php: EmbeddedPhp;
  let shipped: TestGateway;
  const gateways = new Map<string, TestGateway>();

  beforeAll(async () => {
    php = await startEmbeddedPhp({
      kind: 'system',
      root: resolve(import.meta.dirname, '../../legacy-php'),
      env: {
        NODE_ENV: 'test',
        DONNA_TEST_FIXTURES: '1',
        DONNA_DATA_DIR: data,
        DONNA_LOOPBACK_ONLY: '1',
        GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET,
        TELNYX_PUBLIC_KEY: publicKey,
      },
      log: () => undefined,
    });
    for (const [name, routes] of FORWARDERS)
      gateways.set(name, await startTestGateway({ routes, phpTargets: [php.origin] }));
    shipped = await startTestGateway({ phpTargets: [php.origin], env: { TELNYX_PUBLIC_KEY: publicKey } });
  });
  afterAll(async () => {
    for (const gateway of gateways.values()) await gateway.stop();
    await shipped.stop();
    await php.stop();
    rmSync(data, { recursive: true, force: true });
  });

  describe.each(FORWARDER_NAMES)('over %s', (name) => {
    const ask = (path: string, options?: CallOptions) => call(gateways.get(name)?.url ?? '', path, options);
    const echo = async (path: string, options?: CallOptions) => (await ask(path, options)).json() as Echo;
    const echoOfPhp = async (path: string, options?: CallOptions) =>
      (await call(php.origin, path, options)).json() as Echo;

    it.each(SPELLINGS)('keeps JSON as it is spelt, to PHP and back: %s', async (_case, text) => {
      const seen = await echo('/__fixtures/echo.php', { method: 'POST', headers: JSON_TYPE, body: text });
      expect(seen.input).toEqual({ length: Buffer.byteLength(text), sha256: sha256(text) });
      const back = await ask('/__fixtures/echo.php?raw=1', { method: 'POST', headers: JSON_TYPE, body: text });
      expect(back.status).toBe(200);
      if (name === 'undici') expect(back.text).toMatch(/^\{"success":true,"traceId":"[0-9a-f]{32}",/);
      expect(back.text.replace(/^\{"success":true,"traceId":"[0-9a-f]{32}",/, '{')).toBe(text);
      expect(back.headers['content-length']).toBe(String(back.body.length));
    });

    it('leaves queries and forms for PHP to read', async () => {
      const query = 'a[]=1&a[]=2&x[k][]=3&e=&p=a+b%20c&dot.ted=1&%C3%A9=%E9&a%5B%5D=4';
      const sent = { method: 'POST', headers: FORM_TYPE, body: query.replaceAll('=', '=b') };
      const direct = await echoOfPhp(`/__fixtures/echo.php?${query}`, sent);
      expect(direct.post).toMatchObject({ a: ['b1', 'b2', 'b4'], x: { k: ['b3'] } });
      const through = await echo(`/__fixtures/echo.php?${query}`, sent);
      for (const part of ['get', 'post', 'query_string', 'request_uri', 'path_info', 'input'] as const) {
        expect([part, Reflect.get(through, part)]).toEqual([part, Reflect.get(direct, part)]);
      }
    });

    it.each([false, true])('passes several files with odd names (chunked: %s)', async (isChunked) => {
      const binary = randomBytes(200_000);
      const { type, body } = multipart(
        [['note', 'Grüße\r\nzweite Zeile']],
        [
          ['one', 'Ünïcode ".bin', 'application/octet-stream', binary],
          ['many[]', '../../etc/passwd', 'text/plain', Buffer.from('x')],
          ['many[]', 'name with ; semicolon=.txt', 'text/plain; charset=latin1', Buffer.from([0, 0xff, 0x0d, 0x0a])],
          ['empty', 'empty.dat', 'application/x-odd', Buffer.alloc(0)],
        ],
      );
      const sent = { method: 'POST', headers: { 'Content-Type': type }, body, isChunked };
      const direct = await echoOfPhp('/__fixtures/echo.php', sent);
      const through = await echo('/__fixtures/echo.php', sent);
      expect(direct.files['one']?.[0]?.sha256).toBe(sha256(binary));
      expect(through.files).toEqual(direct.files);
      expect(through.post).toEqual(direct.post);
    });

    const methods = ['POST', 'PUT', 'PATCH', 'DELETE', 'GET'];
    it.each(methods.flatMap((method) => [false, true].map((isChunked) => [method, isChunked] as const)))(
      'brings every size of body with %s (chunked: %s)',
      async (method, isChunked) => {
        for (const size of SIZES) {
          const body = randomBytes(size);
          const seen = await echo('/__fixtures/echo.php', {
            method,
            headers: { 'Content-Type': 'application/x-odd' },
            body,
            isChunked,
          });
          expect([size, seen.method, seen.input]).toEqual([size, method, { length: size, sha256: sha256(body) }]);
        }
      },
    );

    it('leaves a compressed request body compressed', async () => {
      const body = gzipSync('{"a":1}');
      const seen = await echo('/__fixtures/echo.php', {
        method: 'POST',
        headers: { ...JSON_TYPE, 'Content-Encoding': 'gzip' },
        body,
      });
      expect(seen.input.sha256).toBe(sha256(body));
      expect(seen.headers['content-encoding']).toBe('gzip');
    });

    it('hands on a gzip answer as it is, or decoded where the envelope needs it', async () => {
      const direct = await call(php.origin, '/__fixtures/gzip.php');
      const through = await ask('/__fixtures/gzip.php', { headers: { 'Accept-Encoding': 'gzip' } });
      expect(through.headers['vary']).toContain('Accept-Encoding');
      expect(through.headers['content-length']).toBe(String(through.body.length));
      if (name === 'undici') {
        expect(through.headers['content-encoding']).toBeUndefined();
        expect(through.json()).toMatchObject({ success: true, traceId: through.headers['x-trace-id'] });
        expect(Object.keys(through.json() as object)).toEqual(
          expect.arrayContaining(Object.keys(JSON.parse(gunzipSync(direct.body).toString()) as object)),
        );
      } else {
        expect(through.headers['content-encoding']).toBe('gzip');
        expect(through.body.equals(direct.body)).toBe(true);
      }
    });

    it('answers HEAD with the head alone', async () => {
      const { status, body, headers } = await ask('/assets/donna.css', { method: 'HEAD' });
      const get = await ask('/assets/donna.css');
      expect([status, body.length]).toEqual([200, 0]);
      expect([headers['etag'], headers['content-type'], headers['content-length']]).toEqual([
        get.headers['etag'],
        get.headers['content-type'],
        String(get.body.length),
      ]);
    });

    it('passes 204 without a body', async () => {
      const { status, body, headers } = await ask('/__fixtures/status.php?code=204');
      expect([status, body.length, headers['content-length'], headers['transfer-encoding']]).toEqual([
        204,
        0,
        undefined,
        undefined,
      ]);
    });

    it('lets PHP say 304 to the validator it gave', async () => {
      const first = await ask('/assets/donna.css');
      const etag = first.headers['etag'] ?? '';
      expect(etag).toMatch(/^"/);
      const second = await ask('/assets/donna.css', { headers: { 'If-None-Match': etag } });
      expect([second.status, second.body.length, second.headers['etag']]).toEqual([304, 0, etag]);
      expect(second.headers['content-length']).toBeUndefined();
    });

    it('passes ranges', async () => {
      const { status, headers, text } = await ask('/__fixtures/range.php', {
        headers: { Range: 'bytes=10-19', 'If-Range': '"fixture-1"' },
      });
      expect([status, text, headers['content-range'], headers['content-length'], headers['etag']]).toEqual([
        206,
        '0123456789',
        'bytes 10-19/1000',
        '10',
        '"fixture-1"',
      ]);
      const beyond = await ask('/__fixtures/range.php', { headers: { Range: 'bytes=2000-' } });
      expect([beyond.status, beyond.headers['content-range']]).toEqual([416, 'bytes */1000']);
      const { headers: seen } = await echo('/__fixtures/echo.php', {
        headers: { Range: 'bytes=0-1', 'If-Range': '"x"', 'If-Match': '"y"' },
      });
      expect(seen).toMatchObject({ range: 'bytes=0-1', 'if-range': '"x"', 'if-match': '"y"' });
    });

    it('hands UTF-8 and Latin-1 header values to PHP byte for byte', async () => {
      const port = gateways.get(name)?.port ?? 0;
      const utf8 = Buffer.from('Grüße 😀').toString('latin1');
      const head = `GET /__fixtures/echo.php HTTP/1.1\r\nHost: x\r\nX-Utf8: ${utf8}\r\nX-Latin: caf\xe9\r\nConnection: close\r\n\r\n`;
      const { headers } = JSON.parse(Buffer.from((await askRaw(port, head)).body, 'latin1').toString('utf8')) as Echo;
      expect(headers).toMatchObject({ 'x-utf8': 'Grüße 😀', 'x-latin': 'caf\ufffd' });
    });
  });

  describe('read by a policy on the way', () => {
    const actions = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'] }
policies:
  authorization: { public: {} }
defaults: { authorization: public }
routes:
  upload: { match: { path: /__fixtures/echo.php, methods: [POST, DELETE], action: upload_audio }, upstream: php, policies: { maxBodyBytes: 12000000 } }
  page: { match: { path: /__fixtures/echo.php, methods: [POST], action: page }, upstream: php, policies: { envelope: 'off' } }
  all: { match: { path: '/{*path}' }, upstream: php }
`;
    let gateway: TestGateway;
    beforeAll(async () => {
      gateway = await startTestGateway({ routes: actions, phpTargets: [php.origin] });
    });
    afterAll(() => gateway.stop());

    it.each([false, true])('an upload reaches PHP whole (chunked: %s)', async (isChunked) => {
      const audio = randomBytes(1_500_000);
      const { type, body } = multipart(
        [['action', 'upload_audio']],
        [['audio', 'Sprachnachricht "1".webm', 'audio/webm', audio]],
      );
      const answer = await call(gateway.url, '/__fixtures/echo.php', {
        method: 'POST',
        headers: { 'Content-Type': type },
        body,
        isChunked,
      });
      const seen = answer.json() as Echo;
      expect(seen.files['audio']?.[0]?.sha256).toBe(sha256(audio));
      expect(seen.headers['content-length']).toBe(String(body.length));
      expect(seen.headers['transfer-encoding']).toBeUndefined();
    });

    it.each(['upload_audio', 'page'])('the original bytes go on, not what was parsed: %s', async (action) => {
      const body = `{ "action" : "${action}", "a":1.0, "a":2, "u":"\\u00e9\\/" }\n`;
      const seen = (
        await call(gateway.url, '/__fixtures/echo.php', { method: 'POST', headers: JSON_TYPE, body })
      ).json() as Echo;
      expect(seen.input).toEqual({ length: body.length, sha256: sha256(body) });
    });

    it('an empty chunked body stays empty', async () => {
      const seen = (
        await call(gateway.url, '/__fixtures/echo.php?action=upload_audio', {
          method: 'DELETE',
          body: '',
          isChunked: true,
        })
      ).json() as Echo;
      expect([seen.method, seen.input.length]).toEqual(['DELETE', 0]);
    });
  });

  describe('through the shipped table', () => {
    const event = '{"data":{"id":"evt-1", "event_type":"call.initiated", "n":1.0}}\n';
    const post = (body: string, timestamp: number, signed = body, isChunked = false) =>
      call(shipped.url, '/api/telnyx/webhook.php', {
        method: 'POST',
        body,
        isChunked,
        headers: {
          ...JSON_TYPE,
          'Telnyx-Timestamp': String(timestamp),
          'Telnyx-Signature-Ed25519': sign(null, Buffer.from(`${timestamp}|${signed}`), keys.privateKey).toString(
            'base64',
          ),
        },
      });
    const now = (): number => Math.floor(Date.now() / 1000);

    it.each([false, true])('a signed webhook still verifies behind the gateway (chunked: %s)', async (isChunked) => {
      const own = event.replace('evt-1', `evt-${isChunked}`);
      const { status, json } = await post(own, now(), own, isChunked);
      expect([status, json()]).toEqual([200, expect.objectContaining({ success: true, status: 'received' })]);
    });

    it('a changed byte or an old timestamp does not', async () => {
      expect((await post(event.replace('1.0', '1.1'), now(), event)).status).toBe(401);
      expect((await post(event.trimEnd(), now(), event)).status).toBe(401);
      const old = await post(event, now() - 400);
      expect([old.status, old.json()]).toEqual([
        401,
        expect.objectContaining({ success: false, errorCode: 'UNAUTHENTICATED' }),
      ]);
    });

    it('a voice upload arrives whole at an action route', async () => {
      const token = makeAccessToken(JWT_SECRET, { subject: 'u-1', roles: ['user'], lifeS: 60 });
      // A WAV file, so that PHP's own check of its first bytes passes; without a transcriber PHP says so, having read it.
      const wav = Buffer.concat([
        Buffer.from('RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00', 'latin1'),
        randomBytes(400_000),
      ]);
      const { type, body } = multipart([['action', 'upload_audio']], [['audio', 'a.wav', 'audio/wav', wav]]);
      const upload = (sent: Buffer) =>
        call(shipped.url, '/api/voice-chat.php', {
          method: 'POST',
          headers: { 'Content-Type': type, Authorization: `Bearer ${token}` },
          body: sent,
        });
      const whole = await upload(body);
      expect([whole.status, whole.json()]).toEqual([503, expect.objectContaining({ success: false })]);
      const without = await upload(multipart([['action', 'upload_audio']], []).body);
      expect([without.status, without.json()]).toEqual([
        422,
        expect.objectContaining({ errorCode: 'VALIDATION_FAILED' }),
      ]);
    });
  });
});

describeWithFpm('bodies before nginx and php-fpm', (parts) => {
  let fpm: PhpFpm;
  const gateways = new Map<string, TestGateway>();
  beforeAll(async () => {
    fpm = await startPhpFpm(parts, { buffersRequests: true });
    for (const [name, routes] of FORWARDERS)
      gateways.set(name, await startTestGateway({ routes, phpTargets: [fpm.origin] }));
  });
  afterAll(async () => {
    for (const gateway of gateways.values()) await gateway.stop();
    await fpm.stop();
  });

  it.each(FORWARDERS.flatMap(([name]) => ['POST', 'DELETE'].map((method) => [name, method] as const)))(
    '%s brings chunked bodies with %s',
    async (name, method) => {
      for (const size of SIZES) {
        const body = randomBytes(size);
        const seen = (
          await call(gateways.get(name)?.url ?? '', '/__fixtures/echo.php/info', {
            method,
            headers: { 'Content-Type': 'application/x-odd' },
            body,
            isChunked: true,
          })
        ).json() as Echo;
        expect([size, seen.method, seen.input]).toEqual([size, method, { length: size, sha256: sha256(body) }]);
      }
    },
  );
});

describe('header values on their way back', () => {
  const utf8 = Buffer.from('attachment; filename="Grüße 😀.txt"').toString('latin1');
  let upstream: RawUpstream;
  const gateways = new Map<string, TestGateway>();
  beforeAll(async () => {
    upstream = await startRawUpstream((socket) => {
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Disposition: ${utf8}\r\nX-Latin: caf\xe9\r\nContent-Length: 2\r\n\r\n{}`,
        'latin1',
      );
    });
    for (const [name, routes] of FORWARDERS)
      gateways.set(name, await startTestGateway({ routes, phpTargets: [upstream.origin] }));
  });
  afterAll(async () => {
    for (const gateway of gateways.values()) await gateway.stop();
    await upstream.stop();
  });

  it.each(FORWARDER_NAMES)('%s keeps UTF-8 and Latin-1 bytes', async (name) => {
    const { headers } = await askRaw(
      gateways.get(name)?.port ?? 0,
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect([headers['content-disposition'], headers['x-latin']]).toEqual([utf8, 'caf\xe9']);
  });
});
