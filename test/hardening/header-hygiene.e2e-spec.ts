import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { makeAccessToken } from '../../src/auth/index.js';
import { askRaw } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { IDENTITY_SECRET, JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { FORWARDERS, twoForwarders } from '../support/two-forwarders.js';

const FORGED = 'forged-4711';
const FORGED_NAMES = [
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Forwarded-Prefix',
  'X-Forwarded',
  'Forwarded',
  'X-Real-IP',
  'Client-IP',
  'X-Client-IP',
  'True-Client-IP',
  'CF-Connecting-IP',
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-Gateway-Identity',
  'X-Gateway-Anything',
  'x-gateway-identity',
  'Proxy',
  'PROXY',
  'Proxy-Authorization',
  'X_Forwarded_For',
  'X_Forwarded-For',
  'X-Forwarded_For',
  'x_gateway_identity',
  'X.Gateway.Identity',
  'X-Gateway.Identity',
  'X-Real_IP',
  'Content_Length',
  'Content_Type',
  'HTTP_PROXY',
  'Transfer_Encoding',
  'X~Gateway~Identity',
  "X'Real",
  'TE',
  'Trailer',
  'Keep-Alive',
  'Proxy-Connection',
  'HTTP2-Settings',
  'Upgrade',
];

/** All header lines of a raw request, lower-case name and value. */
function headersOf(request: string): [string, string][] {
  const [, ...lines] = request.slice(0, request.indexOf('\r\n\r\n')).split('\r\n');
  return lines.map((line) => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 1).trim(),
  ]);
}
function valuesOf(request: string, name: string): string[] {
  return headersOf(request).flatMap(([key, value]) => (key === name ? [value] : []));
}

