import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type EmbeddedPhp, startEmbeddedPhp } from '../../src/forward/embedded/index.js';
import { describeWith } from '../setup/parts.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { describeWithFpm, type PhpFpm, startPhpFpm } from '../support/php-fpm.js';
import { type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** One prefix for each way in which a route may treat answers. */
const ROUTES = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'] }
policies:
  authorization: { public: {} }
defaults: { authorization: public }
routes:
  strict: { match: { path: '/strict/{*path}' }, upstream: php, policies: { answers: json, maxAnswerBytes: 100000 } }
  tolerant: { match: { path: '/tolerant/{*path}' }, upstream: php, policies: { answers: json, tolerate: first-document } }
  wrapped: { match: { path: '/wrap/{*path}' }, upstream: php, policies: { answers: json, envelope: wrap } }
  ruled: { match: { path: '/ruled/{*path}' }, upstream: php, policies: { errorWhen: { pointer: /result/state, equals: ERR } } }
  off: { match: { path: '/off/{*path}' }, upstream: php, policies: { envelope: 'off' } }
  any: { match: { path: '/{*path}' }, upstream: php }
`;
const JSON_TYPE = 'application/json; charset=utf-8';
const FATAL = `<br />\n<b>Fatal error</b>:  Uncaught PDOException: SQLSTATE[42S02]: SELECT secret FROM users in /var/www/php01/api/x.php:16\nStack trace:\n#0 {main}\n  thrown in <b>/var/www/php01/api/x.php</b> on line <b>16</b><br />\n`;
const NOTICE =
  '<br />\n<b>Warning</b>:  Undefined variable $x in <b>/var/www/php01/api/x.php</b> on line <b>3</b><br />\n';
const HTML = 'text/html; charset=UTF-8';
/** What must never get out. */
const LEAKS = /var\/www|php01|SQLSTATE|secret|Stack trace|Apache|nginx|PHP\//;

interface Lie {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
}

const LIES: Readonly<Record<string, Lie>> = {
  good: { type: 'application/json', body: '{"n":1.0,"success":true}' },
  'as-html': { type: HTML, body: '{"url":"a\\/b","big":9007199254740993}' },
  untyped: { body: '{"n":1}' },
  'blank-lines': { type: HTML, body: '\r\n\n  {"n":1}\n' },
  bom: { type: 'application/json', body: Buffer.from('\ufeff\n\ufeff{"n":1}') },
  'error-with-200': { type: 'application/json', body: '{"success":false,"error":"No such lead"}' },
  'text-success': { type: 'application/json', body: '{"success":"yes","n":1}' },
  'state-err': { type: 'application/json', body: '{"success":true,"result":{"state":"ERR"}}' },
  'state-ok': { type: 'application/json', body: '{"result":{"state":"OK"}}' },
  'replayed-trace': { type: 'application/json', body: '{"traceId":"from-the-cache","success":true,"n":1}' },
  'json-404': { status: 404, type: 'application/json', body: '{"success":true,"error":"gone","code":7.0}' },
  problem: { status: 409, type: 'application/problem+json', body: '{"title":"Conflict","status":409}' },
  'empty-500': { status: 500, type: HTML },
  'empty-200': { status: 200, type: HTML },
  'empty-json-200': { status: 200, type: 'application/json' },
  'empty-201': { status: 201, type: HTML, headers: ['Location: /made/7'] },
  'reset-205': { status: 205, type: HTML },
  notice: { type: 'application/json', body: `${NOTICE}{"success":true}` },
  'notice-as-html': { type: HTML, body: `${NOTICE}{"success":true}` },
  'html-around': { type: 'application/json', body: '<html><body>{"success":true}</body></html>' },
  'two-documents': { type: 'application/json', body: '{"n":1}{"n":2}' },
  'notice-after': { type: 'application/json', body: `{"n":1}\n${NOTICE}` },
  cut: { type: 'application/json', body: '{"n":1,"items":[1,2,' },
  'cut-as-html': { type: HTML, body: '{"n":1,"items":[1,2,' },
  'fatal-200': { type: HTML, body: FATAL },
  'fatal-plain-200': { type: 'text/plain', body: FATAL.replaceAll(/<[^>]*>/g, '') },
  'fatal-late': { type: HTML, body: `<html><h1>Report</h1>${FATAL}` },
  'fatal-500': { status: 500, type: HTML, body: FATAL },
  array: { type: 'application/json', body: '[1,1.0,"\\u00e9"]' },
  scalar: { type: HTML, body: '42' },
  'html-404': {
    status: 404,
    type: 'text/html',
    body: '<html><center><h1>404 Not Found</h1></center><hr><center>nginx</center></html>',
  },
  'html-401': {
    status: 401,
    type: HTML,
    headers: [
      'WWW-Authenticate: Basic realm="x"',
      'Set-Cookie: a=1; Expires=Wed, 09 Jun 2038 10:18:14 GMT',
      'Set-Cookie: b=2',
    ],
    body: '<h1>Login</h1>/var/www',
  },
  'html-503': { status: 503, type: HTML, headers: ['Retry-After: 120'], body: '<h1>Maintenance of php01</h1>' },
  redirect: { status: 302, type: HTML, headers: ['Location: http://{host}/login.php'], body: '<a href="x">moved</a>' },
  page: {
    type: HTML,
    body: '<!doctype html><script>var x = {"success":true};</script><p>A "Fatal error: …" is told by PHP.</p>',
  },
  script: { type: 'text/javascript', body: 'export const config = {"a":1}' },
  jsonp: { type: 'text/javascript', body: 'cb({"a":1});' },
  image: { type: 'image/png', body: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 255]) },
  'not-gzip': { type: 'application/json', headers: ['Content-Encoding: gzip'], body: '{"n":1}' },
  'gzip-none': { type: 'application/json', headers: ['Content-Encoding: none'], body: '{"n":1}' },
  gzipped: {
    type: 'application/json',
    headers: ['Content-Encoding: gzip', 'ETag: "v1"', 'Content-MD5: x'],
    body: gzipSync('{"n":1}'),
  },
  huge: { type: 'application/json', body: `{"n":"${'x'.repeat(120_000)}"}` },
  'control-character': { type: 'application/json', headers: ['X-Odd: a\x01b'], body: '{"n":1}' },
};

