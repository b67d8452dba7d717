import { describe, expect, it } from '@jest/globals';
import { makeAccessToken } from '../../src/auth/index.js';
import { call } from '../support/http-call.js';
import { EVE, EVE_PASSWORD, signInForSession } from '../support/legacy-php.js';
import { JWT_SECRET } from '../support/test-gateway.js';
import { asBearer, type Tokens, useTokenSite } from '../support/token-site.js';

const site = useTokenSite();

describe('POST /api/auth/revoke', () => {
  const revoke = (body: object, headers?: Readonly<Record<string, string>>) =>
    site.post('/api/auth/revoke', body, headers);
  const admin = () => asBearer(makeAccessToken(JWT_SECRET, { subject: 'boss', roles: ['admin'], lifeS: 60 }));

  it('ends a sign-in by its refresh token, with its access tokens', async () => {
    const [mine, other] = [await site.signIn(), await site.signIn()];
    const answer = await revoke({ token: mine.refresh_token });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.json()).toMatchObject({ success: true, revoked: true });
    expect(await site.refresh(mine.refresh_token)).toMatchObject({ status: 401 });
    expect(await site.listAs(mine.access_token)).toMatchObject({ status: 401 });
    expect(await site.listAs(other.access_token)).toMatchObject({ status: 200 });
    expect(await site.refresh(other.refresh_token)).toMatchObject({ status: 200 });
  });

  it('ends one access token and leaves its sign-in', async () => {
    const { access_token, refresh_token } = await site.signIn();
    expect(await revoke({ token: access_token })).toMatchObject({ status: 200 });
    expect(await site.listAs(access_token)).toMatchObject({ status: 401 });
    const next = (await site.refresh(refresh_token)).json() as Tokens;
    expect(await site.listAs(next.access_token)).toMatchObject({ status: 200 });
  });

  it('says nothing of a token that it does not know', async () => {
    const forged = `${makeAccessToken('x'.repeat(40), { subject: 'u', roles: [], lifeS: 60 })}`;
    for (const token of ['x', `dgr1_${'A'.repeat(64)}`, forged, 'a.b.c']) {
      const answer = await revoke({ token });
      expect(answer.json()).toEqual({ success: true, traceId: expect.any(String), revoked: true });
    }
  });

  it('does not say that a token is ended which has no jti to end it by', async () => {
    const token = makeAccessToken(JWT_SECRET, { subject: EVE.id, roles: ['user'], lifeS: 60 });
    const answer = await site.post('/api/auth/revoke', { token });
    expect(answer.status).toBe(422);
    expect(answer.json()).toMatchObject({ validationErrors: { token: expect.stringContaining('jti') } });
    expect(await site.listAs(token)).toMatchObject({ status: 200 });
  });

  it('lets an administrator, and nobody else, end all of a person’s tokens', async () => {
    const [a, b] = [await site.signIn(), await site.signIn()];
    expect(await revoke({ subject: EVE.id })).toMatchObject({ status: 401 });
    expect(await revoke({ subject: EVE.id }, asBearer(a.access_token))).toMatchObject({ status: 403 });
    expect(await site.refresh(b.refresh_token)).toMatchObject({ status: 200 });
    expect(await revoke({ subject: EVE.id }, admin())).toMatchObject({ status: 200 });
    for (const { access_token, refresh_token } of [a, b]) {
      expect(await site.listAs(access_token)).toMatchObject({ status: 401 });
      expect(await site.refresh(refresh_token)).toMatchObject({ status: 401 });
    }
  });

  it('takes one of the two, from an administrator’s page only with its proof', async () => {
    expect(await revoke({})).toMatchObject({ status: 400 });
    expect(await revoke({ token: 'x', subject: 'y' }, admin())).toMatchObject({ status: 400 });
    expect(await revoke({ subject: { $ne: null } }, admin())).toMatchObject({ status: 422 });
    site.php.setUsers({ ...EVE, roles: ['admin'] });
    const { cookie, csrf } = await signInForSession(site.gateway.url, EVE.email, EVE_PASSWORD);
    expect(await revoke({ subject: 'somebody' }, { Cookie: cookie })).toMatchObject({ status: 403 });
    expect(await revoke({ subject: 'somebody' }, { Cookie: cookie, 'X-CSRF-Token': csrf })).toMatchObject({
      status: 200,
    });
  });
});

describe('the roles guard', () => {
  it.each(['/api/system-stats.php', '/native-twin'])('asks the same of a token and of a session: %s', async (path) => {
    const stats = (headers: Readonly<Record<string, string>>) => call(site.gateway.url, path, { headers });
    const session = async (roles: readonly string[]) => {
      site.php.setUsers({ ...EVE, roles });
      const { cookie } = await signInForSession(site.gateway.url, EVE.email, EVE_PASSWORD);
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
    expect(await site.listAs(makeAccessToken(secret, { subject: 'x', roles: ['admin'], lifeS: 60 }))).toMatchObject({
      status: 401,
    });
  });
});
