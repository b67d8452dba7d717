import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type EmbeddedPhp, startEmbeddedPhp } from '../../src/forward/index.js';
import { type Certificate, makeAuthority, makeCertificate } from '../support/certificates.js';
import { type Diagnosis, diagnose } from '../support/diagnosis.js';
import { findFreePort } from '../support/free-port.mjs';
import { httpAnswer, startRawUpstream } from '../support/raw-upstream.js';
import { IDENTITY_SECRET } from '../support/test-gateway.js';

const NOBODY = JSON.stringify({ success: true, data: { authenticated: false, user: null } });
const DAY_MS = 86_400_000;

describe('the doctor and PHP', () => {
  const stops: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  const serve = async (handle: RequestListener, tls?: Certificate): Promise<string> => {
    const server: Server = tls === undefined ? createServer(handle) : createTlsServer(tls, handle);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    stops.push(() => new Promise((done) => server.close(done)));
    return `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const startPhp = async (identitySecret: string): Promise<EmbeddedPhp> => {
    const folder = mkdtempSync(join(tmpdir(), 'doctor-php-'));
    const php = await startEmbeddedPhp({
      root: resolve(import.meta.dirname, '../../legacy-php'),
      env: {
        NODE_ENV: 'test',
        DONNA_DATA_DIR: folder,
        DONNA_LOOPBACK_ONLY: '1',
        GATEWAY_IDENTITY_SECRET: identitySecret,
        REQUIRE_GATEWAY: 'true',
      },
      log: () => undefined,
    });
    stops.push(() => php.stop().then(() => rmSync(folder, { recursive: true, force: true })));
    return php;
  };
  const look = (target: string, limitMs?: number): Promise<Diagnosis> =>
    diagnose({ REMOTE_PHP_BASE: target }, limitMs === undefined ? {} : { limitMs });

  it('finds the real application in order: health, clock, and sessions told to the gateway alone', async () => {
    const found = await look((await startPhp(IDENTITY_SECRET)).origin);
    expect(found.of('php')).toEqual([
      'ok: GET /api/health.php answers 200',
      expect.stringMatching(/^ok: within \d s of this machine's$/),
      'ok: PHP answers session questions to the gateway alone',
    ]);
  });

  it('tells that PHP has another identity secret', async () => {
    const found = await look((await startPhp('another-secret-of-the-identity-0123456789')).origin);
    expect(found.text).toMatch(/PHP refuses the gateway's signed call \(40[13]\)/);
    expect(found.text).toContain("give PHP the gateway's GATEWAY_IDENTITY_SECRET");
    expect(found.text).not.toContain(IDENTITY_SECRET);
  });

  it('tells PHP that answers session questions to anybody', async () => {
    const target = await serve((_req, res) => res.setHeader('Content-Type', 'application/json').end(NOBODY));
    const found = (await look(target)).of('php');
    expect(found).toContainEqual(expect.stringMatching(/^fault: PHP answers session questions to anybody/));
  });

  it('tells PHP that takes any signature for the gateway’s', async () => {
    const target = await serve((req, res) => {
      const isRefused = req.url?.includes('session') === true && req.headers['x-gateway-identity'] === undefined;
      res.writeHead(isRefused ? 403 : 200, { 'Content-Type': 'application/json' }).end(NOBODY);
    });
    const found = (await look(target)).of('php');
    expect(found).toContainEqual(expect.stringMatching(/^fault: .* to whoever signs with any key/));
  });

  it('tells a PHP without the session script', async () => {
    const target = await serve((req, res) => {
      res.writeHead(req.url === '/api/health.php' ? 200 : 404).end('Not here');
    });
    const found = (await look(target)).of('php');
    expect(found).toContainEqual(expect.stringMatching(/^fault: GET \/api\/auth\/session.php answers 404 .*deploy/));
  });

  it('tells a health path that is not there, one that breaks, HTTP/1.0, and a clock that is off', async () => {
    const missing = await serve((_req, res) => res.writeHead(404).end());
    expect((await look(missing)).of('php')).toContainEqual(
      expect.stringMatching(/^fault: GET \/api\/health.php answers 404 → correct health.path/),
    );
    const broken = await serve((_req, res) => res.writeHead(500).end());
    expect((await look(broken)).of('php')).toContainEqual(
      expect.stringMatching(/^fault: GET \/api\/health.php answers 500 → look into PHP's error log/),
    );
    const old = await startRawUpstream((socket) => {
      const date = new Date(Date.now() + 95_000).toUTCString();
      socket.end(httpAnswer(200, { Date: date, 'Content-Type': 'application/json' }, NOBODY).replace('/1.1', '/1.0'));
    });
    stops.push(() => old.stop());
    const found = (await look(old.origin)).of('php');
    expect(found).toContainEqual(expect.stringMatching(/^warning: answers with HTTP\/1.0 → /));
    expect(found).toContainEqual(expect.stringMatching(/^warning: 9[3-6] s ahead of this machine's → .*NTP/));
  });

  it('tells a dead port, a hang in bounded time, and what it found before', async () => {
    const dead = await look(`http://127.0.0.1:${await findFreePort()}`);
    expect(dead.of('php')).toEqual([expect.stringMatching(/^fault: .*nobody listens there/)]);
    const target = await serve((req, res) => {
      if (req.url === '/api/health.php') res.end('{}');
    });
    const hanging = (await look(target, 800)).of('php');
    expect(hanging[0]).toBe('ok: GET /api/health.php answers 200');
    expect(hanging.at(-1)).toMatch(/^fault: no result within 0.8 s/);
  });

  it('shows nothing that a server paints on the terminal', async () => {
    const target = await serve((_req, res) => res.writeHead(500).end());
    const found = await look(`${target}/a%1b%5b31m`);
    expect(found.text).not.toMatch(/\\u001b|\\r|\\n/);
  });

  it.each([
    ['self-signed', makeCertificate(), /its certificate is self-signed/],
    ['of an unknown authority', makeCertificate({ issuer: makeAuthority('Nobody') }), /chain is incomplete|authority/],
    [
      'expired',
      makeCertificate({ notBefore: new Date(Date.now() - 9 * DAY_MS), notAfter: new Date(Date.now() - DAY_MS) }),
      /expired|self-signed/,
    ],
  ])('tells a certificate that is %s', async (_what, certificate, reason) => {
    const target = await serve((_req, res) => res.end('{}'), certificate);
    const found = (await look(target)).of('php');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^fault: the gateway will not talk to it: /);
    expect(found[0]).toMatch(reason);
  });

  it('tells something that speaks no TLS', async () => {
    const target = await serve((_req, res) => res.end('{}'));
    const found = (await look(target.replace('http:', 'https:'))).of('php');
    expect(found).toEqual([expect.stringMatching(/^fault: could not be checked: .*TLS/)]);
  });
});