function say(name: string, host: string): Buffer {
  const { status = 200, type, headers = [], body = '' } = LIES[name] ?? { status: 404, body: 'unknown' };
  const bytes = Buffer.from(body);
  const lines = [
    `HTTP/1.1 ${status} Whatever`,
    'Server: Apache/2.2.15 (php01)',
    'X-Powered-By: PHP/5.6.40',
    'X-Frame-Options: ALLOWALL',
    'Content-Security-Policy: default-src *',
    'Access-Control-Allow-Origin: *',
    'X-Trace-Id: forged-by-php',
    'X-Kept: 1',
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
    ...headers.map((line) => line.replace('{host}', host)),
    ...(status === 205 ? ['Content-Length: 0'] : [`Content-Length: ${bytes.length}`]),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}

/** What holds for every answer, whatever PHP said. */
function expectClean(answer: CallAnswer): void {
  expect(answer.all('x-trace-id')).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
  for (const name of ['x-frame-options', 'x-content-type-options', 'referrer-policy']) {
    expect([name, answer.all(name).length]).toEqual([name, 1]);
  }
  // JSON has the gateway's strict policy, anything else the application's.
  const policies = [...answer.all('content-security-policy'), ...answer.all('content-security-policy-report-only')];
  expect(policies).toEqual([expect.stringMatching(/^default-src '(?:none|self)';/)]);
  for (const name of ['server', 'x-powered-by', 'access-control-allow-origin']) {
    expect([name, answer.all(name)]).toEqual([name, []]);
  }
  if (answer.status !== 205) expect(answer.all('content-length')).toEqual([String(answer.body.length)]);
  expect(answer.rawHeaders.join('\n')).not.toMatch(LEAKS);
}

/** The error envelope and nothing of PHP's own words. */
function expectError(answer: CallAnswer, status: number, errorCode: string): void {
  expectClean(answer);
  expect([answer.status, answer.headers['content-type']]).toEqual([status, JSON_TYPE]);
  expect(answer.json()).toEqual({
    success: false,
    traceId: answer.headers['x-trace-id'],
    error: expect.any(String),
    errorCode,
  });
  expect(answer.text).not.toMatch(LEAKS);
}

describe('legacy answers that lie', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  beforeAll(async () => {
    upstream = await startRawUpstream((socket, request) => {
      socket.write(say(/^\S+ \S*\/([a-z0-9-]+)/.exec(request)?.[1] ?? '', `127.0.0.1:${upstream.port}`));
    });
    gateway = await startTestGateway({ routes: ROUTES, phpTargets: [upstream.origin] });
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });
  const ask = (path: string, method = 'GET'): Promise<CallAnswer> => call(gateway.url, path, { method });

  it.each([
    ['good', '{"traceId":"T","n":1.0,"success":true}'],
    ['as-html', '{"success":true,"traceId":"T","url":"a\\/b","big":9007199254740993}'],
    ['untyped', '{"success":true,"traceId":"T","n":1}'],
    ['blank-lines', '{"success":true,"traceId":"T","n":1}\n'],
    ['bom', '{"success":true,"traceId":"T","n":1}'],
    ['error-with-200', '{"traceId":"T","success":false,"error":"No such lead"}'],
    ['text-success', '{"traceId":"T","success":true,"n":1}'],
    ['replayed-trace', '{"traceId":"T","success":true,"n":1}'],
    ['gzip-none', '{"success":true,"traceId":"T","n":1}'],
    ['gzipped', '{"success":true,"traceId":"T","n":1}'],
  ])('%s is read as the JSON that it is, on every route', async (name, expected) => {
    for (const route of ['strict', 'any']) {
      const answer = await ask(`/${route}/${name}`);
      expectClean(answer);
      const traceId = answer.headers['x-trace-id'] ?? '';
      expect([route, answer.status, answer.headers['content-type'], answer.text.replace(String(traceId), 'T')]).toEqual(
        [route, 200, JSON_TYPE, expected],
      );
      expect([answer.headers['x-kept'], answer.headers['content-encoding']]).toEqual(['1', undefined]);
    }
  });

  it('weakens the validator of an answer that it changed', async () => {
    const { headers } = await ask('/strict/gzipped');
    expect([headers['etag'], headers['content-md5']]).toEqual(['W/"v1"', undefined]);
  });

  it.each([
    'notice',
    'notice-as-html',
    'two-documents',
    'notice-after',
    'cut',
    'cut-as-html',
    'fatal-200',
    'fatal-plain-200',
    'fatal-late',
    'fatal-500',
    'empty-500',
    'empty-json-200',
    'html-around',
    'not-gzip',
  ])('%s is a bad answer, on every route', async (name) => {
    for (const route of ['strict', 'any']) expectError(await ask(`/${route}/${name}`), 502, 'UPSTREAM_BAD_ANSWER');
  });

  it.each([
    ['html-404', 404, 'NOT_FOUND'],
    ['html-503', 503, 'UPSTREAM_UNAVAILABLE'],
  ])('%s keeps its meaning and loses its page', async (name, status, code) => {
    for (const route of ['strict', 'any']) expectError(await ask(`/${route}/${name}`), status, code);
    if (status === 503) expect((await ask(`/any/${name}`)).headers['retry-after']).toBe('120');
  });

  it('an HTML login page with 401 becomes the envelope and keeps the challenge and every cookie', async () => {
    for (const route of ['strict', 'any']) {
      const answer = await ask(`/${route}/html-401`);
      expectError(answer, 401, 'UNAUTHENTICATED');
      expect(answer.headers['www-authenticate']).toBe('Basic realm="x"');
      expect(answer.all('set-cookie')).toEqual(['a=1; Expires=Wed, 09 Jun 2038 10:18:14 GMT', 'b=2']);
    }
  });

  it.each([
    ['application/problem+json', 'application/problem+json', { title: 'gone', status: 404, errorCode: 'NOT_FOUND' }],
    ['application/problem+json;q=0, */*', JSON_TYPE, { error: 'gone', code: 7 }],
    ['application/json', JSON_TYPE, { error: 'gone', code: 7 }],
  ])('an error of PHP’s own to a client that accepts %s is %s', async (accept, type, facts) => {
    const answer = await call(gateway.url, '/strict/json-404', { headers: { Accept: accept } });
    expect([answer.status, answer.all('content-type')]).toEqual([404, [type]]);
    expect(JSON.parse(answer.text)).toMatchObject({ ...facts, success: false, traceId: answer.all('x-trace-id')[0] });
  });

  it('an error that PHP tells in JSON keeps PHP’s fields', async () => {
    const answer = await ask('/strict/json-404');
    expectClean(answer);
    expect([answer.status, answer.text]).toEqual([
      404,
      `{"traceId":"${String(answer.headers['x-trace-id'])}","success":false,"error":"gone","code":7.0}`,
    ]);
    const problem = await ask('/strict/problem');
    expect([problem.status, problem.headers['content-type'], problem.json()]).toEqual([
      409,
      'application/problem+json',
      expect.objectContaining({ success: false, title: 'Conflict' }),
    ]);
  });

  it('tolerates what follows a first document where the route says so', async () => {
    for (const name of ['two-documents', 'notice-after']) {
      const answer = await ask(`/tolerant/${name}`);
      expectClean(answer);
      expect([answer.status, answer.json()]).toEqual([
        200,
        { success: true, traceId: answer.headers['x-trace-id'], n: 1 },
      ]);
    }
    expectError(await ask('/tolerant/notice'), 502, 'UPSTREAM_BAD_ANSWER');
    expectError(await ask('/tolerant/cut'), 502, 'UPSTREAM_BAD_ANSWER');
  });

  it('tells a failure that errorWhen knows, and keeps the status', async () => {
    const failed = await ask('/ruled/state-err');
    expect([failed.status, failed.json()]).toEqual([
      200,
      { success: false, traceId: failed.headers['x-trace-id'], result: { state: 'ERR' } },
    ]);
    expect((await ask('/ruled/state-ok')).json()).toMatchObject({ success: true });
    expect((await ask('/any/state-err')).json()).toMatchObject({ success: true });
  });

  it('leaves arrays and scalars alone, or wraps them where the route says so', async () => {
    const array = await ask('/strict/array');
    expectClean(array);
    expect([array.text, array.headers['content-type']]).toEqual(['[1,1.0,"\\u00e9"]', JSON_TYPE]);
    expect((await ask('/strict/scalar')).text).toBe('42');
    for (const [name, data] of [
      ['array', '[1,1.0,"\\u00e9"]'],
      ['scalar', '42'],
    ] as const) {
      const wrapped = await ask(`/wrap/${name}`);
      expectClean(wrapped);
      expect([wrapped.headers['content-type'], wrapped.text]).toEqual([
        JSON_TYPE,
        `{"success":true,"traceId":"${String(wrapped.headers['x-trace-id'])}","data":${data}}`,
      ]);
    }
    expect((await ask('/wrap/good')).text).not.toContain('data');
  });

  it.each([
    ['page', HTML],
    ['script', 'text/javascript'],
    ['jsonp', 'text/javascript'],
    ['image', 'image/png'],
    ['empty-200', HTML],
  ])('%s stays what it is where any answer will do, and is a fault where JSON was promised', async (name, type) => {
    const answer = await ask(`/any/${name}`);
    expectClean(answer);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, type]);
    expect(answer.body.equals(Buffer.from(LIES[name]?.body ?? ''))).toBe(true);
    expectError(await ask(`/strict/${name}`), 502, 'UPSTREAM_BAD_ANSWER');
  });

  it('lets a 201 or a 205 have nothing to say', async () => {
    for (const route of ['strict', 'any']) {
      const made = await ask(`/${route}/empty-201`);
      expect([made.status, made.headers['location'], made.body.length]).toEqual([201, '/made/7', 0]);
      const reset = await ask(`/${route}/reset-205`);
      expect([reset.status, reset.body.length]).toEqual([205, 0]);
    }
  });

  it('passes a redirect of an API path on, by its public address', async () => {
    for (const route of ['strict', 'any', 'off']) {
      const { status, headers } = await ask(`/${route}/redirect`);
      expect([status, headers['location']]).toEqual([302, `${gateway.url}/login.php`]);
    }
  });

  it('refuses an answer that is longer than the route reads', async () => {
    expectError(await ask('/strict/huge'), 502, 'UPSTREAM_BAD_ANSWER');
    expect((await ask('/any/huge')).json()).toMatchObject({ success: true });
  });

  it.each(['strict', 'any', 'off'])('survives a header that nobody may send (%s)', async (route) => {
    expect((await ask(`/${route}/control-character`)).status).toBe(502);
    expect((await ask(`/${route}/good`)).status).toBe(200);
  });

  it('answers HEAD as GET, without a length that would not hold', async () => {
    const { status, body, headers } = await ask('/strict/as-html', 'HEAD');
    expect([status, body.length, headers['content-length'], headers['x-powered-by']]).toEqual([
      200,
      0,
      undefined,
      undefined,
    ]);
  });

  it.each(['as-html', 'bom', 'two-documents', 'cut', 'page', 'gzipped', 'empty-500', 'html-404', 'replayed-trace'])(
    '%s passes a route without envelope byte for byte',
    async (name) => {
      const answer = await ask(`/off/${name}`);
      expectClean(answer);
      const { status = 200, type, body = '' } = LIES[name] ?? {};
      expect([answer.status, answer.headers['content-type']]).toEqual([status, type]);
      expect(answer.body.equals(Buffer.from(body))).toBe(true);
    },
  );
});

