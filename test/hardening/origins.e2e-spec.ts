import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { makeAccessToken } from '../../src/auth/index.js';
import { askRaw, parseAnswer, type RawAnswer, sendRaw } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const APP = 'https://app.example';
const ROUTES = `
upstreams: { php: { targets: ['\${REMOTE_PHP_BASE}'], session: { cookie: SESS, path: /session } } }
policies:
  authorization: { public: {}, user: { anyOf: [jwt, php-session] } }
  rateLimit: { one: { limit: 1, windowS: 60, per: ip }, each: { limit: 1, windowS: 60, per: identity } }
defaults: { authorization: public }
routes:
  health: { match: { path: /api/health, methods: [GET] }, handler: health }
  page: { match: { path: '/page/{*path}' }, upstream: php, policies: { envelope: 'off' } }
  api: { match: { path: /api/thing.php, methods: [GET, POST] }, upstream: php }
  user: { match: { path: /api/user.php, methods: [GET, POST, DELETE] }, upstream: php, policies: { authorization: user, rateLimit: [one, each] } }
  write: { match: { path: /api/write.php, methods: [POST] }, upstream: php, policies: { authorization: user } }
  small: { match: { path: /api/small.php, methods: [POST] }, upstream: php, policies: { maxBodyBytes: 4 } }
  session: { match: { path: /session, methods: [GET] }, upstream: php }
  theirs: { match: { path: /theirs.php, methods: [GET, POST, OPTIONS] }, upstream: php, policies: { cors: upstream } }
  socket: { match: { path: '/ws/{*path}' }, upstream: php, policies: { upgrade: true } }
  socket.user: { match: { path: /ws-user }, upstream: php, policies: { authorization: user, upgrade: true } }
`;
const SESSION = { data: { authenticated: true, user: { id: 's', roles: ['user'] }, csrf_token: 'proof' } };

/** PHP that says yes to everybody, as old scripts do. */
function permissive(request: string): string {
  const path = /^\S+ (\S+)/.exec(request)?.[1] ?? '';
  if (path === '/session') return httpAnswer(200, { 'Content-Type': 'application/json' }, JSON.stringify(SESSION));
  const cors = {
    'Access-Control-Allow-Origin': '*',
    'access-control-allow-credentials': 'true',
    'Access-Control-Allow-Methods': 'DELETE',
    'Access-Control-Allow-Private-Network': 'true',
    Vary: 'Accept-Encoding, origin',
  };
  const status = Number(/status=(\d+)/.exec(path)?.[1] ?? 200);
  const type = path.includes('stream') ? 'text/event-stream' : 'application/json';
  return httpAnswer(status, { ...cors, 'Content-Type': type }, status === 304 ? '' : '{"ok":true}');
}

