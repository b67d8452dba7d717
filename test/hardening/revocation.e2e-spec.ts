import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { Controller, Inject, Module } from '@nestjs/common';
import { AuthModule, makeAccessToken, Revocations, type TokenRequest } from '../../src/auth/index.js';
import { EnvelopeFields } from '../../src/contract/index.js';
import { NativeHandler } from '../../src/routing/index.js';
import { hear } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

let revocations: Revocations | undefined;

/** Lends the gateway's own list to the test. */
@Controller()
class LenderController {
  constructor(@Inject(Revocations) lent: Revocations) {
    revocations = lent;
  }

  @NativeHandler('lender')
  lend(): EnvelopeFields {
    return new EnvelopeFields({ ok: true });
  }
}

@Module({ imports: [AuthModule], controllers: [LenderController] })
class LenderModule {}

const ROUTES = `
upstreams: { php: { targets: ['\${REMOTE_PHP_BASE}'] } }
policies: { authorization: { token: { anyOf: [jwt] } } }
routes:
  proxied: { match: { path: /proxied }, upstream: php, policies: { authorization: token } }
  native: { match: { path: /native }, handler: lender, policies: { authorization: token } }
`;
const nowS = (): number => Math.floor(Date.now() / 1000);

describe('revoked tokens', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;

  beforeAll(async () => {
    upstream = await startRawUpstream((socket) =>
      socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, '{"ok":true}')),
    );
  });
  beforeEach(async () => {
    gateway = await startTestGateway({ routes: ROUTES, phpTargets: [upstream.origin], features: [LenderModule] });
  });
  afterEach(() => gateway.stop());
  afterAll(() => upstream.stop());

  const list = (): Revocations => {
    if (revocations === undefined) throw new Error('no list was lent');
    return revocations;
  };
  const mint = (request: Partial<TokenRequest> = {}): string =>
    makeAccessToken(JWT_SECRET, { subject: 'u', roles: ['user'], lifeS: 600, ...request });
  /** A token with an `iat` of its own, or none. */
  const mintAt = (iat: number | undefined, subject = 'u'): string => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${encode({ alg: 'HS256' })}.${encode({ sub: subject, exp: nowS() + 600, iat })}`;
    return `${signed}.${createHmac('sha256', JWT_SECRET).update(signed).digest('base64url')}`;
  };
  const statuses = async (token: string): Promise<readonly number[]> => {
    const headers = { Authorization: `Bearer ${token}` };
    return [
      (await hear(gateway.port, '/proxied', { headers })).status,
      (await hear(gateway.port, '/native', { headers })).status,
    ];
  };
  const OK = [200, 200];
  const REFUSED = [401, 401];

  it('are refused at once, also when they were accepted before', async () => {
    const [token, other] = [mint({ id: 'one' }), mint({ id: 'two' })];
    expect([await statuses(token), await statuses(other)]).toEqual([OK, OK]);
    await list().revokeToken('one', nowS() + 600);
    expect([await statuses(token), await statuses(other)]).toEqual([REFUSED, OK]);
    const answer = await hear(gateway.port, '/native', { headers: { Authorization: `Bearer ${token}` } });
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="donna", error="invalid_token"');
    expect(upstream.requests.length).toBeGreaterThan(0);
  });

  it('are refused when they were never seen before', async () => {
    await list().revokeToken('unseen', nowS() + 600);
    expect(await statuses(mint({ id: 'unseen' }))).toEqual(REFUSED);
  });

  it('are all that come from one sign-in', async () => {
    const family = [mint({ sessionId: 's1', id: '1' }), mint({ sessionId: 's1', id: '2' })];
    const other = mint({ sessionId: 's2', id: '3' });
    expect(await statuses(family[0] ?? '')).toEqual(OK);
    await list().revokeSession('s1');
    for (const token of family) expect(await statuses(token)).toEqual(REFUSED);
    expect(await statuses(other)).toEqual(OK);
  });

  it('are all that a subject has so far, and none that it gets later', async () => {
    const tokens = [mintAt(nowS() - 60), mintAt(nowS()), mintAt(undefined)];
    const stranger = mintAt(nowS() - 60, 'v');
    for (const token of [...tokens, stranger]) expect(await statuses(token)).toEqual(OK);
    await list().revokeSubject('u');
    for (const token of tokens) expect(await statuses(token)).toEqual(REFUSED);
    expect(await statuses(stranger)).toEqual(OK);
    // A token of a later second; the clock's leeway lets it pass already.
    expect(await statuses(mintAt(nowS() + 2))).toEqual(OK);
  });

  it('do not take others with them whose names look alike', async () => {
    await list().revokeToken('u', nowS() + 600);
    await list().revokeSession('sub:u');
    await list().revokeToken('__proto__', nowS() + 600);
    expect(await statuses(mint({ id: 'x', sessionId: 'u' }))).toEqual(OK);
    expect(await statuses(mint({ id: 'constructor', sessionId: '__proto__' }))).toEqual(OK);
    expect(await statuses(mint({ id: '__proto__' }))).toEqual(REFUSED);
  });
});