describeWith('php', 'real PHP that lies', () => {
  let php: EmbeddedPhp;
  let gateway: TestGateway;
  const routes = ROUTES.replaceAll(/\/(strict|tolerant)\/\{/g, '/__fixtures/$1.php/{').replace(
    '/__fixtures/strict.php/{*path}',
    '/__fixtures/{*path}',
  );
  beforeAll(async () => {
    const root = resolve(import.meta.dirname, '../../legacy-php');
    php = await startEmbeddedPhp({
      kind: 'system',
      root,
      env: { DONNA_TEST_FIXTURES: '1', NODE_ENV: 'test' },
      log: () => undefined,
    });
    gateway = await startTestGateway({ routes, phpTargets: [php.origin] });
  });
  afterAll(async () => {
    await gateway.stop();
    await php.stop();
  });

  it.each([
    ['html-json.php', { success: true, data: { path: 'a/b', u: 'é' } }],
    ['bom.php', { success: true, data: { n: 1 } }],
    ['status.php?code=200', { success: true, code: 200 }],
  ])('%s', async (file, expected) => {
    const answer = await call(gateway.url, `/__fixtures/${file}`);
    expectClean(answer);
    expect([answer.status, answer.headers['content-type'], answer.json()]).toEqual([
      200,
      JSON_TYPE,
      expect.objectContaining({ traceId: answer.headers['x-trace-id'] }),
    ]);
    expect(answer.json()).toMatchObject(expected);
  });

  it('keeps the spelling that PHP chose', async () => {
    const { text } = await call(gateway.url, '/__fixtures/html-json.php');
    expect(text).toContain('"data":{"path":"a\\/b","big":9007199254740993,"float":1.0,"u":"\\u00e9"}}');
  });

  it.each(['notice.php', 'twodocs.php', 'cut.php', 'fatal.php', 'empty500.php'])('%s is a bad answer', async (file) => {
    expectError(await call(gateway.url, `/__fixtures/${file}`), 502, 'UPSTREAM_BAD_ANSWER');
  });
});

describeWithFpm('nginx that answers in PHP’s place', (parts) => {
  let fpm: PhpFpm;
  let gateway: TestGateway;
  const routes = ROUTES.replace('maxAnswerBytes: 100000', 'maxBodyBytes: 10000000')
    .replaceAll('/strict/', '/api/')
    .replaceAll('/off/', '/__fixtures/');
  beforeAll(async () => {
    fpm = await startPhpFpm(parts, { clientMaxBodySize: '1k' });
    gateway = await startTestGateway({ routes, phpTargets: [fpm.origin] });
  });
  afterAll(async () => {
    await gateway.stop();
    await fpm.stop();
  });

  it('a missing API script is NOT_FOUND in the envelope', async () => {
    expectError(await call(gateway.url, '/api/no-such-script.txt'), 404, 'NOT_FOUND');
  });

  it.each([2000, 3_000_000])('its 413 to %d bytes is PAYLOAD_TOO_LARGE', async (bytes) => {
    const body = Buffer.alloc(bytes, 'x');
    for (const isChunked of [false, true]) {
      expectError(
        await call(gateway.url, '/api/health.php', { method: 'POST', body, isChunked }),
        413,
        'PAYLOAD_TOO_LARGE',
      );
    }
  });

  it('its 413 reaches the client of a route without envelope', async () => {
    const { status } = await call(gateway.url, '/__fixtures/echo.php', {
      method: 'POST',
      body: Buffer.alloc(900_000, 'x'),
    });
    expect(status).toBe(413);
  });
});