describe('what the client cannot say in the gateway’s name', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  beforeAll(async () => {
    upstream = await startRawUpstream((socket) =>
      socket.write(httpAnswer(200, { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*' }, '{}')),
    );
    gateway = await startTestGateway({ phpTargets: [upstream.origin], routes: twoForwarders() });
  });
  beforeEach(() => {
    upstream.requests.length = 0;
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });
  const get = async (path: string, fields: string): Promise<string> => {
    const answer = await askRaw(gateway.port, `GET ${path} HTTP/1.1\r\nHost: shop.example\r\n${fields}\r\n\r\n`, 60);
    expect(answer.status).toBe(200);
    return upstream.requests.at(-1) ?? '';
  };

  it.each(FORWARDERS.flatMap(([name, path]) => FORGED_NAMES.map((field) => [name, field, path] as const)))(
    'over %s: drops a forged %s',
    async (_name, field, path) => {
      const sent = await get(path, `${field}: ${FORGED}\r\nX-Kept: yes`);
      expect(sent).not.toContain(FORGED);
      expect(valuesOf(sent, 'x-kept')).toEqual(['yes']);
      expect(valuesOf(sent, 'x-forwarded-for')).toEqual(['127.0.0.1']);
      expect(valuesOf(sent, 'x-forwarded-host')).toEqual(['shop.example']);
      expect(valuesOf(sent, 'x-forwarded-proto')).toEqual(['http']);
      expect(valuesOf(sent, 'x-real-ip')).toEqual(['127.0.0.1']);
      expect(valuesOf(sent, 'x-gateway-identity')).toHaveLength(1);
      expect(valuesOf(sent, 'host')).toEqual(['shop.example']);
      expect(valuesOf(sent, 'x-trace-id')).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
      // Whatever CGI folds into one variable stands there once.
      const folded = headersOf(sent).map(([key]) => key.replace(/[^a-z0-9]/g, '_'));
      expect(new Set(folded).size).toBe(folded.length);
    },
  );

  it.each(FORWARDERS)(
    'over %s: `Connection` takes away what it names, never what the message needs',
    async (_n, path) => {
      const sent = await get(
        path,
        'Connection: close, X-Secret, Cookie, Authorization, X-Forwarded-For, X-Gateway-Identity, Host, Via, X-Trace-Id\r\n' +
          'X-Secret: s\r\nCookie: a=1\r\nAuthorization: Basic YTpi\r\nVia: 1.0 older',
      );
      expect(valuesOf(sent, 'x-secret')).toEqual([]);
      expect(valuesOf(sent, 'cookie')).toEqual(['a=1']);
      expect(valuesOf(sent, 'authorization')).toEqual(['Basic YTpi']);
      expect(valuesOf(sent, 'x-forwarded-for')).toEqual(['127.0.0.1']);
      expect(valuesOf(sent, 'x-gateway-identity')).toHaveLength(1);
      expect(valuesOf(sent, 'x-trace-id')).toHaveLength(1);
      expect(valuesOf(sent, 'via')).toEqual([expect.stringMatching(/^1\.0 older, 1\.1 donna-gateway-[0-9a-f]{8}$/)]);
    },
  );

  it.each(FORWARDERS)('over %s: joins several Via and Cookie lines in their order', async (_name, path) => {
    const sent = await get(path, 'Via: 1.0 a\r\nCookie: a=1\r\nVia: 1.1 b\r\nCookie: b=2');
    expect(valuesOf(sent, 'via')).toEqual([expect.stringMatching(/^1\.0 a, 1\.1 b, 1\.1 donna-gateway-/)]);
    expect(valuesOf(sent, 'cookie')).toEqual(['a=1; b=2']);
  });

  it('signs who calls for this method and raw path, and keeps the token to itself', async () => {
    const token = makeAccessToken(JWT_SECRET, { subject: 'u-1', roles: ['user'], lifeS: 60 });
    const sent = await get('/guarded/a%2Fb?x=1', `Authorization: Bearer ${token}`);
    const [assertion = ''] = valuesOf(sent, 'x-gateway-identity');
    const [head = '', payload = '', signature] = assertion.split('.');
    expect(createHmac('sha256', IDENTITY_SECRET).update(`${head}.${payload}`).digest('base64url')).toBe(signature);
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, number>;
    expect(claims).toMatchObject({ sub: 'u-1', via: 'jwt', roles: ['user'], htm: 'GET', htu: '/guarded/a%2Fb' });
    expect((claims['exp'] ?? 0) - (claims['iat'] ?? 0)).toBe(60);
    expect(Math.abs((claims['iat'] ?? 0) - Date.now() / 1000)).toBeLessThan(60);
    expect(sent).not.toContain(token);
  });

  it('answers a preflight itself and refuses a foreign origin before anything reaches the upstream', async () => {
    const text = (method: string, origin: string): string =>
      `${method} /json/x HTTP/1.1\r\nHost: shop.example\r\nOrigin: ${origin}\r\nAccess-Control-Request-Method: POST\r\n\r\n`;
    expect(await askRaw(gateway.port, text('GET', 'https://evil.example'), 60)).toMatchObject({
      status: 403,
      body: expect.stringContaining('ORIGIN_DENIED'),
    });
    expect(await askRaw(gateway.port, text('GET', 'null'), 60)).toMatchObject({ status: 403 });
    expect((await askRaw(gateway.port, text('OPTIONS', 'https://evil.example'), 60)).status).toBe(403);
    const preflight = await askRaw(gateway.port, text('OPTIONS', 'http://shop.example'), 60);
    expect(preflight.headers['access-control-allow-origin'] ?? 'own').not.toContain('*');
  });
});

describe('allowed origins and trusted proxies', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  beforeAll(async () => {
    upstream = await startRawUpstream((socket) =>
      socket.write(httpAnswer(200, { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*' }, '{}')),
    );
    gateway = await startTestGateway({
      phpTargets: [upstream.origin],
      routes: twoForwarders(),
      env: { TRUSTED_PROXIES: '127.0.0.0/8,10.0.0.0/8,fd00::/8', ALLOWED_ORIGINS: 'https://app.example' },
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });
  const ask = (path: string, fields: string, method = 'GET') =>
    askRaw(gateway.port, `${method} ${path} HTTP/1.1\r\nHost: h\r\n${fields}\r\n\r\n`, 60);

  it.each(FORWARDERS)('over %s: allows exactly one origin, though the upstream allows all', async (_n, path) => {
    const answer = await ask(path, 'Origin: https://app.example');
    expect(answer.headers['access-control-allow-origin']).toBe('https://app.example');
    expect(answer.headers['access-control-allow-credentials']).toBe('true');
    expect((await ask(path, 'X: y')).headers['access-control-allow-origin']).toBeUndefined();
    expect((await ask(path, 'Origin: https://app.example\r\nOrigin: https://evil.example')).status).toBe(403);
  });

  it('answers a preflight of an allowed origin itself', async () => {
    const before = upstream.requests.length;
    const answer = await ask('/json/x', 'Origin: https://app.example\r\nAccess-Control-Request-Method: PUT', 'OPTIONS');
    expect(answer).toMatchObject({ status: 204, headers: { 'access-control-allow-origin': 'https://app.example' } });
    expect(answer.headers['access-control-allow-methods']).toContain('PUT');
    expect(upstream.requests).toHaveLength(before);
  });

  it.each([
    ['X-Forwarded-For: 198.51.100.7', '198.51.100.7'],
    ['X-Forwarded-For: 1.1.1.1, 198.51.100.7, 10.0.0.3', '198.51.100.7'],
    ['X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 198.51.100.7', '198.51.100.7'],
    ['X-Forwarded-For: 198.51.100.7, garbage, 10.0.0.3', '10.0.0.3'],
    ['X-Forwarded-For: 198.51.100.7, ', '127.0.0.1'],
    ['X-Forwarded-For: 2001:DB8:0:0::1, fd00::5', '2001:db8::1'],
    ['X-Forwarded-For: ::ffff:198.51.100.7', '198.51.100.7'],
    ['X-Forwarded-For: ::FFFF:c633:6407', '198.51.100.7'],
    ['X-Forwarded-For: 198.51.100.7:4711', '198.51.100.7'],
    ['X-Forwarded-For: [2001:db8::1]:4711', '2001:db8::1'],
    ['Forwarded: for=1.1.1.1, for="[2001:db8::9]:80";proto=https', '2001:db8::9'],
    ['Forwarded: for=1.1.1.1\r\nX-Forwarded-For: 198.51.100.7', '198.51.100.7'],
    ['X_Forwarded_For: 198.51.100.7', '127.0.0.1'],
    ['X: y', '127.0.0.1'],
  ])('reads %j from the right as far as proxies are trusted', async (fields, address) => {
    expect((await ask('/json/x', fields)).status).toBe(200);
    expect(valuesOf(upstream.requests.at(-1) ?? '', 'x-forwarded-for')).toEqual([address]);
  });

  it('takes protocol and host from the trusted proxy alone, and refuses a malformed host', async () => {
    const answer = await ask('/json/x', 'X-Forwarded-Proto: https\r\nX-Forwarded-Host: donna.example');
    const sent = upstream.requests.at(-1) ?? '';
    expect(valuesOf(sent, 'x-forwarded-proto')).toEqual(['https']);
    expect(valuesOf(sent, 'x-forwarded-host')).toEqual(['donna.example']);
    expect(answer.headers['strict-transport-security']).toBeDefined();
    expect((await ask('/json/x', 'X-Forwarded-Host: a/b')).status).toBe(400);
  });

  it('counts per trusted address: another written by the client does not help', async () => {
    const from = (hops: string) => ask('/limited/x', `X-Forwarded-For: ${hops}`);
    expect((await from('203.0.113.9')).status).toBe(200);
    const second = await from('9.9.9.9, 203.0.113.9');
    expect(second.status).toBe(429);
    expect(JSON.parse(second.body)).toMatchObject({ errorCode: 'RATE_LIMITED' });
    expect(Number(second.headers['retry-after'])).toBeGreaterThan(0);
    expect(second.headers['ratelimit-policy']).toBe('"one";q=1;w=60');
    expect(second.headers['ratelimit']).toMatch(/^"one";r=0;t=\d+$/);
    expect((await from('203.0.113.10')).status).toBe(200);
    expect((await from('2001:db8:1:2::1')).status).toBe(200);
    expect((await from('2001:db8:1:2:ffff::9')).status).toBe(429);
    expect((await from('2001:db8:1:3::1')).status).toBe(200);
  });
});
