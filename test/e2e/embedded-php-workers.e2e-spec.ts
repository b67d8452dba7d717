import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, symlink } from 'node:fs/promises';
import { get, request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { describeWith } from '../setup/parts.js';
import type { EmbeddedPhp } from '../../src/forward/embedded/index.js';
import { watchdogScript } from '../../src/forward/embedded/process-group.js';
import { elapsedMs, FAR_TIME_MS, NOT_WAITED_MS } from '../support/elapsed.js';
import { eventually } from '../support/eventually.js';
import { askPhp, useEmbeddedSite } from '../support/embedded-site.js';
import { findFreePort } from '../support/free-port.mjs';

const { lines, root, start } = useEmbeddedSite();

describe('WebAssembly PHP', () => {
  /** For tests that leave it as they found it: each start costs the better part of a second. */
  let shared: EmbeddedPhp;
  beforeAll(async () => {
    shared = await start({ kind: 'wasm', workers: 1, limits: { maxRequestBytes: 1000, maxUnsentBytes: 1_000_000 } });
  });
  afterAll(() => shared.stop());

  it('answers 1,000 requests in a row, through a rotation, without one empty', async () => {
    const answers: string[] = [];
    for (let turn = 0; turn < 1000; turn += 1) answers.push((await askPhp(shared, '/api/ok.php')).text);
    expect(answers.filter((text) => text !== '{"ok":true}')).toEqual([]);
  }, 60_000);

  it('sends no dotfile, source or linked file that the router let through', async () => {
    for (const path of ['/assets/.secret', '/assets/source.php.inc', '/assets/link.txt', '/assets/%00', '/assets/']) {
      expect([path, (await askPhp(shared, path)).status]).toEqual([path, 404]);
    }
  });

  it('ends a script that never ends with 504, and answers the next', async () => {
    const php = await start({ kind: 'wasm', workers: 1, limits: { requestTimeoutMs: 400 } });
    expect((await askPhp(php, '/api/loop.php')).status).toBe(504);
    await eventually(async () => (await askPhp(php, '/api/ok.php')).status === 200);
    expect((await askPhp(php, '/api/ok.php')).text).toBe('{"ok":true}');
    await php.stop();
  });

  // Some two seconds on a quiet machine: the grace, and the start of another worker.
  it('frees its only worker soon after the client leaves, not when the time of the request is over', async () => {
    const limits = { abortGraceMs: 200, requestTimeoutMs: FAR_TIME_MS };
    const php = await start({ kind: 'wasm', workers: 1, limits });
    await rm(join(root, 'var/loops'), { force: true });
    const sent = get(`${php.origin}/api/loop.php`).on('error', () => undefined);
    await eventually(() => existsSync(join(root, 'var/loops')));
    const took = await elapsedMs(async () => {
      sent.destroy();
      expect((await askPhp(php, '/api/ok.php')).text).toBe('{"ok":true}');
    });
    expect(took).toBeLessThan(NOT_WAITED_MS);
    await php.stop();
  });

  it('answers 413 to a body past its bound, announced or not', async () => {
    const post = (body: Buffer) => fetch(`${shared.origin}/api/echo.php`, { method: 'POST', body });
    expect((await post(Buffer.alloc(1001))).status).toBe(413);
    expect((await post(Buffer.alloc(1000))).status).toBe(200);
    const sent = request(`${shared.origin}/api/echo.php`, {
      method: 'POST',
      headers: { 'transfer-encoding': 'chunked' },
    });
    sent.on('error', () => undefined);
    sent.write(Buffer.alloc(2000));
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(413);
  });

  it('cuts an answer that the client does not take', async () => {
    const sent = get(`${shared.origin}/api/large.php`);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    // Not read; the only worker serves another when it is rid of this one.
    expect((await askPhp(shared, '/api/ok.php')).text).toBe('{"ok":true}');
    let failed = false;
    try {
      for await (const piece of answer) void piece;
    } catch {
      failed = true;
    }
    expect(failed).toBe(true);
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
    await eventually(() => lines.some((line) => line.includes('ended by itself')));
    const ask = (): Promise<string> =>
      askPhp(php, '/api/ok.php').then(
        ({ text }) => text,
        () => '',
      );
    await eventually(async () => (await ask()) === '{"ok":true}');
    await php.stop();
  }, 40_000);

  it('goes, workers and all, when its parent is killed with -9', async () => {
    const port = await findFreePort();
    const php = ['php', '-S', `127.0.0.1:${port}`, '-t', root];
    const parent = spawn(process.execPath, [
      '-e',
      `require('child_process').spawn('/bin/sh', ['-c', process.argv[1], 'sh', ...JSON.parse(process.argv[2])],
        { detached: true, stdio: ['pipe', 'ignore', 'ignore'], env: { PATH: process.env.PATH, PHP_CLI_SERVER_WORKERS: '3' } });
       setInterval(() => {}, 1000);`,
      watchdogScript,
      JSON.stringify(php),
    ]);
    await eventually(() => isUp(port));
    parent.kill('SIGKILL');
    await eventually(async () => !(await isUp(port)));
  }, 40_000);
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

function isUp(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  );
}

const legacy = join(process.cwd(), 'legacy-php');
it('serves the legacy application itself with WebAssembly PHP, also where its folder is a link', async () => {
  const link = join(root, 'linked');
  await symlink(legacy, link);
  const php = await start({ kind: 'wasm', root: link, workers: 1, env: {} });
  const { status, text } = await askPhp(php, '/api/health.php');
  await php.stop();
  expect([status, JSON.parse(text)]).toEqual([200, expect.objectContaining({ ok: true, service: 'donna-api' })]);
});
