import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type EmbeddedPhp, startEmbeddedPhp } from '../../src/forward/embedded/index.js';
import { describeWith } from '../setup/parts.js';
import { call, type CallOptions, multipart, sha256 } from '../support/http-call.js';
import { askRaw } from '../support/raw-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const PROJECT = resolve(import.meta.dirname, '../..');
const PUBLIC = { Host: 'www.example' };
/** Fields of one connection, or of the gateway itself. */
const OF_THE_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host', 'x-powered-by', 'via', 'date']);

/** What a grown application says of itself, with values other than the gateway's. */
const OWN_HEADERS = [
  'Access-Control-Allow-Origin: https://partner.example',
  'Access-Control-Allow-Credentials: true',
  "Content-Security-Policy: default-src 'self' https://cdn.example; frame-ancestors *",
  'X-Frame-Options: ALLOW-FROM https://partner.example',
  'X-Content-Type-Options: none',
  'Referrer-Policy: unsafe-url',
  'Permissions-Policy: camera=*',
  'Cross-Origin-Opener-Policy: unsafe-none',
  'Cross-Origin-Resource-Policy: cross-origin',
  'X-Custom: a, b',
  'Link: </a.css>; rel=preload',
  'Cache-Control: private, max-age=7',
  'ETag: "strong-1"',
  'Vary: Cookie',
  'X-RateLimit-Limit: 100',
  'X-RateLimit-Remaining: 7',
  'RateLimit-Policy: "own";q=100;w=60',
  'Retry-After: 9',
];
const OWN_NAMES = OWN_HEADERS.map((line) => line.slice(0, line.indexOf(':')));

