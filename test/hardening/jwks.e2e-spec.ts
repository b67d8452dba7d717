import { afterEach, beforeAll, afterAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { makeAccessToken } from '../../src/auth/index.js';
import { NOT_WAITED_MS } from '../support/elapsed.js';
import { type JwksServer, startJwksServer } from '../support/jwks-server.js';
import { hear, type HeardAnswer } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { makeSigner } from '../support/token-signer.js';

const ROUTES = `
upstreams: { php: { targets: ['\${REMOTE_PHP_BASE}'], session: { cookie: SID, path: /session.php } } }
policies: { authorization: { user: { anyOf: [jwt, php-session] }, public: {} } }
routes:
  user: { match: { path: '/user/{*path}' }, upstream: php, policies: { authorization: user } }
  open: { match: { path: '/open/{*path}' }, upstream: php, policies: { authorization: public } }
`;
const a = makeSigner('ES256', 'a');
const b = makeSigner('EdDSA', 'b');
const claims = (sub = 'u') => ({ sub, roles: ['user'], exp: Math.floor(Date.now() / 1000) + 600 });

describe('keys of an identity provider', () => {
  let upstream: RawUpstream;
  let jwks: JwksServer;
  const gateways: TestGateway[] = [];
  const said: string[] = [];

  beforeAll(async () => {
    upstream = await startRawUpstream((socket, request) => {
      const session = '{"data":{"authenticated":true,"user":{"id":"s","roles":["user"]}}}';
      const body = request.includes('/session.php') ? session : '{"ok":true}';
      socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, body));
    });
  });
  afterAll(() => upstream.stop());
  beforeEach(async () => {
    jwks = await startJwksServer([a.jwk]);
    said.length = 0;
  });
  afterEach(async () => {
    await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
    await jwks.stop();
  });
  const start = async (url = jwks.url): Promise<TestGateway> => {
    const gateway = await startTestGateway({
      routes: ROUTES,
      phpTargets: [upstream.origin],
      env: { JWT_JWKS_URL: url },
    });
    gateways.push(gateway);
    for (const level of ['warn', 'error'] as const) {
      jest.spyOn(gateway.logger, level).mockImplementation((...told: unknown[]) => {
        said.push(JSON.stringify(told));
      });
    }
    return gateway;
  };
  const as = ({ port }: TestGateway, token: string): Promise<HeardAnswer> =>
    hear(port, '/user/x', { headers: { Authorization: `Bearer ${token}` } });

  it('takes a new key into use with its first token, and the old one out when it is gone', async () => {
    const gateway = await start();
    const old = a.sign(claims());
    expect((await as(gateway, old)).status).toBe(200);
    expect((await as(gateway, b.sign(claims()))).status).toBe(401);
    const again = await start();
    expect((await as(again, old)).status).toBe(200);
    jwks.publish([b.jwk]);
    expect((await as(again, b.sign(claims()))).status).toBe(200);
    // Also what was cached of it.
    expect((await as(again, old)).status).toBe(401);
  });

  it('asks the key server once a minute under a flood of unknown keys, and serves everybody else', async () => {
    const gateway = await start();
    const good = a.sign(claims());
    expect((await as(gateway, good)).status).toBe(200);
    expect(jwks.asked()).toBe(1);
    const flood = await Promise.all(
      Array.from({ length: 300 }, (_, i) =>
        as(gateway, i % 10 === 9 ? good : a.sign(claims(), { kid: `random-${i}` })),
      ),
    );
    expect(flood.filter(({ status }) => status === 200)).toHaveLength(30);
    expect(flood.filter(({ status }) => status === 401)).toHaveLength(270);
    expect(jwks.asked()).toBe(2);
  });

  it('serves on when the key server dies', async () => {
    const gateway = await start();
    expect((await as(gateway, a.sign(claims()))).status).toBe(200);
    await jwks.stop();
    for (let i = 0; i < 5; i++) expect((await as(gateway, a.sign(claims(`other-${i}`)))).status).toBe(200);
    for (let i = 0; i < 5; i++) expect((await as(gateway, b.sign(claims()))).status).toBe(401);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('the known ones hold for a day');
  });

  it('starts and serves without the key server; only who needs its keys is told to come later', async () => {
    await jwks.stop();
    const gateway = await start();
    const answers = await Promise.all(Array.from({ length: 10 }, () => as(gateway, a.sign(claims()))));
    for (const { status, headers, body } of answers) {
      expect(status).toBe(503);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      expect(JSON.parse(body)).toMatchObject({ success: false, errorCode: 'UPSTREAM_UNAVAILABLE' });
      expect(headers).not.toHaveProperty('www-authenticate');
    }
    const own = makeAccessToken(JWT_SECRET, { subject: 'u', roles: [], lifeS: 60 });
    expect((await as(gateway, own)).status).toBe(200);
    expect((await hear(gateway.port, '/open/x')).status).toBe(200);
    expect((await hear(gateway.port, '/user/x', { headers: { Cookie: 'SID=s' } })).status).toBe(200);
    // What nobody could accept needs no keys.
    expect((await as(gateway, a.sign(claims(), { alg: 'none' }))).status).toBe(401);
    expect((await as(gateway, a.sign({ ...claims(), exp: 1 }))).status).toBe(401);
    expect(said.filter((line) => line.includes('JWT_JWKS_URL')).length).toBeLessThanOrEqual(1);
  });

  it('waits for a slow key server, but not for ever', async () => {
    jwks.answer((_req, res) => setTimeout(() => res.end(JSON.stringify({ keys: [a.jwk] })), 700));
    const slow = await start();
    expect(await as(slow, a.sign(claims()))).toMatchObject({ status: 200 });
    jwks.answer((_req, res) => void res.write('{"keys":['));
    const stalled = await start();
    const answer = await as(stalled, a.sign(claims()));
    expect(answer.status).toBe(503);
    expect(answer.ms).toBeLessThan(NOT_WAITED_MS);
  });

  it.each([
    ['garbage', '<html>maintenance</html>'],
    ['too much', ' '.repeat(300_000)],
    ['keys for HMAC alone', JSON.stringify({ keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'a', alg: 'HS256' }] })],
  ])('accepts no token when the key server answers %s', async (_title, body) => {
    jwks.answer((_req, res) => res.end(body));
    expect((await as(await start(), a.sign(claims()))).status).toBe(503);
  });

  it('does not follow the key server to another host', async () => {
    const evil = await startJwksServer([b.jwk]);
    jwks.answer((_req, res) => res.writeHead(302, { Location: evil.url }).end());
    expect((await as(await start(), b.sign(claims()))).status).toBe(503);
    expect(evil.asked()).toBe(0);
    await evil.stop();
  });
});
