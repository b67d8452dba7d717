import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, get, request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findSystemPhp } from '../../src/forward/embedded/find-system-php.js';
import { describeWith } from '../setup/parts.js';
import {
  type EmbeddedPhp,
  type EmbeddedPhpKind,
  type EmbeddedPhpOptions,
  startEmbeddedPhp,
} from '../../src/forward/embedded/index.js';
import { withoutPersonalData } from '../../src/forward/embedded/php-log-lines.js';
import { watchdogScript } from '../../src/forward/embedded/process-group.js';

const pages: Record<string, string> = {
  'router.php': `<?php
    $path = rawurldecode(explode('?', $_SERVER['REQUEST_URI'], 2)[0]);
    if (preg_match('~^/api/([a-z0-9_-]+\\.php)(/.*)?$~', $path, $match) && is_file(__DIR__ . '/api/' . $match[1])) {
        $_SERVER['SCRIPT_NAME'] = '/api/' . $match[1];
        $_SERVER['SCRIPT_FILENAME'] = __DIR__ . '/api/' . $match[1];
        if (isset($match[2])) { $_SERVER['PATH_INFO'] = $match[2]; }
        require $_SERVER['SCRIPT_FILENAME'];
        return true;
    }
    if ($path === '/' || $path === '/page.php' || str_starts_with($path, '/assets/')) { return false; }
    http_response_code(404);
    echo 'nothing here';`,
  'public/index.php': "<?php echo 'home';",
  'public/page.php': "<?php echo 'page of ', $_SERVER['REQUEST_METHOD'];",
  'public/assets/site.css': 'body { margin: 0 }',
  'public/assets/.secret': 'SECRET',
  'public/assets/source.php.inc': '<?php // SECRET',
  'lib/secret.txt': 'SECRET',
  'api/echo.php': `<?php
    header('Content-Type: application/json');
    echo json_encode(['server' => $_SERVER, 'env' => getenv(), 'get' => $_GET, 'post' => $_POST, 'cookie' => $_COOKIE,
        'files' => array_map(fn ($f) => [$f['name'], $f['size'], is_file($f['tmp_name']) ? md5_file($f['tmp_name']) : null], $_FILES),
        'md5' => md5(file_get_contents('php://input')), 'headers' => count(getallheaders())]);`,
  'api/cookies.php': `<?php http_response_code(418);
    header('Set-Cookie: a=1; Path=/'); header('Set-Cookie: b=2', false); header('X-Quoted: "a\\\\b"'); echo 'teapot';`,
  'api/fatal.php': "<?php throw new RuntimeException('cannot mail anna@example.org');",
  'api/sse.php': `<?php header('Content-Type: text/event-stream');
    for ($i = 0; $i < 3; $i++) { echo "data: $i\\n\\n"; flush(); usleep(250000); }`,
  'api/count.php': `<?php $file = fopen(dirname(__DIR__) . '/var/count', 'c+'); flock($file, LOCK_EX);
    $n = (int) stream_get_contents($file); usleep(5000); rewind($file); fwrite($file, (string) ($n + 1)); fflush($file);
    flock($file, LOCK_UN); echo $n + 1;`,
  'api/session.php': "<?php session_start(); $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1; echo $_SESSION['n'];",
  'api/fetch.php': "<?php echo file_get_contents($_GET['url']);",
  'api/loop.php': '<?php for (;;) { if (false) { break; } }',
  'api/large.php': "<?php for ($i = 0; $i < 32768; $i++) { echo str_repeat('x', 1024); }",
  'api/ok.php': '<?php echo json_encode(["ok" => true]);',
};

const systemPhp = await findSystemPhp();
let root = '';
let secondsOfStart = 0;
const lines: string[] = [];
const started: EmbeddedPhp[] = [];

async function start(options: Partial<EmbeddedPhpOptions> = {}): Promise<EmbeddedPhp> {
  const began = performance.now();
  const php = await startEmbeddedPhp({ root, env: { GREETING: 'hello' }, log: (line) => lines.push(line), ...options });
  started.push(php);
  secondsOfStart = (performance.now() - began) / 1000;
  return php;
}

/** fetch() cleans paths up; a raw request does not. */
async function raw(
  php: EmbeddedPhp,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const sent = get(php.origin, { path, headers });
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const piece of answer.setEncoding('utf8')) text += piece;
  return { status: answer.statusCode ?? 0, text };
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'embedded-php-'));
  for (const [path, text] of Object.entries({ ...pages, 'var/count': '0' })) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  await symlink(join(root, 'lib/secret.txt'), join(root, 'public/assets/link.txt'));
});
afterAll(async () => {
  await Promise.all(started.map((php) => php.stop()));
  await rm(root, { recursive: true, force: true });
});

