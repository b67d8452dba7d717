import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MIGRATIONS } from '../../src/database/migrations/migrations.js';
import { describeWith } from '../setup/parts.js';
import { type Diagnosis, diagnose } from '../support/diagnosis.js';
import { findFreePort } from '../support/free-port.mjs';
import { type JwksServer, startJwksServer } from '../support/jwks-server.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { startTcpServer } from '../support/tcp-server.js';
import { makeSigner } from '../support/token-signer.js';

describe('the doctor and the key server', () => {
  let server: JwksServer;
  beforeEach(async () => (server = await startJwksServer([])));
  afterEach(() => server.stop());

  const look = async (): Promise<readonly string[]> =>
    (await diagnose({ JWT_JWKS_URL: server.url, JWT_ISSUER: 'https://login.example.com' })).of('jwks');

  it('counts the keys that can verify, and tells their age', async () => {
    const keys = [makeSigner('RS256', 'a').jwk, makeSigner('ES256', 'b').jwk, makeSigner('EdDSA', 'c').jwk];
    server.publish([...keys, { ...makeSigner('RS256', 'd').jwk, use: 'enc' }], { 'Cache-Control': 'max-age=600' });
    expect((await look())[0]).toBe(
      'ok: 3 of 4 keys can verify tokens, not used: a key that is not for signatures (use), good for 600 s',
    );
  });

  it('tells keys that nobody can use: an encryption key, RSA of 1024 bits, a point off the curve', async () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
    const off = { ...makeSigner('ES256', 'x').jwk, x: 'AAAA' };
    for (const keys of [
      [],
      [{ ...makeSigner('RS256', 'e').jwk, use: 'enc' }],
      [{ ...short, kid: 's' }],
      [off],
      [null],
    ]) {
      server.publish(keys as object[]);
      expect((await look())[0]).toMatch(/^fault: 0 of \d keys can verify/);
    }
  });

  it('tells a key server that gives its secrets away', async () => {
    const { privateKey } = makeSigner('ES256', 'p');
    for (const key of [
      { kty: 'oct', k: 'c2VjcmV0' },
      { ...privateKey.export({ format: 'jwk' }), kid: 'p' },
    ]) {
      server.publish([key, makeSigner('ES256', 'good').jwk]);
      expect((await look())[0]).toMatch(/^fault: publishes private or symmetric keys/);
    }
  });

  it.each([
    ['garbage', 200, '{"keys":['],
    ['a page', 200, '<html>keys</html>'],
    ['no key set', 200, '{"keys":"none"}'],
    ['an error', 503, '{"keys":[]}'],
    ['a redirect to another host', 302, ''],
  ])('tells %s', async (_what, status, body) => {
    server.answer((_req, res) => void res.writeHead(status, { Location: 'http://127.0.0.2/' }).end(body));
    expect((await look())[0]).toMatch(/^fault: gives no key set: /);
  });

  it('tells a key server that is gone', async () => {
    await server.stop();
    expect(await look()).toEqual([
      expect.stringMatching(/^fault: gives no key set: no answer \(ECONNREFUSED\) → correct JWT_JWKS_URL/),
    ]);
    server = await startJwksServer([]);
  });
});

