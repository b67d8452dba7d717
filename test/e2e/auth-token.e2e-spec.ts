import { describe, expect, it } from '@jest/globals';
import { call } from '../support/http-call.js';
import { EVE, EVE_PASSWORD, OTHER_HASH, signInForSession, unlimitedTable } from '../support/legacy-php.js';
import { httpAnswer, startRawUpstream } from '../support/raw-upstream.js';
import { startTestGateway } from '../support/test-gateway.js';
import { asBearer, claimsOf, PASSWORD, type Tokens, useTokenSite } from '../support/token-site.js';

const site = useTokenSite();

describe('POST /api/auth/token', () => {
  it('gives tokens for e-mail and password, in JSON and in a form, without a cookie', async () => {
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const asForm = await call(site.gateway.url, '/api/auth/token', {
      method: 'POST',
      headers: form,
      body: new URLSearchParams(PASSWORD).toString(),
    });
    for (const answer of [await site.askToken(PASSWORD), asForm]) {
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
      expect(await site.listAs(body.access_token)).toMatchObject({ status: 200 });
      expect((await site.listAs(body.access_token)).json()).toMatchObject({ user_id: EVE.id });
    }
  });

  it('gives tokens for a PHP session whose page proves itself, and asks for that proof', async () => {
    const { cookie, csrf } = await signInForSession(site.gateway.url, EVE.email, EVE_PASSWORD);
    const Cookie = cookie;
    expect(await site.askToken(undefined, { Cookie })).toMatchObject({ status: 403 });
    expect(await site.askToken(undefined, { Cookie, 'Sec-Fetch-Site': 'cross-site' })).toMatchObject({ status: 403 });
    for (const proof of [
      { 'X-CSRF-Token': csrf },
      { 'Sec-Fetch-Site': 'same-origin' },
      { Origin: site.gateway.url },
    ] as const) {
      const answer = await site.askToken(undefined, { Cookie, ...proof });
      expect(answer.status).toBe(200);
      expect(claimsOf((answer.json() as Tokens).access_token)).toMatchObject({ sub: EVE.id, roles: ['user'] });
    }
    expect(await site.askToken({}, { Cookie, 'X-CSRF-Token': csrf })).toMatchObject({ status: 200 });
  });

  it('asks for one way, and for one only', async () => {
    const { cookie, csrf } = await signInForSession(site.gateway.url, EVE.email, EVE_PASSWORD);
    const session = { Cookie: cookie, 'X-CSRF-Token': csrf };
    const { access_token, refresh_token } = await site.signIn();
    const none = await site.askToken();
    expect(none.status).toBe(401);
    expect(none.headers['www-authenticate']).toBe('Bearer realm="donna"');
    expect((none.json() as { error: string }).error).toContain('{refresh_token}');
    for (const answer of [
      await site.askToken({ ...PASSWORD, refresh_token }),
      await site.askToken({ refresh_token }, session),
      await site.askToken(PASSWORD, session),
      await site.askToken(undefined, { ...session, ...asBearer(access_token) }),
    ]) {
      expect(answer.status).toBe(400);
      expect((answer.json() as { error: string }).error).toContain('exactly one of');
    }
    // An access token alone is no way: it would live for ever.
    expect(await site.askToken(undefined, asBearer(access_token))).toMatchObject({ status: 401 });
    // Clients put their old access token before each request.
    expect(await site.askToken({ refresh_token }, asBearer('expired'))).toMatchObject({ status: 200 });
  });

  it.each(['GET', 'HEAD', 'PUT', 'DELETE'])('answers %s with 405 and the method that it takes', async (method) => {
    const answer = await call(site.gateway.url, '/api/auth/token', { method });
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('POST, OPTIONS');
  });

  it('says what to set where no token can be made', async () => {
    const other = await startTestGateway({
      phpTargets: [site.php.origin],
      routes: unlimitedTable(),
      env: { JWT_SECRET: '', JWT_JWKS_URL: 'http://127.0.0.1:9/jwks' },
    });
    try {
      const answer = await site.askToken(PASSWORD, {}, other.url);
      expect(answer.status).toBe(503);
      expect((answer.json() as { error: string }).error).toContain('JWT_SECRET');
    } finally {
      await other.stop();
    }
  });

  it('puts issuer, audience and the configured life into its tokens, and takes them back', async () => {
    const other = await startTestGateway({
      phpTargets: [site.php.origin],
      routes: unlimitedTable(),
      env: { JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'donna', ACCESS_TOKEN_TTL_S: '120' },
    });
    try {
      const answer = await site.askToken(PASSWORD, {}, other.url);
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
    const first = await site.signIn();
    const answer = await site.refresh(first.refresh_token);
    expect(answer.status).toBe(200);
    expect(answer.all('cache-control')).toEqual(['no-store']);
    const second = answer.json() as Tokens;
    expect(second.refresh_token).not.toBe(first.refresh_token);
    const [before, after] = [claimsOf(first.access_token), claimsOf(second.access_token)];
    expect(after['sid']).toBe(before['sid']);
    expect(after['jti']).not.toBe(before['jti']);
    expect(await site.refresh(second.refresh_token)).toMatchObject({ status: 200 });
  });

  it('brings the roles that the user has now', async () => {
    const { refresh_token } = await site.signIn();
    site.php.setUsers({ ...EVE, roles: ['user', 'admin'], name: 'Eve Other' });
    const answer = await site.refresh(refresh_token);
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
    const { access_token, refresh_token } = await site.signIn();
    site.php.setUsers(...users);
    expect(await site.refresh(refresh_token)).toMatchObject({ status: 401 });
    expect(await site.listAs(access_token)).toMatchObject({ status: 401 });
    // And does not come back with him.
    site.php.setUsers(EVE);
    expect(await site.refresh(refresh_token)).toMatchObject({ status: 401 });
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
      const { refresh_token } = (await site.askToken(PASSWORD, {}, other.url)).json() as Tokens;
      expect(await site.askToken({ refresh_token }, {}, other.url)).toMatchObject({ status: 502 });
      isUp = true;
      expect(await site.askToken({ refresh_token }, {}, other.url)).toMatchObject({ status: 200 });
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
      const { refresh_token } = (await site.askToken(PASSWORD, {}, other.url)).json() as Tokens;
      expect(await site.askToken({ refresh_token }, {}, other.url)).toMatchObject({ status: 502 });
    } finally {
      await other.stop();
      await upstream.stop();
    }
  });
});