describeWith('php', 'the pass-through table before any PHP application', () => {
  const root = mkdtempSync(join(tmpdir(), 'any-php-'));
  let php: EmbeddedPhp;
  let gateway: TestGateway;
  let underBase: TestGateway;

  beforeAll(async () => {
    for (const folder of ['public', 'public/app']) {
      mkdirSync(join(root, folder), { recursive: true });
      cpSync(join(PROJECT, 'legacy-php/tests/fixtures/public'), join(root, folder), { recursive: true });
      const lines = OWN_HEADERS.map((line) => `header(${JSON.stringify(line).replaceAll('$', '\\$')});`).join('\n');
      writeFileSync(
        join(root, folder, 'own.php'),
        `<?php\n${lines}\nhttp_response_code((int) ($_GET['code'] ?? 200));\necho '<p>own</p>';\n`,
      );
    }
    // No front controller of ours: php -S finds scripts and PATH_INFO by itself.
    writeFileSync(join(root, 'router.php'), '<?php return false;');
    php = await startEmbeddedPhp({ kind: 'system', root, env: {}, log: () => undefined });
    const routes = readFileSync(join(PROJECT, 'routes.pass-through.yaml'), 'utf8');
    gateway = await startTestGateway({ routes, phpTargets: [php.origin] });
    underBase = await startTestGateway({ routes, phpTargets: [`${php.origin}/app`] });
  });
  afterAll(async () => {
    await gateway.stop();
    await underBase.stop();
    await php.stop();
    rmSync(root, { recursive: true, force: true });
  });
  const both = (path: string, options: CallOptions = {}) => {
    const asked = { ...options, headers: { ...PUBLIC, ...options.headers } };
    return Promise.all([call(php.origin, path, asked), call(gateway.url, path, asked)]);
  };
  const withoutHop = (rawHeaders: readonly string[]): string[] =>
    rawHeaders.flatMap((name, i) =>
      i % 2 === 0 && !OF_THE_HOP.has(name.toLowerCase()) ? [`${name.toLowerCase()}: ${rawHeaders[i + 1] ?? ''}`] : [],
    );

  it.each([200, 404, 500])(
    'PHP’s own CORS, CSP, limit and security headers win, and none is doubled (%d)',
    async (code) => {
      const [direct, through] = await both(`/own.php?code=${code}`, {
        headers: { Origin: 'https://elsewhere.example' },
      });
      expect([through.status, through.text]).toEqual([code, direct.text]);
      for (const name of OWN_NAMES) expect([name, through.all(name)]).toEqual([name, direct.all(name)]);
      expect(through.all('content-security-policy-report-only')).toEqual([]);
      const names = through.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
      expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
      expect(withoutHop(through.rawHeaders)).toEqual(expect.arrayContaining(withoutHop(direct.rawHeaders)));
    },
  );

  // 80 people behind one address came to 429 with the second page that each of them opened.
  it('adds nothing but a trace id and its name: no security header, no limit of its own', async () => {
    const [direct, through] = await both('/redirect.php?to=/x');
    const names = through.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
    const added = names.filter((name) => direct.all(name).length === 0 && (name === 'via' || !OF_THE_HOP.has(name)));
    expect(added.toSorted()).toEqual(['via', 'x-trace-id']);
  });

  it('lets PHP answer a preflight itself', async () => {
    const [direct, through] = await both('/own.php', {
      method: 'OPTIONS',
      headers: { Origin: 'https://partner.example', 'Access-Control-Request-Method': 'PUT' },
    });
    expect([through.status, through.text, through.all('access-control-allow-origin')]).toEqual([
      direct.status,
      direct.text,
      ['https://partner.example'],
    ]);
  });

  it.each([
    'html-json.php',
    'bom.php',
    'notice.php',
    'cut.php',
    'twodocs.php',
    'fatal.php',
    'empty500.php',
    'gzip.php',
    'cookies.php?domain=partner.example',
    'status.php?code=204',
    'status.php?code=418',
    'status.php?code=503',
    'redirect.php?to=relative%3Fx',
    'big.php?bytes=3000000',
    'big.php?bytes=3000000&length=1',
    'no-such.php',
  ])('hands on %s byte for byte', async (path) => {
    const [direct, through] = await both(`/${path}`);
    expect(through.status).toBe(direct.status);
    expect(sha256(through.body)).toBe(sha256(direct.body));
    // None lost, none changed.
    const said = withoutHop(direct.rawHeaders);
    expect(
      withoutHop(through.rawHeaders)
        .filter((line) => said.includes(line))
        .toSorted(),
    ).toEqual(said.toSorted());
    expect(through.all('set-cookie')).toEqual(direct.all('set-cookie'));
  });

  it.each([
    '/echo.php/page/2',
    '/echo.php/a%2Fb%2fc',
    '/echo.php/a%252Fb',
    '/echo.php/Sp%C3%A9cial%20+x',
    "/echo.php/wiki:start;v=1/~u/'(x)*!",
    '/echo.php/trailing/',
    '/echo.php?a[]=1&a[]=2&x[k][]=3&%61=%2F&e&f=&g=a+b%20c',
    '/echo.php/p?next=http://www.example/?a=b?c#',
  ])('PHP sees %s as it was sent', async (path) => {
    const asked = path.replace(/#$/, '');
    const [direct, through] = (await both(asked)).map((answer) => answer.json() as Record<string, unknown>);
    expect(direct?.['request_uri']).toBe(asked);
    for (const part of ['request_uri', 'path_info', 'query_string', 'script_name', 'get']) {
      expect([part, through?.[part]]).toEqual([part, direct?.[part]]);
    }
  });

  it('hands PHP the cookies, credentials and odd headers of its client', async () => {
    const headers = {
      Connection: 'keep-alive',
      Cookie: 'a=1; b="x y"; c[k]=2; a=3',
      Authorization: 'Basic dTpw',
      'X-Requested-With': 'XMLHttpRequest',
      'Accept-Encoding': 'gzip, br',
    };
    const [direct, through] = (await both('/echo.php', { headers })).map(
      (answer) => answer.json() as { cookies: object; headers: object },
    );
    expect(direct?.cookies).toMatchObject({ a: expect.any(String), c: { k: '2' } });
    expect(through?.cookies).toEqual(direct?.cookies);
    expect(through?.headers).toMatchObject(direct?.headers ?? {});
  });

  it('passes an upload larger than a policy would read', async () => {
    const bytes = randomBytes(12_000_000);
    const { type, body } = multipart([['a[b]', '1']], [['file', 'größe "x".bin', 'application/octet-stream', bytes]]);
    for (const isChunked of [false, true]) {
      const [direct, through] = (
        await both('/echo.php', { method: 'POST', headers: { 'Content-Type': type }, body, isChunked })
      ).map((answer) => answer.json() as { files: { file: { sha256: string }[] }; post: object });
      expect(through?.files.file[0]?.sha256).toBe(sha256(bytes));
      expect([through?.files, through?.post]).toEqual([direct?.files, direct?.post]);
    }
  });

  it('passes a part of a download', async () => {
    const [direct, through] = await both('/range.php', { headers: { Range: 'bytes=-5' } });
    expect([through.status, through.text, through.headers['content-range']]).toEqual([
      206,
      direct.text,
      'bytes 995-999/1000',
    ]);
  });

  it('keeps PHP’s reason phrase', async () => {
    const { raw } = await askRaw(
      gateway.port,
      'GET /status.php?code=418 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(raw).toMatch(/^HTTP\/1\.1 418 /);
  });

  it('leaves to itself only what it must: health and probes', async () => {
    for (const path of ['/api/health', '/livez', '/readyz'])
      expect((await call(gateway.url, path)).json()).toMatchObject({ success: true });
    for (const path of ['/admin', '/docs', '/metrics', '/realtime', '/csp-report', '/api/auth/token']) {
      const [direct, through] = await both(path);
      expect([path, through.status, through.text]).toEqual([path, direct.status, direct.text]);
    }
  });

  it('serves an application that lives under a base path', async () => {
    const seen = (await call(underBase.url, '/echo.php/info?x=1', { headers: PUBLIC })).json();
    expect(seen).toMatchObject({
      script_name: '/app/echo.php',
      request_uri: '/app/echo.php/info?x=1',
      path_info: '/info',
    });
    const to = (location: string): Promise<unknown> =>
      call(underBase.url, `/redirect.php?to=${encodeURIComponent(location)}`, { headers: PUBLIC }).then(
        ({ headers }) => headers['location'],
      );
    expect(await to('/app/login.php')).toBe('/login.php');
    expect(await to('http://www.example/app/login.php')).toBe('http://www.example/login.php');
    expect(await to(`${php.origin}/app/login.php`)).toBe('http://www.example/login.php');
    expect(await to('next.php')).toBe('next.php');
  });
});