const kinds: EmbeddedPhpKind[] = systemPhp === undefined ? ['wasm'] : ['wasm', 'system'];

describe.each(kinds)('embedded PHP (%s)', (kind) => {
  let php: EmbeddedPhp;
  beforeAll(async () => {
    process.env['GATEWAY_TEST_SECRET'] = 'not for PHP';
    php = await start({ kind });
  }, 30_000);
  afterAll(async () => {
    await php.stop();
    await expect(fetch(php.origin)).rejects.toThrow();
  });

  it('is PHP 8.2 or newer, answering as soon as it is started, within ten seconds', async () => {
    expect(php).toMatchObject({ kind, version: expect.stringMatching(/^8\.[2-9]\d*\.\d+/) });
    expect((await raw(php, '/')).text).toBe('home');
    expect(secondsOfStart).toBeLessThan(10);
  });

  it('hands over the request target raw and untouched, with PATH_INFO and arrays', async () => {
    const { text } = await raw(php, '/api/echo.php/a%2Fb//c?a[]=1&a[]=2&q=%2F+x', {
      'X-Trace-Id': 't1',
      cookie: 'k=v; l=w',
    });
    const seen = JSON.parse(text);
    expect(seen.server).toMatchObject({
      REQUEST_URI: '/api/echo.php/a%2Fb//c?a[]=1&a[]=2&q=%2F+x',
      QUERY_STRING: 'a[]=1&a[]=2&q=%2F+x',
      SCRIPT_NAME: '/api/echo.php',
      SCRIPT_FILENAME: join(root, 'api/echo.php'),
      PATH_INFO: '/a/b//c',
      REQUEST_METHOD: 'GET',
      HTTP_X_TRACE_ID: 't1',
      REMOTE_ADDR: '127.0.0.1',
    });
    expect(seen.get).toEqual({ a: ['1', '2'], q: '/ x' });
    expect(seen.cookie).toEqual({ k: 'v', l: 'w' });
    expect(seen.server.HTTPS).toBeUndefined();
    expect(seen.headers).toBeGreaterThanOrEqual(4);
  });

  it('gives PHP the environment it was started with, and nothing of the gateway’s', async () => {
    const { env } = JSON.parse((await raw(php, '/api/echo.php')).text);
    expect(env.GREETING).toBe('hello');
    expect(JSON.stringify(env)).not.toContain('not for PHP');
  });

  it('hands over a binary body byte for byte, also when it comes in chunks', async () => {
    const body = randomBytes(300_000);
    const headers = { 'content-type': 'application/octet-stream' };
    const whole = await fetch(`${php.origin}/api/echo.php`, { method: 'POST', body, headers });
    const md5 = createHash('md5').update(body).digest('hex');
    expect(await whole.json()).toMatchObject({
      md5,
      server: { CONTENT_LENGTH: '300000', CONTENT_TYPE: 'application/octet-stream' },
    });
    if (kind === 'system') return; // php -S does not read chunked bodies; the gateway's forwarders send a length.
    const sent = request(`${php.origin}/api/echo.php`, {
      method: 'PUT',
      headers: { ...headers, 'transfer-encoding': 'chunked' },
    });
    sent.write(body.subarray(0, 100_000));
    sent.end(body.subarray(100_000));
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    let text = '';
    for await (const piece of answer) text += String(piece);
    expect(JSON.parse(text)).toMatchObject({ md5, server: { REQUEST_METHOD: 'PUT' } });
  });

  it('parses forms and uploads', async () => {
    const form = await fetch(`${php.origin}/api/echo.php`, {
      method: 'POST',
      body: new URLSearchParams({ 'a[x]': 'é' }),
    });
    expect(await form.json()).toMatchObject({ post: { a: { x: 'é' } } });
    const audio = randomBytes(50_000);
    const parts = new FormData();
    parts.set('title', 'call');
    parts.set('audio', new Blob([audio], { type: 'audio/wav' }), 'a b.wav');
    const seen = await (await fetch(`${php.origin}/api/echo.php`, { method: 'POST', body: parts })).json();
    expect(seen).toMatchObject({
      post: { title: 'call' },
      files: { audio: ['a b.wav', 50_000, createHash('md5').update(audio).digest('hex')] },
    });
  });

  it('keeps status, several cookies and quoted header values', async () => {
    const answer = await fetch(`${php.origin}/api/cookies.php`);
    expect(answer.status).toBe(418);
    expect(answer.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2']);
    expect(answer.headers.get('x-quoted')).toBe('"a\\b"');
    expect(answer.headers.get('x-powered-by')).toBeNull();
  });

  it('answers HEAD without a body', async () => {
    const answer = await fetch(`${php.origin}/api/cookies.php`, { method: 'HEAD' });
    expect([answer.status, await answer.text()]).toEqual([418, '']);
  });

  it('serves public pages and assets with their types', async () => {
    expect((await raw(php, '/page.php?x=1')).text).toBe('page of GET');
    const css = await fetch(`${php.origin}/assets/site.css`);
    expect([css.headers.get('content-type'), await css.text()]).toEqual([
      expect.stringContaining('text/css'),
      'body { margin: 0 }',
    ]);
  });

  it('never serves lib, the router, or a climb out of the public folder', async () => {
    for (const path of [
      '/lib/secret.txt',
      '/router.php',
      '/../lib/secret.txt',
      '/assets/../../lib/secret.txt',
      '/assets/%2e%2e/%2e%2e/lib/secret.txt',
    ]) {
      const { status, text } = await raw(php, path);
      expect([path, status, text.includes('SECRET')]).toEqual([path, 404, false]);
    }
  });

  it('answers 500 to a fatal error, tells the log without the address in it, and goes on', async () => {
    lines.length = 0;
    const { status, text } = await raw(php, '/api/fatal.php');
    expect([status, text]).toEqual([500, '']);
    for (let wait = 0; wait < 50 && !lines.some((line) => line.includes('RuntimeException')); wait += 1)
      await sleep(20);
    expect(lines.join('\n')).toContain('cannot mail [email]');
    expect(lines.join('\n')).not.toMatch(/anna|Accepted|GET /);
    expect((await raw(php, '/api/ok.php')).text).toBe('{"ok":true}');
  });

  it('lets server-sent events out one by one', async () => {
    const answer = await fetch(`${php.origin}/api/sse.php`);
    const times: number[] = [];
    for await (const piece of answer.body ?? [])
      times.push(
        ...String(Buffer.from(piece))
          .split('data:')
          .slice(1)
          .map(() => performance.now()),
      );
    expect(times).toHaveLength(3);
    expect((times[2] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(300);
  });

  it('holds file locks and sessions across workers', async () => {
    await writeFile(join(root, 'var/count'), '0');
    const counted = await Promise.all(
      Array.from({ length: 24 }, async () => Number((await raw(php, '/api/count.php')).text)),
    );
    expect(counted.sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, index) => index + 1));
    const id = randomBytes(16).toString('hex');
    const seen: string[] = [];
    for (let turn = 0; turn < 6; turn += 1)
      seen.push((await raw(php, '/api/session.php', { cookie: `PHPSESSID=${id}` })).text);
    expect(seen).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  it('lets PHP call a server on loopback', async () => {
    const server = createServer((_, response) => response.end('from the stub')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    expect((await raw(php, `/api/fetch.php?url=${encodeURIComponent(`http://127.0.0.1:${port}/`)}`)).text).toBe(
      'from the stub',
    );
    server.close();
  });
});

describe('WebAssembly PHP', () => {
  it('answers 1,000 requests in a row, through a rotation, without one empty', async () => {
    const php = await start({ kind: 'wasm', workers: 1 });
    const answers: string[] = [];
    for (let turn = 0; turn < 1000; turn += 1) answers.push((await raw(php, '/api/ok.php')).text);
    await php.stop();
    expect(answers.filter((text) => text !== '{"ok":true}')).toEqual([]);
  }, 60_000);

  it('sends no dotfile, source or linked file that the router let through', async () => {
    const php = await start({ kind: 'wasm', workers: 1 });
    for (const path of ['/assets/.secret', '/assets/source.php.inc', '/assets/link.txt', '/assets/%00', '/assets/']) {
      expect([path, (await raw(php, path)).status]).toEqual([path, 404]);
    }
    await php.stop();
  });

  it('ends a script that never ends with 504, and answers the next', async () => {
    const php = await start({ kind: 'wasm', workers: 1, limits: { requestTimeoutMs: 400 } });
    expect((await raw(php, '/api/loop.php')).status).toBe(504);
    for (let wait = 0; wait < 20 && (await raw(php, '/api/ok.php')).status !== 200; wait += 1) await sleep(100);
    expect((await raw(php, '/api/ok.php')).text).toBe('{"ok":true}');
    await php.stop();
  });

  it('frees its only worker within two seconds when the client leaves', async () => {
    const php = await start({ kind: 'wasm', workers: 1, limits: { abortGraceMs: 200 } });
    const sent = get(`${php.origin}/api/loop.php`).on('error', () => undefined);
    await sleep(200);
    sent.destroy();
    const left = performance.now();
    expect((await raw(php, '/api/ok.php')).text).toBe('{"ok":true}');
    expect(performance.now() - left).toBeLessThan(2000);
    await php.stop();
  });

  it('answers 413 to a body past its bound, announced or not', async () => {
    const php = await start({ kind: 'wasm', workers: 1, limits: { maxRequestBytes: 1000 } });
    const post = (body: Buffer) => fetch(`${php.origin}/api/echo.php`, { method: 'POST', body });
    expect((await post(Buffer.alloc(1001))).status).toBe(413);
    expect((await post(Buffer.alloc(1000))).status).toBe(200);
    const sent = request(`${php.origin}/api/echo.php`, { method: 'POST', headers: { 'transfer-encoding': 'chunked' } });
    sent.on('error', () => undefined);
    sent.write(Buffer.alloc(2000));
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(413);
    await php.stop();
  });

  it('cuts an answer that the client does not take', async () => {
    const php = await start({ kind: 'wasm', workers: 1, limits: { maxUnsentBytes: 1_000_000 } });
    const sent = get(`${php.origin}/api/large.php`);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    await sleep(500); // not read
    let failed = false;
    try {
      for await (const piece of answer) void piece;
    } catch {
      failed = true;
    }
    expect(failed).toBe(true);
    expect((await raw(php, '/api/ok.php')).text).toBe('{"ok":true}');
    await php.stop();
  });

  it('refuses to start for a folder without a router, and says so', async () => {
    await expect(start({ kind: 'wasm', root: join(root, 'lib') })).rejects.toThrow(/no router\.php/);
  });
});

describeWith('php', 'system PHP', () => {
  it('is started again on the same port when it dies', async () => {
    const php = await start({ kind: 'system' });
    const pid = Number(await listener(php.origin));
    process.kill(pid, 'SIGKILL');
    let text = '';
    for (let wait = 0; wait < 100 && text === ''; wait += 1) {
      await sleep(100);
      if (lines.some((line) => line.includes('ended by itself')))
        text = await raw(php, '/api/ok.php').then(
          (answer) => answer.text,
          () => '',
        );
    }
    expect(text).toBe('{"ok":true}');
    await php.stop();
  }, 20_000);

  it('goes, workers and all, when its parent is killed with -9', async () => {
    const port = await freePort();
    const php = ['php', '-S', `127.0.0.1:${port}`, '-t', root];
    const parent = spawn(process.execPath, [
      '-e',
      `require('child_process').spawn('/bin/sh', ['-c', process.argv[1], 'sh', ...JSON.parse(process.argv[2])],
        { detached: true, stdio: ['pipe', 'ignore', 'ignore'], env: { PATH: process.env.PATH, PHP_CLI_SERVER_WORKERS: '3' } });
       setInterval(() => {}, 1000);`,
      watchdogScript,
      JSON.stringify(php),
    ]);
    expect(await becomes(port, true)).toBe(true);
    parent.kill('SIGKILL');
    expect(await becomes(port, false)).toBe(true);
  }, 20_000);
});

/** The process that leads the group of the PHP server: the first whose command line names the port. */
async function listener(origin: string): Promise<string> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(a) - Number(b));
  for (const pid of pids) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (!command.startsWith('/bin/sh') && command.includes(`\0-S\0${new URL(origin).host}\0`)) return pid;
  }
  throw new Error('no such process');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function becomes(port: number, isUp: boolean): Promise<boolean> {
  for (let wait = 0; wait < 100; wait += 1) {
    const up = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (up === isUp) return true;
    await sleep(50);
  }
  return false;
}

describe('log lines', () => {
  it('lose addresses, telephone numbers and tokens, and keep what explains the fault', () => {
    const line =
      'PHP Warning: no row for anna@example.org +43 660 123 45 67 from 10.1.2.3, Bearer abc.def in /srv/api/x.php on line 12';
    expect(withoutPersonalData(line)).toBe(
      'PHP Warning: no row for [email] [number] from [address], Bearer [secret] in /srv/api/x.php on line 12',
    );
  });
});

const legacy = join(process.cwd(), 'legacy-php');
it('serves the legacy application itself with WebAssembly PHP', async () => {
  const php = await start({ kind: 'wasm', root: legacy, workers: 1, env: {} });
  const { status, text } = await raw(php, '/api/health.php');
  await php.stop();
  expect([status, JSON.parse(text)]).toEqual([200, expect.objectContaining({ ok: true, service: 'donna-api' })]);
});
