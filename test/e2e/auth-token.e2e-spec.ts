import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { makeAccessToken } from '../../src/auth/index.js';
import { call, type CallAnswer } from '../support/http-call.js';
import {
  EVE,
  EVE_PASSWORD,
  type LegacyPhp,
  OTHER_HASH,
  signInForSession,
  startLegacyPhp,
  unlimitedTable,
} from '../support/legacy-php.js';
import { httpAnswer, startRawUpstream } from '../support/raw-upstream.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

let php: LegacyPhp;
let gateway: TestGateway;

beforeAll(async () => {
  php = await startLegacyPhp();
  // A native route with the policies of a proxied one.
  const twin = `routes:
  native-twin: { match: { path: /native-twin, methods: [GET] }, handler: health, policies: { authorization: admin } }`;
  gateway = await startTestGateway({
    phpTargets: [php.origin],
    routes: unlimitedTable().replace(/^routes:$/m, twin),
  });
}, 30_000);
beforeEach(() => php.setUsers(EVE));
afterAll(async () => {
  await gateway.stop();
  await php.stop();
});

const post = (
  path: string,
  body: object | undefined,
  headers: Readonly<Record<string, string>> = {},
  origin = gateway.url,
): Promise<CallAnswer> =>
  call(origin, path, {
    method: 'POST',
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const askToken = (body?: object, headers?: Readonly<Record<string, string>>, origin?: string) =>
  post('/api/auth/token', body, headers, origin);
const PASSWORD = { email: EVE.email, password: EVE_PASSWORD };
async function signIn(): Promise<Tokens> {
  const answer = await askToken(PASSWORD);
  expect(answer.status).toBe(200);
  return answer.json() as Tokens;
}
const refresh = (refresh_token: string): Promise<CallAnswer> => askToken({ refresh_token });
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
const asBearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const listAs = (token: string) => call(gateway.url, '/api/conversations.php', { headers: asBearer(token) });

describe('POST /api/auth/token', () => {
  it('gives tokens for e-mail and password, in JSON and in a form, without a cookie', async () => {
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const asForm = await call(gateway.url, '/api/auth/token', {
      method: 'POST',
      headers: form,
      body: new URLSearchParams(PASSWORD).toString(),
    });
    for (const answer of [await askToken(PASSWORD), asForm]) {
      expect(answer.status).toBe(200);
      expect(answer.all('cache-control')).toEqual(['no-store']);
      expect(answer.headers['set-cookie']).toBeUndefined();
      const body = answer.json() as Tokens;
      expect(body).toEqual({
        success: true,
        traceId: answer.headers['x-trace-id'],
        access_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 900,
        refresh_token: expect.stringMatching(/^dgr1_[A-Za-z0-9_-]{64}$/),
      });
      const claims = claimsOf(body.access_token);
      expect(claims).toMatchObject({ sub: EVE.id, roles: ['user'], email: EVE.email, name: EVE.name });
      expect(claims['jti']).toMatch(/^[A-Za-z0-9_-]{22}$/);
      expect(claims['sid']).toMatch(/^[A-Za-z0-9_-]{22}$/);
      expect(Number(claims['exp']) - Number(claims['iat'])).toBe(900);
      expect(await listAs(body.access_token)).toMatchObject({ status: 200 });
      expect((await listAs(body.access_token)).json()).toMatchObject({ user_id: EVE.id });
    }
  });

  it('gives tokens for a PHP session whose page proves itself, and asks for that proof', async () => {
    const { cookie, csrf } = await signInForSession(gateway.url, EVE.email, EVE_PASSWORD);
    const Cookie = cookie;
    expect(await askToken(undefined, { Cookie })).toMatchObject({ status: 403 });
    expect(await askToken(undefined, { Cookie, 'Sec-Fetch-Site': 'cross-site' })).toMatchObject({ status: 403 });
    for (const proof of [
      { 'X-CSRF-Token': csrf },
      { 'Sec-Fetch-Site': 'same-origin' },
      { Origin: gateway.url },
    ] as const) {
      const answer = await askToken(undefined, { Cookie, ...proof });
      expect(answer.status).toBe(200);
      expect(claimsOf((answer.json() as Tokens).access_token)).toMatchObject({ sub: EVE.id, roles: ['user'] });
    }
    expect(await askToken({}, { Cookie, 'X-CSRF-Token': csrf })).toMatchObject({ status: 200 });
  });

  it('asks for one way, and for one only', async () => {
    const { cookie, csrf } = await signInForSession(gateway.url, EVE.email, EVE_PASSWORD);
    const session = { Cookie: cookie, 'X-CSRF-Token': csrf };
    const { access_token, refresh_token } = await signIn();
    const none = await askToken();
    expect(none.status).toBe(401);
    expect(none.headers['www-authenticate']).toBe('Bearer realm="donna"');
    expect((none.json() as { error: string }).error).toContain('{refresh_token}');
    for (const answer of [
      await askToken({ ...PASSWORD, refresh_token }),
      await askToken({ refresh_token }, session),
      await askToken(PASSWORD, session),
      await askToken(undefined, { ...session, ...asBearer(access_token) }),
    ]) {
      expect(answer.status).toBe(400);
      expect((answer.json() as { error: string }).error).toContain('exactly one of');
    }
    // An access token alone is no way: it would live for ever.
    expect(await askToken(undefined, asBearer(access_token))).toMatchObject({ status: 401 });
    // Clients put their old access token before each request.
    expect(await askToken({ refresh_token }, asBearer('expired'))).toMatchObject({ status: 200 });
  });

  it.each(['GET', 'HEAD', 'PUT', 'DELETE'])('answers %s with 405 and the method that it takes', async (method) => {
    const answer = await call(gateway.url, '/api/auth/token', { method });
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('POST, OPTIONS');
  });

  it('says what to set where no token can be made', async () => {
    const other = await startTestGateway({
      phpTargets: [php.origin],
      routes: unlimitedTable(),
      env: { JWT_SECRET: '', JWT_JWKS_URL: 'http://127.0.0.1:9/jwks' },
    });
    try {
      const answer = await askToken(PASSWORD, {}, other.url);
      expect(answer.status).toBe(503);
      expect((answer.json() as { error: string }).error).toContain('JWT_SECRET');
    } finally {
      await other.stop();
    }
  });

  it('puts issuer, audience and the configured life into its tokens, and takes them back', async () => {
    const other = await startTestGateway({
      phpTargets: [php.origin],
      routes: unlimitedTable(),
      env: { JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'donna', ACCESS_TOKEN_TTL_S: '120' },
    });
    try {
      const answer = await askToken(PASSWORD, {}, other.url);
      const { access_token } = answer.json() as Tokens;
      expect(answer.json()).toMatchObject({ expires_in: 120 });
      const claims = claimsOf(access_token);
      expect(claims).toMatchObject({ iss: 'https://id.example', aud: 'donna' });
      expect(Number(claims['exp']) - Number(claims['iat'])).toBe(120);
      expect((await call(other.url, '/api/conversations.php', { headers: asBearer(access_token) })).status).toBe(200);
    } finally {
      await other.stop();
    }
  });
});

describe('a refresh token', () => {
  it('is exchanged for another one of the same sign-in, and for a new access token', async () => {
    const first = await signIn();
    const answer = await refresh(first.refresh_token);
    expect(answer.status).toBe(200);
    expect(answer.all('cache-control')).toEqual(['no-store']);
    const second = answer.json() as Tokens;
    expect(second.refresh_token).not.toBe(first.refresh_token);
    const [before, after] = [claimsOf(first.access_token), claimsOf(second.access_token)];
    expect(after['sid']).toBe(before['sid']);
    expect(after['jti']).not.toBe(before['jti']);
    expect(await refresh(second.refresh_token)).toMatchObject({ status: 200 });
  });

  it('brings the roles that the user has now', async () => {
    const { refresh_token } = await signIn();
    php.setUsers({ ...EVE, roles: ['user', 'admin'], name: 'Eve Other' });
    const answer = await refresh(refresh_token);
    expect(claimsOf((answer.json() as Tokens).access_token)).toMatchObject({
      roles: ['user', 'admin'],
      name: 'Eve Other',
    });
  });

  it.each([
    ['is gone', []],
    ['is disabled', [{ ...EVE, disabled: true }]],
    ['has another password', [{ ...EVE, password_hash: OTHER_HASH }]],
  ] as const)('ends, with its access tokens, when the user %s', async (_title, users) => {
    const { access_token, refresh_token } = await signIn();
    php.setUsers(...users);
    expect(await refresh(refresh_token)).toMatchObject({ status: 401 });
    expect(await listAs(access_token)).toMatchObject({ status: 401 });
    // And does not come back with him.
    php.setUsers(EVE);
    expect(await refresh(refresh_token)).toMatchObject({ status: 401 });
  });

  it('stays good while PHP cannot be asked', async () => {
    let isUp = false;
    const upstream = await startRawUpstream((socket, request) => {
      const isLogin = request.startsWith('POST');
      if (!isUp && !isLogin) {
        socket.destroy();
        return;
      }
      const data = { about: 'u', user: { id: 'u', roles: [] }, credentials: 'c' };
      socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, JSON.stringify({ data })));
    });
    const other = await startTestGateway({ phpTargets: [upstream.origin], routes: unlimitedTable() });
    try {
      const { refresh_token } = (await askToken(PASSWORD, {}, other.url)).json() as Tokens;
      expect(await askToken({ refresh_token }, {}, other.url)).toMatchObject({ status: 502 });
      isUp = true;
      expect(await askToken({ refresh_token }, {}, other.url)).toMatchObject({ status: 200 });
    } finally {
      await other.stop();
      await upstream.stop();
    }
  });

  it.each([
    ['does not know the question', { authenticated: false, user: null, csrf_token: null }],
    ['answers of somebody else', { about: 'other', user: { id: 'other', roles: ['admin'] } }],
    ['mixes two people up', { about: 'u', user: { id: 'other', roles: ['admin'] } }],
  ])('is not exchanged before a PHP that %s', async (_title, data) => {
    const account = { user: { id: 'u', roles: [] } };
    const upstream = await startRawUpstream((socket, request) => {
      const answer = JSON.stringify({ data: request.startsWith('POST') ? account : data });
      socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, answer));
    });
    const other = await startTestGateway({ phpTargets: [upstream.origin], routes: unlimitedTable() });
    try {
      const { refresh_token } = (await askToken(PASSWORD, {}, other.url)).json() as Tokens;
      expect(await askToken({ refresh_token }, {}, other.url)).toMatchObject({ status: 502 });
    } finally {
      await other.stop();
      await upstream.stop();
    }
  });
});

