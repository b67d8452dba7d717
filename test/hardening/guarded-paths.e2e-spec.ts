import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeAccessToken } from '../../src/auth/index.js';
import { resolvePath } from '../../src/routing/index.js';
import { describeWith } from '../setup/parts.js';
import { eventually } from '../support/eventually.js';
import { findFreePort } from '../support/free-port.mjs';
import { askRaw, type RawAnswer, sendRaw } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** The shipped table, without what would count or probe. */
const SHIPPED = readFileSync(resolve(import.meta.dirname, '../../routes.yaml'), 'utf8')
  .replace(/ {4}health: \{.*\n/, '')
  .replaceAll(/limit: \d+,/g, 'limit: 1000000,');
const GUARDED = ['/api/conversations.php', '/api/system-stats.php', '/api/marketing.php'] as const;

/** Spellings of `/api/<name>.php` that some server has been seen to take for it. */
function spellings(path: string): string[] {
  const [, api = '', script = ''] = path.split('/');
  const name = script.replace('.php', '');
  return [
    path,
    `//${api}/${script}`,
    `/${api}//${script}`,
    `/./${api}/./${script}`,
    `/x/../${api}/${script}`,
    `/${api}/x/../${script}`,
    `/${api}%2F${script}`,
    `/${api}%2f${script}`,
    `/%2e/${api}/${script}`,
    `/x/%2e%2e/${api}/${script}`,
    `/x/%2E./${api}/${script}`,
    `/x/..;/${api}/${script}`,
    `/x/..;a=b/${api}/${script}`,
    `/${api};x=1/${script}`,
    `/${api}/${script};x=1`,
    `/;/${api}/${script}`,
    `${path}%00`,
    `${path}%00.png`,
    `${path}/x`,
    `${path}/`,
    `${path}/x/y.css`,
    `${path}/x.php`,
    `${path}/%2e%2e/x`,
    `/${api}/${name}.PHP`,
    `/API/${script.toUpperCase()}`,
    `/${api}/${name}.pHp`,
    `${path}.`,
    `${path}..`,
    `${path}%20`,
    `${path}%2e`,
    `/${api}\\${script}`,
    `/${api}%5c${script}`,
    `/${api}%5C${script}`,
    `\\${api}\\${script}`,
    `/x\\..\\${api}\\${script}`,
    `${path}::$DATA`,
    `${path}::$data`,
    `${path}::%24DATA`,
    `/${api}%c0%af${script}`,
    `/${api}/${name}%c0%ae`,
    `/${api}%e0%80%af${script}`,
    `/${api}%252f${script}`,
    `/${api}/${name}%252ephp`,
    `/x/%252e%252e/${api}/${script}`,
    `/${api}/%2563${script.slice(1)}`,
    `${path}%2500`,
    `/%61pi/${script}`,
    `/${api}/%${name.charCodeAt(0).toString(16)}${script.slice(1)}`,
    `/${api}/${name}%2Ephp`,
    `/${api}/${name}.%70hp`,
    `${path}%3f`,
    `${path}%3fx.png`,
    `${path}%3Fx/y`,
    `${path}%09`,
    `${path}%0a`,
    `${path}%0d%0a`,
    `/${api}/${script}%7f`,
    `/${api}/${name}%EF%BC%8Ephp`,
    `/${api}/${name}.%EF%BD%90hp`,
    `/${api}/%E2%80%8B${script}`,
    `/${api}/${name}.ph%E2%80%8Cp`,
    `http://h${path}`,
    `HTTP://h/${api}/./${script}`,
    `http://other:80${path}/x`,
    `/%2fx/%2e%2e/${api}/${script}`,
    `${path}%`,
    `${path}%zz`,
  ];
}

const token = (roles: string[]): string =>
  `Authorization: Bearer ${makeAccessToken(JWT_SECRET, { subject: 'u', roles, lifeS: 600 })}\r\n`;

describe('paths that a guarded script would be reached by', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  beforeAll(async () => {
    upstream = await startRawUpstream((socket) =>
      socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, '{"leaked":true}')),
    );
    gateway = await startTestGateway({ phpTargets: [upstream.origin], routes: SHIPPED });
  });
  beforeEach(() => {
    upstream.requests.length = 0;
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });
  const ask = (target: string, fields = '', method = 'GET'): Promise<RawAnswer> =>
    askRaw(gateway.port, `${method} ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${fields}\r\n`, 100);

  it.each(GUARDED.flatMap((path) => spellings(path).map((target) => [target, path.includes('stats')] as const)))(
    'needs an identity or is refused: %s',
    async (target, isStats) => {
      for (const method of ['GET', 'POST']) {
        const { status, body } = await ask(target, '', method);
        // The statistics are for GET alone.
        expect(isStats && method === 'POST' ? [400, 405] : [400, 401]).toContain(status);
        expect(body).not.toContain('leaked');
      }
      expect(upstream.requests).toEqual([]);
    },
  );

  it.each(spellings('/api/system-stats.php'))('stays closed to a user without the role: %s', async (target) => {
    expect([400, 403]).toContain((await ask(target, token(['user']))).status);
    expect(upstream.requests).toEqual([]);
  });

  it('opens to the role', async () => {
    expect((await ask('/api/system-stats.php/x', token(['admin']))).status).toBe(200);
    expect(upstream.requests[0]).toMatch(/^GET \/api\/system-stats\.php\/x HTTP/);
  });

  it('lets no random spelling through', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...GUARDED), mutations(), async (path, mutate) => {
        const target = mutate(path);
        const { status } = await ask(target);
        expect([400, 401, 414]).toContain(status);
        expect(upstream.requests).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    '/doku.php/page',
    '/doku.php/ns:Page%20Name',
    '/wiki/What%3F',
    '/files/a%2Fb.pdf',
    '/files/%E2%9C%93',
    '/Upper/CASE/Path',
    '/folder/',
    '/x?a[]=1&a[]=2&x[k][]=3',
    '/x?q=%E2%9C%93&r=a+b',
    '/x?',
    '/x?a=%zz',
    '/100%25',
    '/doku.php/a%252Fb',
    '/caf%E9',
    '/caf%C3%A9.html',
    '/a;v=1/b',
    "/~user/(a)'b'!*",
    '/index.php?action=../../x',
    '/x//y',
    '/doku.php/a//b',
    '/a/./b',
    '/a/../b',
  ])('passes %s on raw and untouched', async (target) => {
    expect((await ask(target)).status).toBe(200);
    expect(upstream.requests[0]?.split('\r\n')[0]).toBe(`GET ${target} HTTP/1.1`);
  });
});