describe('the doctor and the providers', () => {
  const KEY = `sk-${randomBytes(24).toString('hex')}`;
  const stops: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  const serve = async (handle: RequestListener): Promise<string> => {
    const server = createServer(handle);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    stops.push(() => new Promise((done) => server.close(done)));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const openai = (base: string): Promise<Diagnosis> => diagnose({ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: base });

  it('finds a key that is taken, at the address with the version', async () => {
    const asked: string[] = [];
    const base = await serve((req, res) => {
      asked.push(`${req.url} ${req.headers.authorization ?? req.headers['xi-api-key']}`);
      res.end('{"data":[{"id":"gpt-realtime"}]}');
    });
    expect((await openai(base)).of('openai')[0]).toBe('ok: takes the key');
    const voice = await diagnose({ ELEVENLABS_API_KEY: KEY, ELEVENLABS_BASE_URL: base });
    expect(voice.of('elevenlabs')[0]).toBe('ok: takes the key');
    expect(asked).toEqual([`/v1/models Bearer ${KEY}`, `/v1/models ${KEY}`]);
  });

  it('tells a refused key, and never repeats it, though the provider does', async () => {
    const base = await serve((req, res) => res.writeHead(401).end(`no such key: ${req.headers.authorization}`));
    const found = await openai(base);
    expect(found.of('openai')[0]).toMatch(/^fault: key refused \(401\) → set OPENAI_API_KEY/);
    expect(found.text).not.toContain(KEY);
  });

  it('tells a model that the key may not use, an empty quota, a wrong base, and nobody there', async () => {
    const other = await serve((_req, res) => res.end('{"data":[{"id":"something-else"}]}'));
    expect((await openai(other)).of('openai')).toContainEqual(
      expect.stringMatching(/^warning: its list of models does not name gpt-realtime/),
    );
    const empty = await serve((_req, res) => res.writeHead(429).end());
    expect((await openai(empty)).of('openai')[0]).toMatch(/^warning: .*quota/);
    const wrong = await serve((_req, res) => res.writeHead(404).end());
    expect((await openai(wrong)).of('openai')[0]).toMatch(/^fault: GET \/models answers 404 → correct OPENAI_BASE_URL/);
    const dead = await openai(`http://127.0.0.1:${await findFreePort()}`);
    expect(dead.of('openai')[0]).toMatch(/^fault: nobody listens there/);
  });

  it('reads no more of an endless answer than it needs', async () => {
    const base = await serve((_req, res) => {
      const more = (): void => {
        while (!res.destroyed && res.write(Buffer.alloc(65_536, 32)));
      };
      res.on('drain', more);
      more();
    });
    expect((await openai(base)).of('openai')[0]).toBe('ok: takes the key');
  });
});

describe('the doctor and Postgres', () => {
  it('tells what is no Postgres, and gives it no password', async () => {
    for (const answer of ['HTTP/1.1 400 Bad Request\r\n\r\n', '']) {
      const asked: string[] = [];
      const server = await startTcpServer((socket) =>
        socket.on('data', (chunk) => {
          asked.push(chunk.toString('hex'));
          if (answer === '') socket.end();
          else socket.write(answer);
        }),
      );
      const found = await diagnose({ DATABASE_URL: `postgres://donna:db-pass-word@127.0.0.1:${server.port}/donna` });
      await server.stop();
      expect(asked).toEqual(['0000000804d2162f']);
      expect(found.text).not.toContain('pass-word');
      expect(found.of('postgres')).toEqual([expect.stringMatching(/^fault: .*not Postgres/)]);
    }
  });

  it('tells nobody there', async () => {
    const found = await diagnose({ DATABASE_URL: `postgres://127.0.0.1:${await findFreePort()}/donna` });
    expect(found.of('postgres')).toEqual([expect.stringMatching(/^fault: .*nobody listens there/)]);
  });
});

describeWith('postgres', 'the doctor and a real Postgres', (program) => {
  let server: PostgresServer;
  let url = '';
  beforeAll(async () => {
    server = await startPostgresServer(program);
    url = await server.createDatabase('doctor');
  }, 60_000);
  afterAll(async () => server.stop());
  const look = async (address: string): Promise<readonly string[]> => {
    const found = await diagnose({ DATABASE_URL: address });
    expect(found.text).not.toContain(new URL(url).password);
    expect(found.text).not.toContain('wrong-pass-word');
    return found.of('postgres');
  };

  it('logs in, tells its version, and what it will make there without making it', async () => {
    const expected = [
      expect.stringMatching(/^ok: version \d+[.\d]*.* lets the gateway in, without TLS/),
      `ok: ${Object.keys(MIGRATIONS).join(', ')} made at the next start`,
    ];
    expect(await look(url)).toEqual(expected);
    expect(await look(url)).toEqual(expected);
  });

  it('tells a wrong password and a database that is not there', async () => {
    const wrong = url.replace(new URL(url).password, 'wrong-pass-word');
    expect(await look(wrong)).toEqual([
      expect.stringMatching(/^fault: it refuses the password \(28P01\).*DATABASE_URL/),
    ]);
    expect(await look(server.urlOf('nowhere'))).toEqual([expect.stringMatching(/^fault: it has no such database/)]);
  });

  it('tells a TLS that is asked for and not there, and a user that may not make tables', async () => {
    expect(await look(`${url}?sslmode=require`)).toEqual([expect.stringMatching(/^fault: .*SSL/)]);
    expect(await look(`${url}?sslmode=perhaps`)).toEqual([expect.stringMatching(/^fault: sslmode .*must be one of/)]);
    await server.ask('doctor', "create role reader login password 'reader-pass-word'");
    await server.ask('doctor', 'revoke create on schema public from public');
    const reader = `postgres://reader:reader-pass-word@127.0.0.1:${server.port}/doctor`;
    expect(await look(reader)).toEqual([
      expect.stringMatching(/^ok: /),
      expect.stringMatching(/^fault: 0001-stages,.* to be made, and the user may make none/),
    ]);
  });
});

describe('the doctor and the webhook key', () => {
  it('tells a key from a mistyped one', async () => {
    const good = makeSigner('EdDSA', 'telnyx').publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
    const found = await diagnose({ TELNYX_PUBLIC_KEY: good.toString('base64') });
    expect(found.of('telnyx')).toEqual(['ok: a valid Ed25519 public key']);
    const off = Buffer.from('0200000000000000000000000000000000000000000000000000000000000000', 'hex');
    const mistyped = await diagnose({ TELNYX_PUBLIC_KEY: off.toString('base64') });
    expect(mistyped.of('telnyx')).toEqual([
      expect.stringMatching(/^fault: no point of Ed25519.*copy TELNYX_PUBLIC_KEY/),
    ]);
  });
});
