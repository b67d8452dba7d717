import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { makeAccessToken } from '../../src/auth/index.js';
import { askRaw, type RawAnswer } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const ROUTES = `
upstreams: { php: { targets: ['\${REMOTE_PHP_BASE}'], identity: true, session: { cookie: SID, path: /session.php } } }
policies:
  authorization:
    public: {}
    user: { anyOf: [jwt, php-session] }
    token: { anyOf: [jwt] }
    admin: { anyOf: [jwt, php-session], roles: [admin] }
  rateLimit: { each: { limit: 2, windowS: 60, per: identity } }
routes:
  user: { match: { path: '/user/{*path}' }, upstream: php, policies: { authorization: user } }
  token: { match: { path: '/token/{*path}' }, upstream: php, policies: { authorization: token } }
  admin: { match: { path: '/admin/{*path}' }, upstream: php, policies: { authorization: admin } }
  each: { match: { path: '/each/{*path}' }, upstream: php, policies: { authorization: user, rateLimit: [each] } }
  logout: { match: { path: /logout, methods: [POST] }, upstream: php, policies: { authorization: public, endsSession: true } }
`;

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** A compact JWS of any header and claims. */
function token(header: object, claims: object, secret = JWT_SECRET, algorithm = 'sha256'): string {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${createHmac(algorithm, secret).update(signed).digest('base64url')}`;
}
const now = Math.floor(Date.now() / 1000);
const HS256 = { alg: 'HS256', typ: 'JWT' };
const CLAIMS = { sub: 'u', roles: ['admin'], exp: now + 600 };

describe('who calls', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  let delayMs = 0;
  const sessionCalls = (): number => upstream.requests.filter((text) => text.includes('/session.php')).length;
  const others = (): string[] => upstream.requests.filter((text) => !text.includes('/session.php'));

  beforeAll(async () => {
    upstream = await startRawUpstream((socket, request) => {
      const cookie = /SID=(\w+)/.exec(request)?.[1] ?? '';
      const user = { id: cookie, roles: cookie.startsWith('admin') ? ['user', 'admin'] : ['user'] };
      const session = cookie.startsWith('nobody')
        ? { authenticated: false }
        : { authenticated: true, user, csrf_token: `csrf-${cookie}` };
      const isQuestion = request.includes('/session.php');
      const text =
        cookie === 'broken' && isQuestion ? '<br>Fatal error' : JSON.stringify({ data: isQuestion ? session : {} });
      setTimeout(
        () => socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, text)),
        isQuestion ? delayMs : 0,
      );
    });
    gateway = await startTestGateway({
      phpTargets: [upstream.origin],
      routes: ROUTES,
      env: { ALLOWED_ORIGINS: 'https://app.example' },
    });
  });
  beforeEach(() => {
    upstream.requests.length = 0;
    delayMs = 0;
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });
  const ask = (path: string, fields: string, method = 'GET', port = gateway.port): Promise<RawAnswer> =>
    askRaw(port, `${method} ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${fields}\r\n\r\n`, 1500);

  it.each([
    ['nothing but the scheme', 'Bearer'],
    ['an empty token', 'Bearer '],
    ['words', 'Bearer a b'],
    ['no token at all', 'Bearer abc'],
    ['alg none', `Bearer ${part({ alg: 'none' })}.${part(CLAIMS)}.`],
    ['alg None with a signature', `Bearer ${token({ alg: 'None' }, CLAIMS)}`],
    ['another secret', `Bearer ${token(HS256, CLAIMS, 'another-secret-another-secret-another')}`],
    ['an empty secret', `Bearer ${token(HS256, CLAIMS, '')}`],
    ['HS512 where HS256 is pinned', `Bearer ${token({ alg: 'HS512' }, CLAIMS, JWT_SECRET, 'sha512')}`],
    ['RS256 in name, signed with the secret', `Bearer ${token({ alg: 'RS256' }, CLAIMS)}`],
    [
      'changed claims',
      `Bearer ${makeAccessToken(JWT_SECRET, { subject: 'u', roles: [], lifeS: 60 }).replace(/\.[^.]+\./, `.${part(CLAIMS)}.`)}`,
    ],
    ['a past exp', `Bearer ${token(HS256, { ...CLAIMS, exp: now - 1 })}`],
    ['no exp', `Bearer ${token(HS256, { sub: 'u' })}`],
    ['an exp that is text', `Bearer ${token(HS256, { ...CLAIMS, exp: '9999999999' })}`],
    ['a future nbf', `Bearer ${token(HS256, { ...CLAIMS, nbf: now + 600 })}`],
    ['no sub', `Bearer ${token(HS256, { exp: now + 60 })}`],
    ['a sub that is an object', `Bearer ${token(HS256, { ...CLAIMS, sub: { id: 1 } })}`],
    ['roles that are text', `Bearer ${token(HS256, { ...CLAIMS, roles: 'admin' })}`],
    ['5,000 characters', `Bearer ${token(HS256, { ...CLAIMS, pad: 'x'.repeat(5000) })}`],
    [
      'an assertion of the gateway’s own',
      `Bearer ${token({ alg: 'HS256', typ: 'gateway-identity+jwt' }, CLAIMS, 'test-secret-of-the-identity-0123456789abcd')}`,
    ],
  ])('refuses a token with %s', async (_title, authorization) => {
    const answer = await ask('/token/x', `Authorization: ${authorization}`);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="donna", error="invalid_token"');
    expect(JSON.parse(answer.body)).toMatchObject({ errorCode: 'UNAUTHENTICATED' });
    expect(upstream.requests).toEqual([]);
  });

  it('asks for a token where there is none, and does not take one from elsewhere', async () => {
    const good = token(HS256, CLAIMS);
    for (const [path, fields] of [
      ['/token/x', 'X: y'],
      [`/token/x?access_token=${good}`, 'X: y'],
      ['/token/x', `Cookie: token=${good}; SID=abc`],
      ['/token/x', `X-Gateway-Identity: ${good}`],
    ] as const) {
      expect(await ask(path, fields)).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="donna"' },
      });
    }
    expect(upstream.requests).toEqual([]);
    expect((await ask('/token/x', `authorization: bearer ${good}`)).status).toBe(200);
  });

  it('asks for roles, from tokens and sessions alike', async () => {
    const plain = token(HS256, { ...CLAIMS, roles: ['user'] });
    expect(await ask('/admin/x', `Authorization: Bearer ${plain}`)).toMatchObject({
      status: 403,
      body: expect.stringContaining('FORBIDDEN'),
    });
    expect((await ask('/admin/x', 'Cookie: SID=user1')).status).toBe(403);
    expect(others()).toEqual([]);
    expect((await ask('/admin/x', `Authorization: Bearer ${token(HS256, CLAIMS)}`)).status).toBe(200);
    expect(
      (await ask('/admin/x', `Authorization: Bearer ${token(HS256, { sub: 'u', role: 'admin', exp: now + 60 })}`))
        .status,
    ).toBe(200);
    expect((await ask('/admin/x', 'Cookie: SID=admin1')).status).toBe(200);
  });

  it('does not let a bad token hide behind a good session', async () => {
    expect((await ask('/user/x', 'Authorization: Bearer bad\r\nCookie: SID=mix1')).status).toBe(401);
    expect((await ask('/user/x', 'Authorization: Basic YTpi\r\nCookie: SID=mix1')).status).toBe(200);
  });

  it.each([
    ['nothing', 'X: y', 403],
    ['a site that is not this one', 'Sec-Fetch-Site: cross-site', 403],
    ['a sibling site', 'Sec-Fetch-Site: same-site', 403],
    ['a wrong token', 'X-CSRF-Token: csrf-other', 403],
    ['an empty token', 'X-CSRF-Token: ', 403],
    ['a foreign Origin', 'Origin: https://evil.example\r\nX-CSRF-Token: csrf-csrf1', 403],
    ['its session’s token', 'X-CSRF-Token: csrf-csrf1', 200],
    ['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: same-origin', 200],
    ['an allowed Origin', 'Origin: https://app.example', 200],
    ['its own Origin', 'Origin: http://h', 200],
  ])('weighs a write that a cookie authenticates, with %s', async (_title, fields, status) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await ask('/user/x', `Cookie: SID=csrf1\r\n${fields}`, method);
      expect(answer.status).toBe(status);
      if (status === 403) expect(answer.body).toMatch(/CSRF_FAILED|ORIGIN_DENIED/);
    }
    expect(others()).toHaveLength(status === 200 ? 4 : 0);
  });

  it('asks no proof of a token, nor of a read', async () => {
    expect((await ask('/user/x', `Authorization: Bearer ${token(HS256, CLAIMS)}`, 'POST')).status).toBe(200);
    expect((await ask('/user/x', 'Cookie: SID=csrf1')).status).toBe(200);
  });

  it('asks PHP once for fifty parallel requests of a session, and not again for five seconds', async () => {
    delayMs = 150;
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask('/user/x', 'Cookie: a=1; SID=many1')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(sessionCalls()).toBe(1);
    await ask('/user/x', 'Cookie: SID=many1');
    expect(sessionCalls()).toBe(1);
  });

  it('forgets a session with its logout', async () => {
    await ask('/user/x', 'Cookie: SID=leaver1');
    expect((await ask('/logout', 'Cookie: SID=leaver1', 'POST')).status).toBe(200);
    await ask('/user/x', 'Cookie: SID=leaver1');
    expect(sessionCalls()).toBe(2);
  });

  it('asks again for a session that was nobody’s: its owner may just have signed in', async () => {
    expect((await ask('/user/x', 'Cookie: SID=nobody1')).status).toBe(401);
    expect((await ask('/user/x', 'Cookie: SID=nobody1')).status).toBe(401);
    expect(sessionCalls()).toBe(2);
    expect(others()).toEqual([]);
  });

  it('says 502, not 401, when PHP cannot be asked', async () => {
    expect(await ask('/user/x', 'Cookie: SID=broken')).toMatchObject({
      status: 502,
      body: expect.stringContaining('UPSTREAM_BAD_ANSWER'),
    });
    const gone = await startRawUpstream(() => undefined);
    await gone.stop();
    const other = await startTestGateway({ phpTargets: [gone.origin], routes: ROUTES });
    expect((await ask('/user/x', 'Cookie: SID=any1', 'GET', other.port)).status).toBe(502);
    await other.stop();
  });

  it('counts each identity for itself, whatever the address', async () => {
    const as = (subject: string) =>
      ask('/each/x', `Authorization: Bearer ${token(HS256, { ...CLAIMS, sub: subject })}`);
    expect((await as('first')).headers['ratelimit']).toMatch(/^"each";r=1;t=\d+$/);
    expect((await as('first')).status).toBe(200);
    expect(await as('first')).toMatchObject({
      status: 429,
      headers: { 'retry-after': expect.stringMatching(/^[1-9]\d?$/) },
    });
    expect((await as('second')).status).toBe(200);
  });
});
