import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { resolve } from 'node:path';
import { type EmbeddedPhp, startEmbeddedPhp } from '../../src/forward/embedded/index.js';
import { describeWith } from '../setup/parts.js';
import { call } from '../support/http-call.js';
import { type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { catchAllTable, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const FORWARDERS = [
  ['undici', ''],
  ['http-proxy-middleware', "envelope: 'off'"],
] as const;
const PUBLIC = { Host: 'donna.example' };
/** A proxy before the gateway that ends TLS. */
const OVER_TLS = { Host: 'donna.example', 'X-Forwarded-Proto': 'https' };

/** Says in its answer whatever the query's `h` parameters say, `Name: value` each. */
function startParrot(): Promise<RawUpstream> {
  return startRawUpstream((socket, head) => {
    const query = /\?(\S*) HTTP/.exec(head)?.[1] ?? '';
    const lines = new URLSearchParams(query).getAll('h').map((line) => `${line}\r\n`);
    const status = query.includes('Location') ? '302 Found' : '200 OK';
    const host = /^host: (.*)$/im.exec(head)?.[1] ?? '';
    socket.write(`HTTP/1.1 ${status}\r\nX-Seen-Host: ${host}\r\n${lines.join('')}Content-Length: 0\r\n\r\n`, 'latin1');
  });
}

function saying(...lines: readonly string[]): string {
  return `/dir/page?${new URLSearchParams(lines.map((line): [string, string] => ['h', line])).toString()}`;
}

describe.each(FORWARDERS)('cookies and addresses over %s', (_name, policies) => {
  let parrot: RawUpstream;
  const gateways = new Map<string, TestGateway>();
  /** `target`: PHP sees its own host; `base`: it lives under /app; `named`: it is addressed by a name. */
  const gateway = (kind: string): string => gateways.get(kind)?.url ?? '';

  beforeAll(async () => {
    parrot = await startParrot();
    const start = async (kind: string, base: string, host: string): Promise<void> => {
      const routes = catchAllTable(policies, `host: ${host}`);
      gateways.set(
        kind,
        await startTestGateway({ routes, phpTargets: [base], env: { TRUSTED_PROXIES: '127.0.0.1/32' } }),
      );
    };
    await start('public', parrot.origin, 'public');
    await start('auto', parrot.origin, 'auto');
    await start('target', parrot.origin, 'target');
    await start('base', `${parrot.origin}/app`, 'public');
    await start('named', `http://localhost:${parrot.port}`, 'target');
  });
  afterAll(async () => {
    for (const each of gateways.values()) await each.stop();
    await parrot.stop();
  });

  it.each([
    ['public', 'donna.example'],
    ['auto', 'donna.example'],
    ['target', 'own'],
    ['named', 'own'],
  ])('shows PHP the host it is to see: %s', async (kind, expected) => {
    const { headers } = await call(gateway(kind), '/x', { headers: PUBLIC });
    const own = kind === 'named' ? `localhost:${parrot.port}` : `127.0.0.1:${parrot.port}`;
    expect(headers['x-seen-host']).toBe(expected === 'own' ? own : expected);
  });

  it('keeps several cookies several, byte for byte and in order', async () => {
    const cookies = [
      'a=1; Expires=Wed, 09 Jun 2038 10:18:14 GMT; Path=/',
      'b="x, y"; path=/;HttpOnly ;  SameSite=Lax',
      'c=; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0',
      'c=2; Domain=donna.example; Secure; SameSite=None; Partitioned',
      'd=1; Domain=.foreign.example',
      'e=caf\xe9',
    ];
    const answer = await call(gateway('target'), saying(...cookies.map((cookie) => `Set-Cookie: ${cookie}`)), {
      headers: PUBLIC,
    });
    // The parrot reads its query as UTF-8 and speaks latin1, as the gateway must on both sides.
    expect(answer.all('set-cookie')).toEqual(cookies);
  });

  it('drops a Domain that names the upstream', async () => {
    const said = [`Set-Cookie: a=1; Domain=localhost; Path=/x; HttpOnly`, 'Set-Cookie: b=2; domain=.LOCALHOST'];
    expect((await call(gateway('named'), saying(...said), { headers: PUBLIC })).all('set-cookie')).toEqual([
      'a=1; Path=/x; HttpOnly',
      'b=2',
    ]);
  });

  it('takes the base path off cookie paths and addresses', async () => {
    const said = [
      'Set-Cookie: a=1; Path=/app/; HttpOnly',
      'Set-Cookie: b=1; Path=/application',
      'Set-Cookie: c=1',
      'Content-Location: /app/doc?x',
    ];
    const answer = await call(gateway('base'), saying(...said), { headers: PUBLIC });
    expect(answer.all('set-cookie')).toEqual(['a=1; Path=/; HttpOnly', 'b=1; Path=/application', 'c=1']);
    expect(answer.headers['content-location']).toBe('/doc?x');
    expect(parrot.requests.at(-1)).toMatch(/^GET \/app\/dir\/page\?/);
  });

  it.each([
    ['/app/login', '/login'],
    ['/app', '/'],
    ['http://donna.example/app/login', 'http://donna.example/login'],
    ['/app//evil.example/x', 'http://donna.example//evil.example/x'],
    ['../up', '../up'],
  ])('maps a redirect under the base path: %s', async (given, expected) => {
    const { status, headers } = await call(gateway('base'), saying(`Location: ${given}`), { headers: PUBLIC });
    expect([status, headers['location']]).toEqual([302, expected]);
  });

  const mine = '{upstream}';
  it.each([
    [`http://${mine}/login.php?a=%2F&b[]=1#top`, 'http://donna.example/login.php?a=%2F&b[]=1#top'],
    [`HTTP://${mine}/x`, 'http://donna.example/x'],
    [`//${mine}/x`, 'http://donna.example/x'],
    [`http://${mine}`, 'http://donna.example'],
    ['http://127.0.0.1/x', 'http://127.0.0.1/x'],
    ['http://127.0.0.1:9/x', 'http://127.0.0.1:9/x'],
    ['https://accounts.foreign.example/o?r=1', 'https://accounts.foreign.example/o?r=1'],
    ['//cdn.foreign.example/x', '//cdn.foreign.example/x'],
    ['/path?x=http://127.0.0.1/', '/path?x=http://127.0.0.1/'],
    ['page2.php', 'page2.php'],
    ['?page=2', '?page=2'],
  ])('Location %s', async (given, expected) => {
    for (const kind of ['public', 'auto', 'target']) {
      const location = given.replace(mine, `127.0.0.1:${parrot.port}`);
      const { status, headers } = await call(gateway(kind), saying(`Location: ${location}`), { headers: PUBLIC });
      expect([kind, status, headers['location']]).toEqual([kind, 302, expected]);
    }
  });

  it('knows its upstream by a name in any case', async () => {
    const { headers } = await call(gateway('named'), saying(`Location: http://LocalHost:${parrot.port}/x`), {
      headers: PUBLIC,
    });
    expect(headers['location']).toBe('http://donna.example/x');
  });

  it('keeps a visitor on TLS that PHP does not see', async () => {
    for (const location of [`http://127.0.0.1:${parrot.port}/x`, 'http://donna.example/x']) {
      const { headers } = await call(gateway('public'), saying(`Location: ${location}`), { headers: OVER_TLS });
      expect(headers['location']).toBe('https://donna.example/x');
    }
  });

  it('mends Refresh as it mends Location', async () => {
    const { headers } = await call(gateway('public'), saying(`Refresh: 5; url=http://127.0.0.1:${parrot.port}/x`), {
      headers: PUBLIC,
    });
    expect(headers['refresh']).toBe('5; url=http://donna.example/x');
  });
});

describeWith('php', 'cookies and redirects of real PHP', () => {
  let php: EmbeddedPhp;
  let gateway: TestGateway;
  beforeAll(async () => {
    const root = resolve(import.meta.dirname, '../../legacy-php');
    php = await startEmbeddedPhp({
      kind: 'system',
      root,
      env: { DONNA_TEST_FIXTURES: '1', NODE_ENV: 'test' },
      log: () => undefined,
    });
    gateway = await startTestGateway({ routes: catchAllTable(), phpTargets: [php.origin] });
  });
  afterAll(async () => {
    await gateway.stop();
    await php.stop();
  });

  it('brings PHP’s six cookies, without the Domain that names PHP', async () => {
    const direct = await call(php.origin, '/__fixtures/cookies.php?domain=127.0.0.1');
    const through = await call(gateway.url, '/__fixtures/cookies.php?domain=127.0.0.1', { headers: PUBLIC });
    expect(direct.all('set-cookie')).toHaveLength(6);
    expect(through.all('set-cookie')).toEqual(
      direct.all('set-cookie').map((cookie) => cookie.replace(' Domain=127.0.0.1;', '')),
    );
  });

  it.each([301, 302, 303, 307, 308])('passes a redirect with %s', async (code) => {
    const to = encodeURIComponent(`${php.origin}/login.php?next=%2F`);
    const { status, headers } = await call(gateway.url, `/__fixtures/redirect.php?code=${code}&to=${to}`, {
      headers: PUBLIC,
    });
    expect([status, headers['location']]).toEqual([code, 'http://donna.example/login.php?next=%2F']);
  });
});