describe('origins', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  let anyone: TestGateway;
  beforeAll(async () => {
    upstream = await startRawUpstream((socket, request) => socket.write(permissive(request)));
    const options = { phpTargets: [upstream.origin], routes: ROUTES };
    gateway = await startTestGateway({
      ...options,
      env: { ALLOWED_ORIGINS: `${APP},http://localhost:5173,https://bücher.example`, TRUSTED_PROXIES: '127.0.0.1' },
    });
    anyone = await startTestGateway({ ...options, env: { ALLOWED_ORIGINS: `*,null,${APP}` } });
  });
  afterAll(async () => {
    await gateway.stop();
    await anyone.stop();
    await upstream.stop();
  });
  beforeEach(() => {
    upstream.requests.length = 0;
  });

  const ask = (start: string, fields: readonly string[] = [], at = gateway, body = ''): Promise<RawAnswer> => {
    const host = fields.some((field) => /^host:/i.test(field)) ? [] : [`Host: 127.0.0.1:${at.port}`];
    return askRaw(at.port, [`${start} HTTP/1.1`, ...host, ...fields, 'Connection: close', '', body].join('\r\n'));
  };
  const preflight = (path: string, origin = APP, asks = 'POST', at = gateway): Promise<RawAnswer> =>
    ask(`OPTIONS ${path}`, [`Origin: ${origin}`, `Access-Control-Request-Method: ${asks}`], at);
  const upgrade = (path: string, ...fields: string[]): [string, string[]] => [
    `GET ${path}`,
    ['Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13', ...fields],
  ];

  describe('are compared exactly', () => {
    it.each([
      ['another site', 'https://evil.example'],
      ['null', 'null'],
      ['nothing', ''],
      ['a prefix', 'https://app.example.evil.example'],
      ['a suffix', 'https://evilapp.example'],
      ['a subdomain', 'https://x.app.example'],
      ['the parent', 'https://example'],
      ['another scheme', 'http://app.example'],
      ['another port', 'https://app.example:8443'],
      ['a port, the default one', 'https://app.example:443'],
      ['a trailing dot', 'https://app.example.'],
      ['a slash', 'https://app.example/'],
      ['upper case', 'https://APP.example'],
      ['a user', 'https://app.example@evil.example'],
      ['a user, the other way round', 'https://evil.example@app.example'],
      ['a backslash', 'https://app.example\\.evil.example'],
      ['a listed one before a comma', `${APP},https://evil.example`],
      ['a listed one before a blank', `${APP} https://evil.example`],
      ['localhost of somebody else', 'http://localhost.evil.example:5173'],
      ['127.0.0.1 where localhost is listed', 'http://127.0.0.1:5173'],
      ['an international name as it is read', 'https://b\xfccher.example'],
      ['the star', '*'],
      ['a browser extension', 'chrome-extension://abcdefghijklmnop'],
      ['the gateway’s host on another port', 'http://127.0.0.1:1'],
    ])('refuses %s', async (_what, origin) => {
      for (const path of ['/page/x', '/api/thing.php', '/api/health', '/api/user.php', '/ws/x', '/nowhere']) {
        const answer = await ask(`GET ${path}`, [`Origin: ${origin}`]);
        expect([path, answer.status]).toEqual([path, 403]);
        expect(answer.body).toContain('ORIGIN_DENIED');
        expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
        expect(answer.headers['vary']).toBe('Origin');
      }
      expect(upstream.requests).toEqual([]);
    });

    it('refuses two Origins, though both are listed', async () => {
      const answer = await ask('GET /api/thing.php', [`Origin: ${APP}`, `Origin: ${APP}`]);
      expect(answer.status).toBe(403);
      expect(upstream.requests).toEqual([]);
    });

    it.each([APP, 'http://localhost:5173', 'https://xn--bcher-kva.example'])(
      'lets %s in, with credentials',
      async (origin) => {
        const answer = await ask('GET /api/thing.php', [`Origin: ${origin}`]);
        expect(answer.status).toBe(200);
        expect(answer.headers).toMatchObject({
          'access-control-allow-origin': origin,
          'access-control-allow-credentials': 'true',
          vary: 'Origin, Accept-Encoding',
        });
        expect(answer.headers['access-control-expose-headers']).toContain('X-Trace-Id');
      },
    );

    it('refuses a form that another site posts to a page', async () => {
      const fields = [
        'Origin: https://evil.example',
        'Content-Type: application/x-www-form-urlencoded',
        'Content-Length: 3',
      ];
      expect((await ask('POST /page/login.php', fields, gateway, 'a=b')).status).toBe(403);
      expect(upstream.requests).toEqual([]);
    });

    it('lets a link from another site in: a navigation has no Origin', async () => {
      const fields = ['Referer: https://evil.example/', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate'];
      const answer = await ask('GET /page/x', fields);
      expect(answer.status).toBe(200);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      expect(answer.headers['vary']).toBe('Origin, Accept-Encoding');
    });
  });

  describe('of the gateway itself are allowed', () => {
    it.each([
      ['as the client addresses it', 'shop.example:8080', 'http://shop.example:8080', 200],
      ['whatever the case of Host', 'Shop.Example', 'http://shop.example', 200],
      ['with a default port in Host', 'shop.example:80', 'http://shop.example', 200],
      ['by IPv6', '[::1]:3000', 'http://[::1]:3000', 200],
      ['not under another port', 'shop.example:8080', 'http://shop.example', 403],
      ['not over TLS where the client came without', 'shop.example', 'https://shop.example', 403],
      ['not by a longer name', 'shop.example', 'http://shop.example.evil.example', 403],
    ])('%s', async (_what, host, origin, status) => {
      const answer = await ask('POST /page/x', [`Host: ${host}`, `Origin: ${origin}`, 'Content-Length: 0']);
      expect(answer.status).toBe(status);
    });

    it('as a trusted proxy reports it', async () => {
      const fields = [
        'Host: 10.0.0.7:3000',
        'X-Forwarded-For: 192.0.2.9',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Host: shop.example',
      ];
      expect((await ask('GET /page/x', [...fields, 'Origin: https://shop.example'])).status).toBe(200);
      expect((await ask('GET /page/x', [...fields, 'Origin: http://10.0.0.7:3000'])).status).toBe(403);
      // `anyone` trusts no proxy: what a stranger reports of himself opens nothing.
      const stranger = [
        'Host: shop.example',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Host: evil.example',
        'Cookie: a=1',
      ];
      const [start, more] = upgrade('/ws/x', ...stranger, 'Origin: https://evil.example', 'Connection: Upgrade');
      expect((await ask(start, more, anyone)).status).toBe(403);
    });
  });

  describe('in a preflight', () => {
    it.each([
      ['/api/thing.php', 'GET, POST, HEAD, OPTIONS'],
      ['/api/user.php', 'GET, POST, DELETE, HEAD, OPTIONS'],
      ['/api/health', 'GET, HEAD, OPTIONS'],
      ['/page/x', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'],
      ['/nowhere', 'GET, HEAD, POST, PUT, PATCH, DELETE'],
    ])('are told what %s takes, by the gateway alone', async (path, methods) => {
      // More often than any limit of the path allows, and without an identity.
      for (let i = 0; i < 3; i++) {
        const { status, headers, body } = await preflight(path);
        expect(status).toBe(204);
        expect(body).toBe('');
        expect(headers).toMatchObject({
          'access-control-allow-origin': APP,
          'access-control-allow-credentials': 'true',
          'access-control-allow-methods': methods,
          'access-control-max-age': '600',
          vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
        });
        expect(headers['access-control-allow-headers']).toMatch(
          /\bAuthorization\b.*\bContent-Type\b.*\bX-CSRF-Token\b/,
        );
        expect(headers['access-control-allow-headers']).not.toContain('*');
        expect(headers['ratelimit']).toBeUndefined();
      }
      expect(upstream.requests).toEqual([]);
    });

    it('count against no limit: the request that follows has all of it', async () => {
      for (let i = 0; i < 3; i++) await preflight('/api/user.php', APP, 'DELETE');
      const token = makeAccessToken(JWT_SECRET, { subject: 'u', roles: ['user'], lifeS: 60 });
      const fields = [`Origin: ${APP}`, `Authorization: Bearer ${token}`, 'X-Forwarded-For: 192.0.2.77'];
      expect((await ask('DELETE /api/user.php', fields)).status).toBe(200);
    });

    it('are refused where they are not allowed', async () => {
      expect((await preflight('/api/thing.php', 'https://evil.example')).status).toBe(403);
      expect((await preflight('/page/x', 'null')).status).toBe(403);
      expect(upstream.requests).toEqual([]);
    });

    it('never open the way into a private network', async () => {
      const fields = [
        `Origin: ${APP}`,
        'Access-Control-Request-Method: POST',
        'Access-Control-Request-Private-Network: true',
      ];
      for (const path of ['/api/thing.php', '/page/x']) {
        const { status, raw } = await ask(`OPTIONS ${path}`, fields);
        expect(status).toBe(204);
        expect(raw).not.toMatch(/private-network|local-network/i);
      }
    });

    it('are PHP’s to answer where the route leaves CORS to it', async () => {
      const { status, headers } = await preflight('/theirs.php', 'https://evil.example');
      expect(status).toBe(200);
      expect(headers).toMatchObject({ 'access-control-allow-origin': '*', vary: 'Accept-Encoding, origin' });
      expect(upstream.requests).toHaveLength(1);
    });

    it('are none without a method that is asked for', async () => {
      const answer = await ask('OPTIONS /page/x', [`Origin: ${APP}`]);
      expect(answer.headers['access-control-allow-methods']).toBeUndefined();
      expect(upstream.requests).toHaveLength(1);
    });
  });

  describe('in answers', () => {
    it.each([
      ['a PHP answer', 'GET /api/thing.php', [], 200],
      ['a native answer', 'GET /api/health', [], 200],
      ['a page that is streamed', 'GET /page/x', [], 200],
      ['an event stream', 'GET /page/stream', [], 200],
      ['a 304', 'GET /page/x?status=304', [], 304],
      ['PHP’s error', 'GET /api/thing.php?status=500', [], 500],
      ['PHP’s 404', 'GET /page/x?status=404', [], 404],
      ['an unknown address', 'GET /nowhere', [], 404],
      ['a method that is not taken', 'PUT /api/thing.php', ['Content-Length: 0'], 405],
      ['a body that is too large', 'POST /api/small.php', ['Content-Length: 5'], 413],
      ['no identity', 'GET /api/user.php', ['X-Forwarded-For: 192.0.2.1'], 401],
      ['over the limit', 'GET /api/user.php', ['X-Forwarded-For: 192.0.2.1'], 429],
      ['a path that cannot be read', 'GET /%00', [], 400],
      ['a head that cannot be read', 'GET /api/thing.php', ['Expect: a', 'Expect: b'], 400],
      ['an upgrade without a route', 'GET /nowhere', ['Upgrade: websocket'], 404],
    ])('stand once, whatever PHP says: %s', async (_what, start, fields, status) => {
      const body = status === 413 ? 'xxxxx' : '';
      const { status: got, headers } = await ask(start, [`Origin: ${APP}`, ...fields], gateway, body);
      expect(got).toBe(status);
      expect(headers['access-control-allow-origin']).toBe(APP);
      expect(headers['access-control-allow-credentials']).toBe('true');
      expect(headers['access-control-allow-methods']).toBeUndefined();
      expect(headers['access-control-allow-private-network']).toBeUndefined();
      expect(headers['vary']).toMatch(/^Origin(?:, Accept-Encoding)?$/);
    });

    it('do not turn a head that cannot be read into another fault', async () => {
      const answer = await ask('GET /api/thing.php', ['Origin: https://evil.example', 'Expect: a', 'Expect: b']);
      expect(answer.status).toBe(400);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    });

    it('are not mixed into bytes that are no request', async () => {
      const raw = await sendRaw(gateway.port, `GET / HTTP/1.1\r\nOrigin: ${APP}\r\nBad Header: x\r\n\r\n`);
      expect(parseAnswer(raw).status).toBe(400);
      expect(raw).not.toMatch(/^access-control/im);
    });
  });

  describe('of an upgrade', () => {
    it.each([
      ['/ws/x', 'https://evil.example', 403],
      ['/ws/x', 'null', 403],
      ['/ws-user', 'https://evil.example', 403],
      ['/ws-user', APP, 401],
      ['/nowhere', 'https://evil.example', 403],
      ['/api/health', 'https://evil.example', 403],
    ])('%s from %s: %d', async (path, origin, status) => {
      const [start, fields] = upgrade(path, `Origin: ${origin}`);
      const answer = await ask(start, [...fields, 'Connection: Upgrade']);
      expect(answer.status).toBe(status);
      expect(upstream.requests).toEqual([]);
    });

    it.each([
      ['its own', ''],
      ['a listed one', APP],
      ['none', undefined],
    ])('passes with %s', async (_what, origin) => {
      const own = `http://127.0.0.1:${gateway.port}`;
      const [start, fields] = upgrade(
        '/ws/x',
        ...(origin === undefined ? [] : [`Origin: ${origin === '' ? own : origin}`]),
      );
      await ask(start, [...fields, 'Connection: Upgrade']);
      expect(upstream.requests).toHaveLength(1);
    });
  });

  describe('under *', () => {
    it('may read, but never with credentials', async () => {
      for (const answer of [
        await ask('GET /api/thing.php', ['Origin: https://somebody.example'], anyone),
        await preflight('/api/thing.php', 'https://somebody.example', 'POST', anyone),
      ]) {
        expect(answer.headers['access-control-allow-origin']).toBe('*');
        expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
        expect(answer.headers['vary']).toContain('Origin');
      }
    });

    it('null, where it is listed, has no credentials either', async () => {
      const { status, headers } = await ask('GET /api/health', ['Origin: null'], anyone);
      expect(status).toBe(200);
      expect(headers['access-control-allow-origin']).toBe('null');
      expect(headers['access-control-allow-credentials']).toBeUndefined();
    });

    it('what is listed besides keeps its credentials', async () => {
      const { headers } = await ask('GET /api/health', [`Origin: ${APP}`], anyone);
      expect(headers).toMatchObject({ 'access-control-allow-origin': APP, 'access-control-allow-credentials': 'true' });
    });

    it.each(['https://a.example,https://b.example', 'https://a.example/x', 'nonsense', '', 'NULL'])(
      'what is no origin is refused: "%s"',
      async (origin) => {
        expect((await ask('GET /api/health', [`Origin: ${origin}`], anyone)).status).toBe(403);
      },
    );

    // Any Origin at all was taken for proof that this site's own page wrote.
    it.each([
      ['https://somebody.example', 403],
      ['null', 403],
      [APP, 200],
    ])('a write with a cookie from %s: %d', async (origin, status) => {
      const fields = [`Origin: ${origin}`, 'Cookie: SESS=good', 'Content-Length: 0'];
      const answer = await ask('POST /api/write.php', fields, anyone);
      expect(answer.status).toBe(status);
      expect(answer.body).toContain(status === 403 ? 'CSRF_FAILED' : '"ok":true');
    });

    it('a WebSocket with cookies is not opened: CORS would not keep its frames from another site’s script', async () => {
      const [start, fields] = upgrade('/ws/x', 'Origin: https://somebody.example', 'Connection: Upgrade');
      expect((await ask(start, [...fields, 'Cookie: SESS=good'], anyone)).status).toBe(403);
      expect(upstream.requests).toEqual([]);
      await ask(start, fields, anyone);
      expect(upstream.requests).toHaveLength(1);
    });
  });

  it('are left to PHP by the pass-through table', async () => {
    const routes = readFileSync(resolve(import.meta.dirname, '../../routes.pass-through.yaml'), 'utf8');
    const open = await startTestGateway({ phpTargets: [upstream.origin], routes });
    try {
      const answer = await ask('POST /any.php', ['Origin: https://partner.example', 'Content-Length: 0'], open);
      expect(answer.status).toBe(200);
      expect(answer.headers).toMatchObject({ 'access-control-allow-origin': '*', vary: 'Accept-Encoding, origin' });
    } finally {
      await open.stop();
    }
  });
});
