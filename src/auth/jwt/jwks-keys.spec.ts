import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { eventually } from '../../../test/support/eventually.js';
import { type JwksServer, startJwksServer } from '../../../test/support/jwks-server.js';
import { makeSigner } from '../../../test/support/token-signer.js';
import { GatewayError } from '../../contract/index.js';
import type { Logger } from '../../trace/index.js';
import { JWKS_TIMES, JwksKeys } from './jwks-keys.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const a = makeSigner('ES256', 'a');
const b = makeSigner('ES256', 'b');

describe('JwksKeys', () => {
  let server: JwksServer;
  let now: number;
  let said: string[];
  let keys: JwksKeys;

  beforeEach(async () => {
    server = await startJwksServer([a.jwk]);
    now = 1000;
    said = [];
    const note =
      (level: string) =>
      (details: unknown, text = details) =>
        said.push(`${level}: ${String(text)} ${JSON.stringify(details)}`);
    const logger = { info: note('info'), warn: note('warn'), error: note('error') } as unknown as Logger;
    keys = new JwksKeys(server.url, logger, () => now);
  });
  afterEach(async () => {
    keys.close();
    await server.stop();
  });
  const kids = async (kid?: string): Promise<(string | undefined)[]> =>
    (await keys.find('ES256', kid)).map((key) => key.kid);

  it('fetches once for all first requests', async () => {
    const found = await Promise.all(Array.from({ length: 50 }, () => kids('a')));
    expect(found.every(([kid]) => kid === 'a')).toBe(true);
    expect(server.asked()).toBe(1);
  });

  it('finds a new key at once, an unknown one once a minute', async () => {
    expect(await kids('a')).toEqual(['a']);
    server.publish([a.jwk, b.jwk]);
    expect(await kids('b')).toEqual(['b']);
    expect(server.asked()).toBe(2);
    const flood = await Promise.all(Array.from({ length: 200 }, (_, i) => kids(`x${i}`)));
    expect(flood.flat()).toEqual([]);
    expect(server.asked()).toBe(2);
    now += JWKS_TIMES.unknownKid;
    await Promise.all(Array.from({ length: 200 }, (_, i) => kids(`y${i}`)));
    expect(server.asked()).toBe(3);
  });

  it('lets the fetch for an unknown key answer all that wait for it', async () => {
    await kids('a');
    server.publish([a.jwk, b.jwk]);
    const found = await Promise.all(Array.from({ length: 20 }, () => kids('b')));
    expect(found).toEqual(Array.from({ length: 20 }, () => ['b']));
    expect(server.asked()).toBe(2);
  });

  it.each([
    ['nothing', undefined, 10 * MINUTE],
    ['a life of five minutes', 'public, max-age=300', 5 * MINUTE],
    ['a life of a second', 'max-age=1', MINUTE],
    ['a life of a month', 'max-age=2592000', HOUR],
    ['no-store', 'no-store, max-age=900', MINUTE],
    ['nonsense', 'max-age=soon', 10 * MINUTE],
  ])('fetches again in the background when the server says %s', async (_title, control, lifeMs) => {
    server.publish([a.jwk], control === undefined ? {} : { 'Cache-Control': control });
    await kids('a');
    now += lifeMs - 1;
    await kids('a');
    expect(server.asked()).toBe(1);
    now += 1;
    server.publish([b.jwk]);
    expect(await kids('a')).toEqual(['a']);
    await eventually(async () => (await keys.find('ES256', undefined)).some(({ kid }) => kid === 'b'));
    expect(server.asked()).toBe(2);
  });

  it('drops what a key has proved when the key is not published any more, and keeps what stays', async () => {
    server.publish([a.jwk, b.jwk]);
    const [first] = await keys.find('ES256', 'a');
    const [second] = await keys.find('ES256', 'b');
    if (first === undefined || second === undefined) throw new Error('no keys');
    expect(keys.isCurrent(first)).toBe(true);
    server.publish([b.jwk]);
    now += 10 * MINUTE;
    await eventually(() => !keys.isCurrent(first));
    expect(keys.isCurrent(second)).toBe(true);
  });

  it('does not use keys that nobody asked for in hours before it has new ones', async () => {
    const [first] = await keys.find('ES256', 'a');
    if (first === undefined) throw new Error('no key');
    server.publish([b.jwk]);
    now += JWKS_TIMES.idle;
    expect(keys.isCurrent(first)).toBe(false);
    expect(await kids('a')).toEqual([]);
    expect(await kids('b')).toEqual(['b']);
  });

  it('rides an outage out on the last keys, for a day, and says so once', async () => {
    await kids('a');
    await server.stop();
    now += 10 * MINUTE;
    for (let i = 0; i < 22 * 60; i += 10) {
      expect(await kids('a')).toEqual(['a']);
      await eventually(() => said.length > 0);
      now += 10 * MINUTE;
    }
    expect(said).toEqual([
      expect.stringMatching(/^warn: .*the known ones hold for a day {"fault":"no answer \(ECONNREFUSED\)"}$/),
    ]);
    now += 2 * HOUR;
    const refused = await keys.find('ES256', 'a').catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', status: 503 });
    await keys.find('ES256', 'a').catch(() => undefined);
    expect(said.filter((line) => line.startsWith('error'))).toHaveLength(1);

    server = await startJwksServer([a.jwk], server.port);
    now += MINUTE;
    expect(await kids('a')).toEqual(['a']);
    expect(said.at(-1)).toMatch(/^info: .*again/);
  });

  it('answers 503 while it never had a key, asking again every ten seconds and not with each request', async () => {
    server.answer((_req, res) => res.writeHead(500).end());
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => keys.find('ES256', 'a')));
    for (const one of all) {
      expect(one).toMatchObject({ status: 'rejected', reason: { status: 503, headers: { 'Retry-After': '10' } } });
      expect((one as PromiseRejectedResult).reason).toBeInstanceOf(GatewayError);
    }
    await keys.find('ES256', 'a').catch(() => undefined);
    expect(server.asked()).toBe(1);
    server.publish([a.jwk]);
    now += JWKS_TIMES.retryWithoutKeys;
    expect(await kids('a')).toEqual(['a']);
    expect(said.map((line) => line.slice(0, 4))).toEqual(['warn', 'info']);
  });

  it.each([
    ['an error', 'status 503', (res) => res.writeHead(503).end()],
    ['nothing that is JSON', 'not JSON', (res) => res.end('<html>')],
    ['another document', 'not a JWK Set', (res) => res.end('{"issuer":"x"}')],
    ['null', 'not a JWK Set', (res) => res.end('null')],
    ['keys that are no list', 'not a JWK Set', (res) => res.end('{"keys":{"0":{}}}')],
    ['no key', 'no key that can be used', (res) => res.end('{"keys":[]}')],
    ['too many keys', 'more than 100 keys', (res) => res.end(JSON.stringify({ keys: Array(101).fill(a.jwk) }))],
    ['an endless answer', 'more than 262144 bytes', (res) => void pour(res)],
    [
      'half an answer',
      'no answer',
      (res) => {
        res.writeHead(200, { 'Content-Length': '900' });
        res.write('{"keys":[');
        setTimeout(() => res.destroy(), 20);
      },
    ],
    [
      'a redirect to another host',
      'another host',
      (res) => res.writeHead(302, { Location: 'http://127.0.0.2:1/' }).end(),
    ],
    [
      'a redirect to another port',
      'another host',
      (res) => res.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end(),
    ],
    ['a redirect to a file', 'another host', (res) => res.writeHead(302, { Location: 'file:///etc/passwd' }).end()],
    ['redirects without end', 'too many redirects', (res) => res.writeHead(302, { Location: '/round' }).end()],
  ] satisfies [string, string, (res: ServerResponse) => void][])(
    'keeps the keys that it has when the server answers %s',
    async (_title, fault, answer) => {
      await kids('a');
      server.answer((_req, res) => answer(res));
      now += 10 * MINUTE;
      expect(await kids('a')).toEqual(['a']);
      await eventually(() => said.length > 0);
      expect(said[0]).toContain(fault);
      expect(said[0]).not.toMatch(/127\.0\.0|well-known/);
      expect(await kids('a')).toEqual(['a']);
    },
  );

  it('follows a redirect within its own origin', async () => {
    server.answer((req, res) =>
      req.url === '/new' ? res.end(JSON.stringify({ keys: [a.jwk] })) : res.writeHead(307, { Location: '/new' }).end(),
    );
    expect(await kids('a')).toEqual(['a']);
  });

  it('uses none but public keys for signatures, each for its own algorithm', async () => {
    const rsa = makeSigner('RS256', 'rsa');
    const { alg: _alg, ...bare } = rsa.jwk;
    const bad: object[] = [
      { kty: 'oct', k: 'c2VjcmV0', kid: 'x', alg: 'HS256' },
      { ...rsa.privateKey.export({ format: 'jwk' }), kid: 'x' },
      { ...a.jwk, kid: 'x', use: 'enc' },
      { ...a.jwk, kid: 'x', key_ops: ['sign'] },
      { ...a.jwk, kid: 'x', alg: 'ES384' },
      { ...a.jwk, kid: 'x', alg: 'HS256' },
      { ...a.jwk, kid: 'x', crv: 'secp256k1' },
      { ...a.jwk, kid: 'x', crv: '__proto__' },
      { ...a.jwk, kid: 'x', x: 'AAAA' },
      { ...rsa.jwk, kid: 'x', alg: 'none' },
      { ...rsa.jwk, kid: 'x', alg: 'RSA-OAEP' },
      { ...makeSigner('RS256', 'x', 1024).jwk },
      { ...a.jwk, kid: ['x'] },
      { ...a.jwk, kid: 'x'.repeat(257) },
    ];
    server.publish([...bad, null as unknown as object, bare, a.jwk]);
    for (const alg of ['ES256', 'ES384', 'RS256', 'RS512', 'PS256', 'HS256', 'none', 'EdDSA']) {
      expect(await keys.find(alg, 'x')).toEqual([]);
    }
    expect((await keys.find('RS256', 'rsa')).map(({ algorithms }) => algorithms)).toEqual([['RS256']]);
    expect(await keys.find('PS256', 'rsa')).toEqual([]);
    expect(await kids('a')).toEqual(['a']);
    expect(said[0]).toContain('a private key: whoever reads it can sign');
    expect(said).toHaveLength(1);
  });

  it('does not wait for a stalled server when it is closed', async () => {
    server.answer(() => undefined);
    const startedAt = Date.now();
    const waiting = keys.find('ES256', 'a').catch((error: unknown) => error);
    await eventually(() => server.asked() === 1);
    keys.close();
    expect(await waiting).toMatchObject({ status: 503 });
    expect(Date.now() - startedAt).toBeLessThan(JWKS_TIMES.fetchTimeout);
  });
});

/** Sends for as long as somebody listens. */
function pour(res: ServerResponse): void {
  const chunk = Buffer.alloc(65_536, ' ');
  const more = (): void => {
    if (!res.destroyed) res.write(chunk, more);
  };
  more();
}
