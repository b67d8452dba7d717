import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { makeAccessToken } from '../../src/auth/index.js';
import { askRaw } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const token = (roles: string[]): string =>
  `Authorization: Bearer ${makeAccessToken(JWT_SECRET, { subject: 'u', roles, lifeS: 600 })}\r\n`;

describe('an action that only an admin may call', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  const routes = `
upstreams: { php: { targets: ['\${REMOTE_PHP_BASE}'] } }
policies:
  authorization: { public: {}, user: { anyOf: [jwt] }, admin: { anyOf: [jwt], roles: [admin] } }
routes:
  box: { match: { path: /api/box.php, methods: [GET, POST] }, upstream: php, policies: { authorization: user } }
  box.list: { match: { path: /api/box.php, methods: [GET], action: list }, upstream: php, policies: { authorization: user } }
  box.purge: { match: { path: /api/box.php, methods: [GET, POST], action: purge }, upstream: php, policies: { authorization: admin } }
  all: { match: { path: '/{*path}' }, upstream: php, policies: { authorization: public } }
`;
  beforeAll(async () => {
    upstream = await startRawUpstream((socket) =>
      socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, '{}')),
    );
    gateway = await startTestGateway({ phpTargets: [upstream.origin], routes });
  });
  beforeEach(() => {
    upstream.requests.length = 0;
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });
  const send = async (method: string, query: string, fields: string, body = '', roles = ['user']): Promise<number> => {
    const length = body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
    const text = `${method} /api/box.php${query} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${token(roles)}${fields}${length}\r\n${body}`;
    return (await askRaw(gateway.port, text, 100)).status;
  };

  it.each([
    ['plainly', '?action=purge', ''],
    ['last of two', '?action=list&action=purge', ''],
    ['encoded', '?acti%6fn=%70urge', ''],
    ['behind a blank', '?+action=purge', ''],
    ['behind an encoded blank', '?%20%20action=purge', ''],
    ['with NUL in the name', '?action%00x=purge', ''],
    ['as an array', '?action[]=purge', ''],
    ['as an encoded array', '?action%5B%5D=purge', ''],
    ['as a keyed array after another', '?action=list&action[x]=purge', ''],
    ['in capitals', '?action=PURGE', ''],
    ['with a blank behind', '?action=purge%20', ''],
    ['with NUL behind', '?action=purge%00', ''],
    ['with a line feed before', '?action=%0apurge', ''],
    ['in a cookie', '?action=list', 'Cookie: a=1; action=purge\r\n'],
    ['in the first of two cookies', '?action=list', 'Cookie: action=purge; action=list\r\n'],
    ['in a cookie alone', '', 'Cookie: action=purge\r\n'],
  ])('is not reached by GET %s', async (_title, query, fields) => {
    expect([400, 403]).toContain(await send('GET', query, fields));
    expect(upstream.requests).toEqual([]);
  });

  it.each([
    ['JSON', 'Content-Type: application/json\r\n', '{"action":"purge"}'],
    ['a form', 'Content-Type: application/x-www-form-urlencoded\r\n', 'action=purge'],
  ])('is not reached by GET with %s behind another action', async (_title, fields, body) => {
    expect([400, 403]).toContain(await send('GET', '?action=list', fields, body));
    expect(await send('GET', '?action=list', fields, body, ['admin'])).toBe(400);
    expect(upstream.requests).toEqual([]);
  });

  const MULTIPART = '--b\r\nContent-Disposition: form-data; name="action"\r\n\r\npurge\r\n--b--\r\n';
  const BODIES: readonly (readonly [string, string, string])[] = [
    ['JSON', 'application/json', '{"action":"purge"}'],
    ['JSON with the key twice', 'application/json', '{"action":"list","action":"purge"}'],
    ['JSON with an escaped key', 'application/json', '{"acti\\u006fn":"purge"}'],
    ['JSON called a form', 'application/x-www-form-urlencoded', '{"action":"purge"}'],
    ['JSON called text', 'text/plain', ' {"action":"purge"}'],
    ['a form', 'application/x-www-form-urlencoded', 'action=list&action=purge'],
    ['a form whose type has a comma', 'application/x-www-form-urlencoded, x', 'action=purge'],
    ['a form whose type has a blank', 'application/x-www-form-urlencoded x', 'action=purge'],
    ['a form inside JSON', 'application/x-www-form-urlencoded', '{"x":"&action=purge&"}'],
    ['multipart', 'multipart/form-data; boundary=b', MULTIPART],
    ['multipart whose type has a comma', 'multipart/form-data, x; boundary=b', MULTIPART],
    ['multipart with a quoted boundary', 'Multipart/Form-Data; boundary="b"', MULTIPART],
  ];

  it.each(BODIES)('is not reached by POST with %s', async (_title, type, body) => {
    expect([400, 403]).toContain(await send('POST', '', `Content-Type: ${type}\r\n`, body));
    expect(upstream.requests).toEqual([]);
  });

  it.each(BODIES)('is refused to everybody where the query names another: %s', async (_title, type, body) => {
    expect(await send('POST', '?action=list', `Content-Type: ${type}\r\n`, body, ['admin'])).toBe(400);
    expect(upstream.requests).toEqual([]);
  });

  it('refuses a body in a coding that it cannot read', async () => {
    expect(
      await send('POST', '', 'Content-Type: application/json\r\nContent-Encoding: gzip\r\n', 'xx', ['admin']),
    ).toBe(400);
    expect(upstream.requests).toEqual([]);
  });

  it('opens to an admin, and other actions and a file named so to anybody', async () => {
    expect(await send('GET', '?action=purge', '', '', ['admin'])).toBe(200);
    expect(await send('GET', '?action=list', 'Cookie: fact=1; x%20y=2\r\n')).toBe(200);
    expect(await send('GET', '?transaction=purge&action=list', '')).toBe(200);
    expect(upstream.requests).toHaveLength(3);
  });
});
