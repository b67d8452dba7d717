import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { APP, useOriginSite } from '../support/origin-site.js';
import { startTestGateway } from '../support/test-gateway.js';

describe('origins', () => {
  const site = useOriginSite();

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
        const answer = await site.ask(`GET ${path}`, [`Origin: ${origin}`]);
        expect([path, answer.status]).toEqual([path, 403]);
        expect(answer.body).toContain('ORIGIN_DENIED');
        expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
        expect(answer.headers['vary']).toBe('Origin');
      }
      expect(site.upstream.requests).toEqual([]);
    });

    it('refuses two Origins, though both are listed', async () => {
      const answer = await site.ask('GET /api/thing.php', [`Origin: ${APP}`, `Origin: ${APP}`]);
      expect(answer.status).toBe(403);
      expect(site.upstream.requests).toEqual([]);
    });

    it.each([APP, 'http://localhost:5173', 'https://xn--bcher-kva.example'])(
      'lets %s in, with credentials',
      async (origin) => {
        const answer = await site.ask('GET /api/thing.php', [`Origin: ${origin}`]);
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
      expect((await site.ask('POST /page/login.php', fields, site.gateway, 'a=b')).status).toBe(403);
      expect(site.upstream.requests).toEqual([]);
    });

    it('lets a link from another site in: a navigation has no Origin', async () => {
      const fields = ['Referer: https://evil.example/', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate'];
      const answer = await site.ask('GET /page/x', fields);
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
      const answer = await site.ask('POST /page/x', [`Host: ${host}`, `Origin: ${origin}`, 'Content-Length: 0']);
      expect(answer.status).toBe(status);
    });

    it('as a trusted proxy reports it', async () => {
      const fields = [
        'Host: 10.0.0.7:3000',
        'X-Forwarded-For: 192.0.2.9',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Host: shop.example',
      ];
      expect((await site.ask('GET /page/x', [...fields, 'Origin: https://shop.example'])).status).toBe(200);
      expect((await site.ask('GET /page/x', [...fields, 'Origin: http://10.0.0.7:3000'])).status).toBe(403);
      // `anyone` trusts no proxy: what a stranger reports of himself opens nothing.
      const stranger = [
        'Host: shop.example',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Host: evil.example',
        'Cookie: a=1',
      ];
      const [start, more] = site.upgrade('/ws/x', ...stranger, 'Origin: https://evil.example', 'Connection: Upgrade');
      expect((await site.ask(start, more, site.anyone)).status).toBe(403);
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
      const [start, fields] = site.upgrade(path, `Origin: ${origin}`);
      const answer = await site.ask(start, [...fields, 'Connection: Upgrade']);
      expect(answer.status).toBe(status);
      expect(site.upstream.requests).toEqual([]);
    });

    it.each([
      ['its own', ''],
      ['a listed one', APP],
      ['none', undefined],
    ])('passes with %s', async (_what, origin) => {
      const own = `http://127.0.0.1:${site.gateway.port}`;
      const [start, fields] = site.upgrade(
        '/ws/x',
        ...(origin === undefined ? [] : [`Origin: ${origin === '' ? own : origin}`]),
      );
      await site.ask(start, [...fields, 'Connection: Upgrade']);
      expect(site.upstream.requests).toHaveLength(1);
    });
  });

  describe('under *', () => {
    it('may read, but never with credentials', async () => {
      for (const answer of [
        await site.ask('GET /api/thing.php', ['Origin: https://somebody.example'], site.anyone),
        await site.preflight('/api/thing.php', 'https://somebody.example', 'POST', site.anyone),
      ]) {
        expect(answer.headers['access-control-allow-origin']).toBe('*');
        expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
        expect(answer.headers['vary']).toContain('Origin');
      }
    });

    it('null, where it is listed, has no credentials either', async () => {
      const { status, headers } = await site.ask('GET /api/health', ['Origin: null'], site.anyone);
      expect(status).toBe(200);
      expect(headers['access-control-allow-origin']).toBe('null');
      expect(headers['access-control-allow-credentials']).toBeUndefined();
    });

    it('what is listed besides keeps its credentials', async () => {
      const { headers } = await site.ask('GET /api/health', [`Origin: ${APP}`], site.anyone);
      expect(headers).toMatchObject({ 'access-control-allow-origin': APP, 'access-control-allow-credentials': 'true' });
    });

    it.each(['https://a.example,https://b.example', 'https://a.example/x', 'nonsense', '', 'NULL'])(
      'what is no origin is refused: "%s"',
      async (origin) => {
        expect((await site.ask('GET /api/health', [`Origin: ${origin}`], site.anyone)).status).toBe(403);
      },
    );

    // Any Origin at all was taken for proof that this site's own page wrote.
    it.each([
      ['https://somebody.example', 403],
      ['null', 403],
      [APP, 200],
    ])('a write with a cookie from %s: %d', async (origin, status) => {
      const fields = [`Origin: ${origin}`, 'Cookie: SESS=good', 'Content-Length: 0'];
      const answer = await site.ask('POST /api/write.php', fields, site.anyone);
      expect(answer.status).toBe(status);
      expect(answer.body).toContain(status === 403 ? 'CSRF_FAILED' : '"ok":true');
    });

    it('a WebSocket with cookies is not opened: CORS would not keep its frames from another site’s script', async () => {
      const [start, fields] = site.upgrade('/ws/x', 'Origin: https://somebody.example', 'Connection: Upgrade');
      expect((await site.ask(start, [...fields, 'Cookie: SESS=good'], site.anyone)).status).toBe(403);
      expect(site.upstream.requests).toEqual([]);
      await site.ask(start, fields, site.anyone);
      expect(site.upstream.requests).toHaveLength(1);
    });
  });

  it('are left to PHP by the pass-through table', async () => {
    const routes = readFileSync(resolve(import.meta.dirname, '../../routes.pass-through.yaml'), 'utf8');
    const open = await startTestGateway({ phpTargets: [site.upstream.origin], routes });
    try {
      const answer = await site.ask('POST /any.php', ['Origin: https://partner.example', 'Content-Length: 0'], open);
      expect(answer.status).toBe(200);
      expect(answer.headers).toMatchObject({ 'access-control-allow-origin': '*', vary: 'Accept-Encoding, origin' });
    } finally {
      await open.stop();
    }
  });
});