/** A random way to spell a path that most servers take for the same. */
function mutations(): fc.Arbitrary<(path: string) => string> {
  const encode = (text: string, at: number, upper: boolean): string => {
    const i = at % text.length;
    const hex = text.charCodeAt(i).toString(16).padStart(2, '0');
    return `${text.slice(0, i)}%${upper ? hex.toUpperCase() : hex}${text.slice(i + 1)}`;
  };
  const step = fc.oneof(
    fc.tuple(fc.nat(40), fc.boolean()).map(
      ([at, upper]) =>
        (p: string) =>
          p[0] + encode(p.slice(1), at, upper),
    ),
    fc.nat(40).map((at) => (p: string) => {
      const i = at % p.length;
      return p.slice(0, i) + (p[i] ?? '').toUpperCase() + p.slice(i + 1);
    }),
    fc
      .constantFrom('/', '/./', '//', '/x/../', '\\', '/;a/', '/%2e/', '%2f', '%5c', '/..;/')
      .map((with_) => (p: string) => p.replace(/(?!^)\/|^\//, with_)),
    fc
      .constantFrom('.', '%20', '/', '/info', ';a=b', '::$DATA', '%00', '%2e', '/x.php', '%3f')
      .map((tail) => (p: string) => p + tail),
  );
  return fc.array(step, { minLength: 1, maxLength: 5 }).map((steps) => (path: string) => {
    const target = steps.reduce((so, mutate) => mutate(so), path);
    return target.startsWith('/') ? target : `/${target}`;
  });
}

async function whatRuns(start: (port: number, folder: string) => ReturnType<typeof spawn>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'guarded-'));
  mkdirSync(join(folder, 'api'));
  writeFileSync(join(folder, 'api/conversations.php'), '<?php echo "RUNS";');
  const port = await findFreePort();
  const server = start(port, folder);
  try {
    const knock = (): Promise<string> =>
      sendRaw(port, 'GET /api/conversations.php HTTP/1.0\r\nHost: h\r\n\r\n', 100).catch(() => '');
    await eventually(async () => (await knock()).includes('RUNS'));
    const random = fc.sample(mutations(), 80).map((mutate) => mutate('/api/conversations.php'));
    let ran = 0;
    for (const target of [...spellings('/api/conversations.php'), ...random]) {
      if (!target.startsWith('/')) continue;
      const answer = await sendRaw(port, `GET ${target} HTTP/1.0\r\nHost: h\r\n\r\n`, 100).catch(() => '');
      if (!answer.includes('RUNS')) continue;
      ran += 1;
      const path = resolvePath(target);
      expect([target, path.kind === 'refused' ? '/api/conversations.php' : path.script]).toEqual([
        target,
        '/api/conversations.php',
      ]);
    }
    expect(ran).toBeGreaterThan(10);
  } finally {
    server.kill('SIGTERM');
    await new Promise((done) => server.once('close', done));
    rmSync(folder, { recursive: true, force: true });
  }
}

describeWith('php', 'what the built-in server of PHP runs', (php) => {
  it('is what policies are matched on', async () => {
    await whatRuns((port, folder) => spawn(php, ['-S', `127.0.0.1:${port}`, '-t', folder], { stdio: 'ignore' }));
  });
});

describeWith('nginx', 'what nginx hands to PHP', (nginx) => {
  it('is what policies are matched on', async () => {
    await whatRuns((port, folder) => {
      const conf = join(folder, 'nginx.conf');
      writeFileSync(
        conf,
        `daemon off; pid ${folder}/pid; error_log stderr crit; events {}
http { access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  server { listen 127.0.0.1:${port}; location ~ ^/api/conversations\\.php(/|$) { return 200 "RUNS"; } location / { return 404; } } }`,
      );
      return spawn(nginx, ['-c', conf, '-p', folder], { stdio: 'ignore' });
    });
  });
});