describe('POST /api/auth/revoke', () => {
  const revoke = (body: object, headers?: Readonly<Record<string, string>>) => post('/api/auth/revoke', body, headers);
  const admin = () => asBearer(makeAccessToken(JWT_SECRET, { subject: 'boss', roles: ['admin'], lifeS: 60 }));

  it('ends a sign-in by its refresh token, with its access tokens', async () => {
    const [mine, other] = [await signIn(), await signIn()];
    const answer = await revoke({ token: mine.refresh_token });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.json()).toMatchObject({ success: true, revoked: true });
    expect(await refresh(mine.refresh_token)).toMatchObject({ status: 401 });
    expect(await listAs(mine.access_token)).toMatchObject({ status: 401 });
    expect(await listAs(other.access_token)).toMatchObject({ status: 200 });
    expect(await refresh(other.refresh_token)).toMatchObject({ status: 200 });
  });

  it('ends one access token and leaves its sign-in', async () => {
    const { access_token, refresh_token } = await signIn();
    expect(await revoke({ token: access_token })).toMatchObject({ status: 200 });
    expect(await listAs(access_token)).toMatchObject({ status: 401 });
    const next = (await refresh(refresh_token)).json() as Tokens;
    expect(await listAs(next.access_token)).toMatchObject({ status: 200 });
  });

  it('says nothing of a token that it does not know', async () => {
    const forged = `${makeAccessToken('x'.repeat(40), { subject: 'u', roles: [], lifeS: 60 })}`;
    for (const token of ['x', `dgr1_${'A'.repeat(64)}`, forged, 'a.b.c']) {
      const answer = await revoke({ token });
      expect(answer.json()).toEqual({ success: true, traceId: expect.any(String), revoked: true });
    }
  });

  it('lets an administrator, and nobody else, end all of a person’s tokens', async () => {
    const [a, b] = [await signIn(), await signIn()];
    expect(await revoke({ subject: EVE.id })).toMatchObject({ status: 401 });
    expect(await revoke({ subject: EVE.id }, asBearer(a.access_token))).toMatchObject({ status: 403 });
    expect(await refresh(b.refresh_token)).toMatchObject({ status: 200 });
    expect(await revoke({ subject: EVE.id }, admin())).toMatchObject({ status: 200 });
    for (const { access_token, refresh_token } of [a, b]) {
      expect(await listAs(access_token)).toMatchObject({ status: 401 });
      expect(await refresh(refresh_token)).toMatchObject({ status: 401 });
    }
  });

  it('takes one of the two, from an administrator’s page only with its proof', async () => {
    expect(await revoke({})).toMatchObject({ status: 400 });
    expect(await revoke({ token: 'x', subject: 'y' }, admin())).toMatchObject({ status: 400 });
    expect(await revoke({ subject: { $ne: null } }, admin())).toMatchObject({ status: 422 });
    php.setUsers({ ...EVE, roles: ['admin'] });
    const { cookie, csrf } = await signInForSession(gateway.url, EVE.email, EVE_PASSWORD);
    expect(await revoke({ subject: 'somebody' }, { Cookie: cookie })).toMatchObject({ status: 403 });
    expect(await revoke({ subject: 'somebody' }, { Cookie: cookie, 'X-CSRF-Token': csrf })).toMatchObject({
      status: 200,
    });
  });
});

