import { describe, expect, it } from '@jest/globals';
import { makeAccessToken } from '../../src/auth/index.js';
import { APP, useOriginSite } from '../support/origin-site.js';
import { parseAnswer, sendRaw } from '../support/raw-client.js';
import { JWT_SECRET } from '../support/test-gateway.js';

describe('origins', () => {
  const site = useOriginSite();

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
        const { status, headers, body } = await site.preflight(path);
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
      expect(site.upstream.requests).toEqual([]);
    });

    it('count against no limit: the request that follows has all of it', async () => {
      for (let i = 0; i < 3; i++) await site.preflight('/api/user.php', APP, 'DELETE');
      const token = makeAccessToken(JWT_SECRET, { subject: 'u', roles: ['user'], lifeS: 60 });
      const fields = [`Origin: ${APP}`, `Authorization: Bearer ${token}`, 'X-Forwarded-For: 192.0.2.77'];
      expect((await site.ask('DELETE /api/user.php', fields)).status).toBe(200);
    });

    it('are refused where they are not allowed', async () => {
      expect((await site.preflight('/api/thing.php', 'https://evil.example')).status).toBe(403);
      expect((await site.preflight('/page/x', 'null')).status).toBe(403);
      expect(site.upstream.requests).toEqual([]);
    });

    it('never open the way into a private network', async () => {
      const fields = [
        `Origin: ${APP}`,
        'Access-Control-Request-Method: POST',
        'Access-Control-Request-Private-Network: true',
      ];
      for (const path of ['/api/thing.php', '/page/x']) {
        const { status, raw } = await site.ask(`OPTIONS ${path}`, fields);
        expect(status).toBe(204);
        expect(raw).not.toMatch(/private-network|local-network/i);
      }
    });

    it('are PHP’s to answer where the route leaves CORS to it', async () => {
      const { status, headers } = await site.preflight('/theirs.php', 'https://evil.example');
      expect(status).toBe(200);
      expect(headers).toMatchObject({ 'access-control-allow-origin': '*', vary: 'Accept-Encoding, origin' });
      expect(site.upstream.requests).toHaveLength(1);
    });

    it('are none without a method that is asked for', async () => {
      const answer = await site.ask('OPTIONS /page/x', [`Origin: ${APP}`]);
      expect(answer.headers['access-control-allow-methods']).toBeUndefined();
      expect(site.upstream.requests).toHaveLength(1);
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
      const { status: got, headers } = await site.ask(start, [`Origin: ${APP}`, ...fields], site.gateway, body);
      expect(got).toBe(status);
      expect(headers['access-control-allow-origin']).toBe(APP);
      expect(headers['access-control-allow-credentials']).toBe('true');
      expect(headers['access-control-allow-methods']).toBeUndefined();
      expect(headers['access-control-allow-private-network']).toBeUndefined();
      expect(headers['vary']).toMatch(/^Origin(?:, Accept-Encoding)?$/);
    });

    it('do not turn a head that cannot be read into another fault', async () => {
      const answer = await site.ask('GET /api/thing.php', ['Origin: https://evil.example', 'Expect: a', 'Expect: b']);
      expect(answer.status).toBe(400);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    });

    it('are not mixed into bytes that are no request', async () => {
      const raw = await sendRaw(site.gateway.port, `GET / HTTP/1.1\r\nOrigin: ${APP}\r\nBad Header: x\r\n\r\n`);
      expect(parseAnswer(raw).status).toBe(400);
      expect(raw).not.toMatch(/^access-control/im);
    });
  });
});
