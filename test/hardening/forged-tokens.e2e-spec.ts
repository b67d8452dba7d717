import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Module } from '@nestjs/common';
import { createSecretKey } from 'node:crypto';
import { EncryptJWT } from 'jose';
import { EnvelopeFields } from '../../src/contract/index.js';
import { NativeHandler } from '../../src/routing/index.js';
import { eventually } from '../support/eventually.js';
import { CLAIMS, evil, FORGED, GOOD, ISSUER, PUBLISHED, rsa } from '../support/forged-tokens.js';
import { type JwksServer, startJwksServer } from '../support/jwks-server.js';
import { askRaw, type RawAnswer } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { makeSigner } from '../support/token-signer.js';

@Controller()
class WhoController {
  @NativeHandler('who')
  who(): EnvelopeFields {
    return new EnvelopeFields({ ok: true });
  }
}

@Module({ controllers: [WhoController] })
class WhoModule {}

const ROUTES = `
upstreams: { php: { targets: ['\${REMOTE_PHP_BASE}'], identity: true } }
policies:
  authorization: { token: { anyOf: [jwt] }, maybe: { anyOf: [jwt], optional: true } }
routes:
  proxied: { match: { path: /proxied, methods: [GET] }, upstream: php, policies: { authorization: token } }
  native: { match: { path: /native, methods: [GET] }, handler: who, policies: { authorization: token } }
  maybe: { match: { path: /maybe, methods: [GET] }, upstream: php, policies: { authorization: maybe } }
`;

describe('forged tokens', () => {
  let upstream: RawUpstream;
  let jwks: JwksServer;
  let gateway: TestGateway;
  const said: string[] = [];

  beforeAll(async () => {
    upstream = await startRawUpstream((socket) =>
      socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, '{"ok":true}')),
    );
    jwks = await startJwksServer(PUBLISHED);
    gateway = await startTestGateway({
      routes: ROUTES,
      phpTargets: [upstream.origin],
      env: { JWT_JWKS_URL: jwks.url, JWT_ISSUER: ISSUER, JWT_AUDIENCE: 'donna' },
      features: [WhoModule],
    });
    for (const level of ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const) {
      jest.spyOn(gateway.logger, level).mockImplementation((...told: unknown[]) => {
        said.push(JSON.stringify(told));
      });
    }
  });
  beforeEach(() => {
    upstream.requests.length = 0;
    said.length = 0;
  });
  afterAll(async () => {
    await gateway.stop();
    await jwks.stop();
    await upstream.stop();
  });
  const ask = (path: string, fields: string): Promise<RawAnswer> =>
    askRaw(gateway.port, `GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${fields}\r\n\r\n`, 3000);

  it.each(FORGED)('refuses a token with %s', async (_title, token) => {
    const answers: RawAnswer[] = [];
    for (const path of ['/proxied', '/native', '/maybe'])
      answers.push(await ask(path, `Authorization: Bearer ${token}`));
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="donna", error="invalid_token"');
      expect(JSON.parse(answer.body)).toEqual({
        success: false,
        traceId: answer.headers['x-trace-id'],
        error: 'Sign in or send a valid access token.',
        errorCode: 'UNAUTHENTICATED',
      });
    }
    expect(upstream.requests).toEqual([]);
    // The access log has its line when the answer is out, perhaps a moment after the client has read it.
    const lines = () => said.filter((line) => line.includes('"traceId"')).length;
    await eventually(() => lines() >= 3);
    expect(lines()).toBe(3);
    const log = said.join('\n');
    for (const piece of [...token.split('.').filter((text) => text.length > 12), 'user-of-the-token']) {
      expect(log).not.toContain(piece);
    }
  });

  it('refuses a token that is encrypted, not signed', async () => {
    const key = createSecretKey(Buffer.from(JWT_SECRET).subarray(0, 32));
    const direct = await new EncryptJWT(CLAIMS).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(key);
    const header = { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: 'rsa' };
    const wrapped = await new EncryptJWT(CLAIMS).setProtectedHeader(header).encrypt(rsa.publicKey);
    for (const token of [direct, wrapped])
      expect((await ask('/native', `Authorization: Bearer ${token}`)).status).toBe(401);
  });

  it('refuses two Authorization fields before it weighs either', async () => {
    const [ours, theirs] = [
      `Authorization: Bearer ${rsa.sign(CLAIMS)}`,
      `authorization: Bearer ${evil.rsa.sign(CLAIMS)}`,
    ];
    for (const fields of [`${ours}\r\n${theirs}`, `${theirs}\r\n${ours}`, `${ours}\r\n${ours}`]) {
      expect(await ask('/native', fields)).toMatchObject({ status: 400 });
      expect(await ask('/proxied', fields)).toMatchObject({ status: 400 });
    }
    expect(upstream.requests).toEqual([]);
  });

  it('follows no address that a token names', async () => {
    const other = makeSigner('RS256', 'trap');
    const trap = await startJwksServer([other.jwk]);
    const token = other.sign(CLAIMS, { jku: trap.url, x5u: trap.url, jwk: { jku: trap.url } });
    expect((await ask('/native', `Authorization: Bearer ${token}`)).status).toBe(401);
    expect(trap.asked()).toBe(0);
    await trap.stop();
  });

  it.each(GOOD)('lets a good token pass: %s', async (_title, token) => {
    for (const path of ['/proxied', '/native', '/maybe']) {
      for (const scheme of ['Bearer', 'bearer', 'BEARER', 'Bearer  ']) {
        expect((await ask(path, `Authorization: ${scheme} ${token}`)).status).toBe(200);
      }
    }
  });
});