describe('the roles guard', () => {
  it.each(['/api/system-stats.php', '/native-twin'])('asks the same of a token and of a session: %s', async (path) => {
    const stats = (headers: Readonly<Record<string, string>>) => call(gateway.url, path, { headers });
    const session = async (roles: readonly string[]) => {
      php.setUsers({ ...EVE, roles });
      const { cookie } = await signInForSession(gateway.url, EVE.email, EVE_PASSWORD);
      return { Cookie: cookie };
    };
    const token = (roles: readonly string[]) =>
      asBearer(makeAccessToken(JWT_SECRET, { subject: 'x', roles, lifeS: 60 }));
    expect(await stats({})).toMatchObject({ status: 401 });
    for (const [roles, status] of [
      [['user'], 403],
      [['administrator', 'Admin'], 403],
      [['user', 'admin'], 200],
    ] as const) {
      expect(await stats(token(roles))).toMatchObject({ status });
      expect(await stats(await session(roles))).toMatchObject({ status });
    }
  });

  it('does not take a signature of the identity secret for a token', async () => {
    const secret = 'test-secret-of-the-identity-0123456789abcd';
    expect(await listAs(makeAccessToken(secret, { subject: 'x', roles: ['admin'], lifeS: 60 }))).toMatchObject({
      status: 401,
    });
  });
});
