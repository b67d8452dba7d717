import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { startProviderStub } from '../../src/providers/index.js';
import { findFreePort } from '../support/free-port.mjs';
import { type LegacyPhp, startLegacyPhp, unlimitedTable } from '../support/legacy-php.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const ROOT = resolve(import.meta.dirname, '../..');
const SHIPPED = readFileSync(resolve(ROOT, 'routes.yaml'), 'utf8');
const ALLOWED = 'https://app.example.com';

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function smoke(base: string, args: readonly string[] = [], secret = JWT_SECRET): Promise<Run> {
  const { PATH = '', NODE_OPTIONS = '' } = process.env;
  const child = spawn(process.execPath, ['scripts/smoke-security.mjs', '--base', base, ...args], {
    cwd: ROOT,
    env: { PATH, NODE_OPTIONS, DONNA_LOOPBACK_ONLY: '1', JWT_SECRET: secret },
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

/** What a run says of the first thing that failed; what comes after it must not have been tried. */
function failureOf({ code, out }: Run): string {
  const lines = out.split('\n');
  const at = lines.findIndex((line) => line.startsWith('FAILED'));
  const end = lines.findIndex((line) => /^\d+ passed, then one failed/.test(line));
  expect(code).toBe(1);
  expect(end).toBeGreaterThanOrEqual(at + 3);
  expect(end).toBeLessThanOrEqual(at + 4);
  return lines.slice(at, end).join('\n');
}

describe('npm run smoke:security', () => {
  let php: LegacyPhp;
  let stub: Awaited<ReturnType<typeof startProviderStub>>;
  const stops: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    [php, stub] = await Promise.all([startLegacyPhp(), startProviderStub()]);
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });
  afterAll(() => Promise.all([php.stop(), stub.stop()]));

  const startGateway = async (routes: string): Promise<TestGateway> => {
    const env = { ALLOWED_ORIGINS: ALLOWED };
    const gateway = await startTestGateway({ routes, env, phpTargets: [php.origin], stubOrigin: stub.origin });
    stops.push(() => gateway.stop());
    return gateway;
  };
  const serve = async (handle: RequestListener): Promise<string> => {
    const server = createServer(handle);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    stops.push(() => new Promise((done) => server.close(done)));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  /** A gateway behind a proxy that spoils its answers. */
  const spoil = (gateway: TestGateway, extra: readonly string[]): Promise<string> =>
    serve((req, res) => {
      const { method, url, headers } = req;
      const onward = request(gateway.url + (url ?? ''), { method, headers, agent: false }, (answer) => {
        res.writeHead(answer.statusCode ?? 502, [...answer.rawHeaders, ...extra]);
        answer.pipe(res);
      });
      req.pipe(onward);
    });

  it('passes on the gateway as it is shipped, and says how many requests it sent', async () => {
    const gateway = await startGateway(SHIPPED);
    const run = await smoke(gateway.url, ['--origin', ALLOWED]);
    expect(run.out).not.toContain('FAILED');
    expect(run).toMatchObject({ code: 0, err: '' });
    for (const name of ['POST /api/realtime/token', 'GET /api/conversations.php', 'POST /api/auth/token']) {
      expect(run.out).toContain(`ok      ${name}: no identity → 401`);
      expect(run.out).toContain(`ok      ${name}: Origin of another site → 403`);
      expect(run.out).toContain(`ok      ${name}: fields that do not hold → 422 with validationErrors`);
      expect(run.out).toMatch(new RegExp(`ok +${name}: over the limit.* → 429 \\(after \\d+ requests\\)`));
    }
    expect(run.out).toContain('ok      POST /api/realtime/token: allowed Origin → 200');
    expect(run.out).toContain('WebSocket upgrade with a bad Origin → 403');
    expect(run.out).toMatch(/^\d+ passed\n\d+ requests were sent to http:/m);
    expect(run.out).not.toContain(JWT_SECRET);
  }, 120_000);

  it('names a server without any guard at its first answer', async () => {
    const base = await serve((_req, res) => res.setHeader('Content-Type', 'text/html').end('Welcome'));
    expect(failureOf(await smoke(base))).toMatch(
      /security headers of an HTML page.*\n.*X-Content-Type-Options.*\n.*none/,
    );
  });

  it('names a route that lets anybody in', async () => {
    const gateway = await startGateway(SHIPPED);
    const failure = failureOf(await smoke(gateway.url, ['--without-realtime', '--proxied', '/api/health.php']));
    expect(failure).toMatch(/GET \/api\/health.php: no identity → 401\n.*401 UNAUTHENTICATED\n.*200/);
  });

  it('says what to do where realtime is switched off', async () => {
    const gateway = await startTestGateway({ routes: SHIPPED, phpTargets: [php.origin] });
    stops.push(() => gateway.stop());
    expect(failureOf(await smoke(gateway.url))).toMatch(
      /a valid token → 200\n.*200\n.*REALTIME_DISABLED.*\n +→ .*--without-realtime/,
    );
  });

  it('names an origin that should not be allowed', async () => {
    const env = { ALLOWED_ORIGINS: `${ALLOWED},https://attacker.example` };
    const gateway = await startTestGateway({ routes: SHIPPED, env, phpTargets: [php.origin], stubOrigin: stub.origin });
    stops.push(() => gateway.stop());
    expect(failureOf(await smoke(gateway.url))).toMatch(/Origin of another site → 403\n.*403 ORIGIN_DENIED\n.*200/);
  }, 60_000);

  it('names a limit that is none', async () => {
    const gateway = await startGateway(unlimitedTable());
    const failure = failureOf(await smoke(gateway.url, ['--max-burst', '30']));
    expect(failure).toMatch(/over the limit → 429\n.*429 within 30 requests\n.*30 answers, none of them 429/);
  }, 60_000);

  it.each([
    ['a header twice', ['X-Frame-Options', 'SAMEORIGIN'], /one header X-Frame-Options/],
    [
      'two allow-origin headers',
      ['Access-Control-Allow-Origin', '*', 'Access-Control-Allow-Origin', '*'],
      /at most one/,
    ],
    ['a credential', ['X-Debug', 'Bearer 0123456789abcdef0123456789'], /no secret .*\n.*X-Debug/],
    ['its own secret', ['X-Debug', JWT_SECRET], /no secret .*\n.*X-Debug/],
    ["PHP's version", ['X-Powered-By', 'PHP/8.2'], /no X-Powered-By/],
  ])(
    'names %s in an answer, and does not repeat a secret',
    async (_what, extra, expected) => {
      const run = await smoke(await spoil(await startGateway(SHIPPED), extra));
      expect(failureOf(run)).toMatch(expected);
      expect(run.out).not.toContain(JWT_SECRET);
    },
    30_000,
  );

  it('names a gateway that is not there', async () => {
    const run = await smoke(`http://127.0.0.1:${await findFreePort()}`);
    expect(failureOf(run)).toMatch(/expected an answer\n.*none: .*ECONNREFUSED/);
  });

  it('names tokens that the gateway does not take: made with another secret', async () => {
    const gateway = await startGateway(SHIPPED);
    const run = await smoke(gateway.url, [], 'another-secret-of-the-tokens-0123456789abc');
    expect(failureOf(run)).toMatch(/an answer of PHP|a valid token → 200/);
  });

  it.each([
    [['--base', 'nonsense'], /--base must be a URL/],
    [['--bsae', 'http://127.0.0.1'], /--bsae/],
    [['--max-burst', 'many'], /--max-burst must be a whole number/],
  ])(
    'refuses a command line that it cannot understand: %j',
    async (args, problem) => {
      const run = await smoke('http://127.0.0.1:9', args);
      expect(run).toMatchObject({ code: 64, out: '' });
      expect(run.err).toMatch(problem);
    },
    20_000,
  );
});
