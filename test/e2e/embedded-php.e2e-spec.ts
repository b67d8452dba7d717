import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { findSystemPhp } from '../../src/forward/embedded/find-system-php.js';
import type { EmbeddedPhp, EmbeddedPhpKind } from '../../src/forward/embedded/index.js';
import { withoutPersonalData } from '../../src/forward/embedded/php-log-lines.js';
import { elapsedMs } from '../support/elapsed.js';
import { eventually } from '../support/eventually.js';
import { holdsOnce } from '../support/holds-once.js';
import { askPhp, useEmbeddedSite } from '../support/embedded-site.js';

const systemPhp = await findSystemPhp();
const { lines, root, start } = useEmbeddedSite();
const kinds: EmbeddedPhpKind[] = systemPhp === undefined ? ['wasm'] : ['wasm', 'system'];

describe.each(kinds)('embedded PHP (%s)', (kind) => {
  let php: EmbeddedPhp;
  let startMs = 0;
  beforeAll(async () => {
    process.env['GATEWAY_TEST_SECRET'] = 'not for PHP';
    startMs = await elapsedMs(async () => (php = await start({ kind })));
  }, 60_000);
  afterAll(async () => {
    await php.stop();
    await expect(fetch(php.origin)).rejects.toThrow();
  });

  it('is PHP 8.2 or newer, answering as soon as it is started, within ten seconds', async () => {
    expect(php).toMatchObject({ kind, version: expect.stringMatching(/^8\.[2-9]\d*\.\d+/) });
    expect((await askPhp(php, '/')).text).toBe('home');
    await holdsOnce(async (run) => {
      if (run > 1) startMs = await elapsedMs(async () => (await start({ kind })).stop());
      expect(startMs).toBeLessThan(10_000);
    });
  });

  it('hands over the request target raw and untouched, with PATH_INFO and arrays', async () => {
    const { text } = await askPhp(php, '/api/echo.php/a%2Fb//c?a[]=1&a[]=2&q=%2F+x', {
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
    const { env } = JSON.parse((await askPhp(php, '/api/echo.php')).text);
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
    expect((await askPhp(php, '/page.php?x=1')).text).toBe('page of GET');
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
      const { status, text } = await askPhp(php, path);
      expect([path, status, text.includes('SECRET')]).toEqual([path, 404, false]);
    }
  });

  it('answers 500 to a fatal error, tells the log without the address in it, and goes on', async () => {
    lines.length = 0;
    const { status, text } = await askPhp(php, '/api/fatal.php');
    expect([status, text]).toEqual([500, '']);
    await eventually(() => lines.some((line) => line.includes('RuntimeException')));
    expect(lines.join('\n')).toMatch(/Uncaught RuntimeException: \[\d+ characters\] in .*fatal\.php/);
    expect(lines.join('\n')).not.toMatch(/anna|Accepted|GET /);
    expect((await askPhp(php, '/api/ok.php')).text).toBe('{"ok":true}');
  });

  it('lets server-sent events out one by one', async () => {
    // PHP sends the next when the one before was heard: kept back by anybody, none would come.
    const answer = await fetch(`${php.origin}/api/sse.php?heard=${kind}`);
    let text = '';
    for await (const piece of answer.body ?? []) {
      text += String(Buffer.from(piece));
      await writeFile(join(root, 'var', `${kind}-${text.split('data:').length - 2}`), '');
    }
    expect(text).toBe('data: 0\n\ndata: 1\n\ndata: 2\n\n');
  });

  it('holds file locks and sessions across workers', async () => {
    await writeFile(join(root, 'var/count'), '0');
    const counted = await Promise.all(
      Array.from({ length: 24 }, async () => Number((await askPhp(php, '/api/count.php')).text)),
    );
    expect(counted.sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, index) => index + 1));
    const id = randomBytes(16).toString('hex');
    const seen: string[] = [];
    for (let turn = 0; turn < 6; turn += 1)
      seen.push((await askPhp(php, '/api/session.php', { cookie: `PHPSESSID=${id}` })).text);
    expect(seen).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  it('lets PHP call a server on loopback', async () => {
    const server = createServer((_, response) => response.end('from the stub')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    expect((await askPhp(php, `/api/fetch.php?url=${encodeURIComponent(`http://127.0.0.1:${port}/`)}`)).text).toBe(
      'from the stub',
    );
    server.close();
  });
});

describe('log lines', () => {
  it('lose addresses, telephone numbers and tokens, and keep what explains the fault', () => {
    const place = 'in /srv/api/x.php on line 12';
    const address = 'anna@example.org +43 660 123 45 67 from 10.1.2.3, Bearer abc.def';
    expect(withoutPersonalData(`PHP Warning:  no row for ${address} ${place}`)).toBe(
      `PHP Warning: [${`no row for ${address}`.length} characters] in /srv/api/x.php:12`,
    );
    expect(withoutPersonalData(`PHP Warning:  Undefined array key "${address}" ${place}`)).toBe(
      'PHP Warning: Undefined array key in /srv/api/x.php:12',
    );
    const fields = {
      level: 'warn',
      time: '2026-11-23T16:14:10Z',
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      why: address,
    };
    const line = withoutPersonalData(JSON.stringify(fields));
    expect(JSON.parse(line)).toEqual({ ...fields, why: '[email] [phone] from [address], Bearer [secret]' });
  });
});
