import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeAccessToken } from '../../src/auth/index.js';
import { findFreePort } from '../support/free-port.mjs';
import { compileSources } from '../support/gateway-process.js';
import { call } from '../support/http-call.js';
import type { RawUpstream } from '../support/raw-upstream.js';
import { bearer, stagedTable, startPhp, startStaged, whoAnswers } from '../support/staged-site.js';
import { IDENTITY_SECRET, JWT_SECRET, type TestGateway } from '../support/test-gateway.js';

// The embedded database takes seconds to start.
jest.setTimeout(180_000);

const PROJECT = resolve(import.meta.dirname, '../..');

const ADMIN = 'policies: { authorization: admin } }';
/** What the commands ask besides stages. */
const MORE = `
  admin.routes: { match: { path: /admin/api/routes, methods: [GET] }, handler: admin.routes, ${ADMIN}
  admin.match: { match: { path: /admin/api/match, methods: [GET] }, handler: admin.match, ${ADMIN}
  admin.traces: { match: { path: /admin/api/traces, methods: [GET] }, handler: admin.traces, ${ADMIN}
  admin.trace: { match: { path: '/admin/api/traces/{*path}', methods: [GET] }, handler: admin.trace, ${ADMIN}
  admin.experiment: { match: { path: '/admin/api/experiments/{*path}', methods: [GET] }, handler: admin.experiment, ${ADMIN}
  admin.experiment.ignore: { match: { path: '/admin/api/experiments/{*path}', methods: [POST] }, handler: admin.experiment.ignore, ${ADMIN}
  admin.experiment.unignore: { match: { path: '/admin/api/experiments/{*path}', methods: [DELETE] }, handler: admin.experiment.unignore, ${ADMIN}
`;

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe('npm run gateway', () => {
  let php: RawUpstream;
  let gateway: TestGateway;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gateway-cli-'));
    await compileSources(join(PROJECT, 'src'), join(folder, 'dist'));
    copyFileSync(join(PROJECT, 'package.json'), join(folder, 'package.json'));
    symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
    php = await startPhp();
    gateway = await startStaged(php, { routes: stagedTable('stage: proxy', MORE) });
  });
  afterAll(async () => {
    await gateway.stop();
    await php.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = async (
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    meddle: (child: ChildProcess) => void = () => undefined,
  ): Promise<Run> => {
    const child = spawn(process.execPath, [join(folder, 'dist/cli/gateway/gateway-cli.js'), ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'] ?? '',
        NODE_ENV: 'test',
        PORT: String(gateway.port),
        ROUTES_FILE: join(PROJECT, 'routes.yaml'),
        JWT_SECRET,
        GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET,
        ...env,
      },
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    meddle(child);
    const [code] = (await once(child, 'close')) as [number];
    return { code, out, err };
  };

  it('sets, shows and takes back a stage, and tells its history', async () => {
    const set = await run(['stage', 'list', 'canary', '--weight', '100', '--reason', 'first callers']);
    expect(set).toMatchObject({ code: 0, err: '' });
    expect(set.out).toMatch(/^list {2}canary 100 %$/m);
    expect(await whoAnswers(gateway, 'eve')).toBe('native');
    expect((await run(['stages'])).out).toMatch(/^list +canary 100 % +cli:\S+: first callers$/m);
    const shown = await run(['stage', 'list', '--json']);
    expect(JSON.parse(shown.out)).toMatchObject({ effective: { stage: 'canary', weight: 100 } });
    expect((await run(['stage', 'list', '--clear', '--reason', 'done'])).code).toBe(0);
    expect(await whoAnswers(gateway, 'eve')).toBe('php');
    const { out } = await run(['history', 'list']);
    expect(out.trim().split('\n')).toEqual([
      expect.stringMatching(/^\S+Z {2}canary 100 % → proxy \(routes\.yaml\) {2}cli:\S+: done$/),
      expect.stringMatching(/^\S+Z {2}proxy → canary 100 % {2}cli:\S+: first callers$/),
    ]);
    // Not a terminal: no colours.
    expect(`${set.out}${shown.out}${out}`).not.toContain('\u001b');
  });

  it('accepts a difference until a day, explains it, and takes it back', async () => {
    const until = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10);
    const added = await run(['ignore', 'list', '/data/*/at', '--until', until, '--reason', 'clocks']);
    expect(added).toMatchObject({ code: 0, err: '' });
    expect(added.out).toMatch(new RegExp(`^/data/\\*/at {2}until ${until} {2}cli:\\S+: clocks$`, 'm'));
    expect((await run(['explain', 'list'])).out).toMatch(/ignored until \S+: \/data\/\*\/at \(cli:\S+: clocks\)$/m);
    const json = await run(['ignore', 'list', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ ignore: [{ pointer: '/data/*/at', until, isExpired: false }] });
    const wrong = await run(['ignore', 'list', '/*', '--until', until, '--reason', 'all']);
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('covers the whole body') });
    const taken = await run(['ignore', 'list', '/data/*/at', '--remove', '--reason', 'mended']);
    expect(taken.out).toContain('Every difference counts.');
    expect(taken.out).toMatch(/\/data\/\*\/at taken back {2}cli:\S+: mended$/m);
  });

  it('tells the routes, one in full, and which one a request meets', async () => {
    const { out } = await run(['routes']);
    expect(out).toMatch(/^ROUTE +MATCHES +STAGE +ANSWERED BY +WHO MAY +LIMITS$/m);
    expect(out).toMatch(/^list +GET \/api\/list\.php +proxy +php +jwt +1000000 in 60 s per identity$/m);
    expect(out).toMatch(/^native +GET \/api\/native +- +test\.candidate +jwt/m);
    expect((await run(['routes', 'admin.stage.set'])).out).toMatch(/^ {4}input +admin\.stage\.set$/m);
    const met = await run(['routes', '--match', 'POST /api//Actions.php?action=one']);
    expect(met.out).toContain('POST /api//Actions.php?action=one → action.one\n  read as /api/actions.php\n');
    expect(met.out).toContain('the body may name an action');
    expect(met.out).toMatch(/^ {4}identity +jwt$/m);
    const json = await run(['routes', '--match', '/api/actions.php?action=two', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({
      kind: 'route',
      route: 'action.rest',
      inFull: { route: 'action.rest' },
    });
    expect(await run(['routes', '--match', '/nothing'])).toMatchObject({
      code: 1,
      out: expect.stringContaining('404'),
    });
    for (const [method, target, found] of [
      ['GET', '/api/list.php/../../..', { kind: 'refused' }],
      ['GET', '/api/actions.php?action=ONE', { kind: 'refused', reason: expect.stringContaining('exact spelling') }],
      ['GET', '/api/actions.php?action[]=one', { kind: 'refused', reason: expect.stringContaining('single text') }],
      ['DELETE', '/api/list.php', { kind: 'method-not-allowed', allow: expect.stringContaining('POST') }],
    ] as const) {
      const query = new URLSearchParams({ method, target }).toString();
      const answer = await call(gateway.url, `/admin/api/match?${query}`, { headers: bearer('boss', ['admin']) });
      expect(answer.json()).toMatchObject({ data: { method, target, ...found } });
    }
    expect(await run(['routes', 'lst'])).toMatchObject({ code: 1, err: expect.stringContaining('did you mean list?') });
    expect((await run(['stage', 'lst'])).err).toContain('did you mean list?');
  });

  it('shows the way of a request by the trace id of its answer', async () => {
    const answer = await call(gateway.url, '/api/list.php', { headers: bearer('eve') });
    const id = String(answer.headers['x-trace-id']);
    const { code, out } = await run(['trace', id]);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^${id}\\n\\nGET list {2}200 {2}[\\d.]+ ms {2}`));
    expect(out).toMatch(/^ {2,}\S.* +#+ +[\d.]+ ms/m);
    expect((await run(['trace'])).out).toContain(id);
    expect((await run(['trace', '0'.repeat(32)])).code).toBe(1);
  });

  it('prints a token to try things with, and none where people work', async () => {
    const { code, out } = await run(['token', '--sub', 'eve', '--ttl', '60']);
    expect(code).toBe(0);
    const headers = { Authorization: `Bearer ${out.trim()}` };
    expect((await call(gateway.url, '/api/list.php', { headers })).status).toBe(200);
    expect((await call(gateway.url, '/admin/api/stages', { headers })).status).toBe(403);
    const json = JSON.parse((await run(['token', '--role', 'admin', '--json'])).out) as { access_token: string };
    const admin = { Authorization: `Bearer ${json.access_token}` };
    expect((await call(gateway.url, '/admin/api/stages', { headers: admin })).status).toBe(200);
    const settings = {
      ALLOWED_ORIGINS: 'https://app.example',
      REMOTE_PHP_BASE: 'http://127.0.0.1:9',
      DATABASE_URL: 'postgres://127.0.0.1:9/none',
    };
    for (const NODE_ENV of ['production', 'preview']) {
      const refused = await run(['token'], { NODE_ENV, ...settings });
      expect(refused).toMatchObject({ code: 77, out: '' });
      expect(refused.err).toContain(`No token is printed in ${NODE_ENV}`);
    }
  });

  it('is the doctor too, and has colours where they are asked for', async () => {
    const doctor = await run(['doctor', '--json', '--port', 'many']);
    expect(doctor.code).toBe(78);
    expect(JSON.parse(doctor.out)).toMatchObject({ healthy: false });
    expect((await run(['stages'], { FORCE_COLOR: '1' })).out).toContain('\u001b[');
    expect((await run(['stages'], { FORCE_COLOR: '1', NO_COLOR: '1' })).out).toContain('list');
    expect((await run(['stages'], { NO_COLOR: '1' })).out).not.toContain('\u001b');
  });

  it('says in a line that an answer is none of a gateway, whatever was asked, and is quiet when nobody reads on', async () => {
    const other = createServer((_req, res) => {
      res.setHeader('Content-Type', 'application/json');
      res.end('{"success":true,"data":null,"idleOverrides":"none"}');
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const base = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    try {
      const lines = [
        ['routes', '--match', '/x'],
        ['migrate', 'all'],
        ['cleanup', '--status'],
        ['mail', '--json'],
      ];
      for (const { code, out, err } of await Promise.all(lines.map((line) => run([...line, '--base', base]))))
        expect([code, out, err]).toEqual([
          1,
          '',
          `${base} does not answer as a Donna Gateway of this release: check --base\n`,
        ]);
    } finally {
      other.closeAllConnections();
      other.close();
    }
    expect(await run(['--help'], {}, (child) => child.stdout?.destroy())).toMatchObject({ code: 0, err: '' });
  });

  it('says what a refusal is about, and ends with 1', async () => {
    const impossible = await run(['stage', 'native', 'proxy', '--reason', 'because']);
    expect(impossible.code).toBe(1);
    expect(impossible.err).toContain('stage: proxy needs an upstream');
    const unknown = await run(['stage', 'nobody']);
    expect(unknown.code).toBe(1);
    expect(unknown.err).toContain('npm run gateway -- stages --all');
  });

  it('ends with 77 when its token is not taken or not an administrator’s', async () => {
    const other = await run(['stages'], { JWT_SECRET: 'another-secret-of-tokens-0123456789abcdef' });
    expect(other.code).toBe(77);
    expect(other.err).toContain('JWT_SECRET');
    const file = join(folder, 'token');
    writeFileSync(file, `${makeAccessToken(JWT_SECRET, { subject: 'eve', roles: ['user'], lifeS: 60 })}\n`);
    const user = await run(['stages', '--base', gateway.url, '--token-file', file]);
    expect(user.code).toBe(77);
    expect(user.err).toContain('role admin');
  });

  it('ends with 69 when nobody answers, with 64 when it does not understand, and never shows a secret', async () => {
    const dead = await run(['stages', '--base', `http://127.0.0.1:${await findFreePort()}`]);
    expect(dead.code).toBe(69);
    expect(dead.err).toContain('--base');
    const php404 = await run(['stages', '--base', php.origin]);
    expect(php404.code).toBe(1);
    const wrong = await run(['stage', 'list', 'proxy']);
    expect(wrong.code).toBe(64);
    expect(wrong.err).toContain('--reason');
    const bad = await run(['stages'], { PORT: 'many' });
    expect(bad.code).toBe(78);
    expect((await run(['--help'])).out).toContain('npm run gateway -- stages');
    for (const { out, err } of [dead, php404, wrong, bad]) expect(out + err).not.toContain(JWT_SECRET);
  });

  describe('against a gateway that means ill', () => {
    const ESC = '\u001b]0;owned\u0007\u009b31m\u202e';
    let answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.end();
    let seen: string[] = [];
    const hostile = createServer((request, response) => {
      seen.push(`${request.url ?? ''} ${request.headers.authorization === undefined ? 'bare' : 'token'}`);
      answer(request, response);
    });
    let base = '';
    beforeAll(async () => {
      await once(hostile.listen(0, '127.0.0.1'), 'listening');
      base = `http://127.0.0.1:${(hostile.address() as AddressInfo).port}`;
    });
    afterAll(() => {
      hostile.closeAllConnections();
      hostile.close();
    });
    const runAgainst = (args: readonly string[], ...said: readonly unknown[]): Promise<Run> => {
      const left = [...said];
      seen = [];
      answer = (_, response) =>
        response.end(JSON.stringify({ success: true, data: left.length > 1 ? left.shift() : left[0] }));
      return run([...args, '--base', base]);
    };
    const isPlain = ({ out, err }: Run): boolean => !/[\p{Cf}\p{Cc}]/u.test((out + err).replaceAll('\n', ''));

    it('nothing that it says steers the terminal, as JSON neither', async () => {
      const change = { at: ESC, by: ESC, reason: `a${ESC}`, from: { stage: ESC }, to: { stage: ESC } };
      const [table, json, strange] = [
        await runAgainst(['history', 'list'], [change]),
        await runAgainst(['history', 'list', '--json'], [change]),
        await runAgainst(['stage', 'list'], { route: { toString: ESC } }),
      ];
      expect([table, json, strange].map(isPlain)).toEqual([true, true, true]);
      expect(JSON.parse(json.out)).toEqual([change]);
      expect(strange).toMatchObject({ code: 1, err: expect.stringContaining('check --base') });
    });

    it('a fixture that is none is neither written nor shown as it is', async () => {
      const recording = { startedAt: 'now', endsAt: ESC, ended: null, settings: { routes: [] }, skipped: {} };
      const shown = { environment: 'test', recording };
      const text = JSON.stringify({ fixture: 1, request: { target: '/', method: 'GET', headers: { [ESC]: 1 } } });
      const page = { files: [{ name: 'list/0001-get-200.json', text }], next: 1 };
      const ended = await runAgainst(['record', 'list', '--out', 'ill'], shown, shown, page);
      expect(ended).toMatchObject({ code: 1, err: expect.stringContaining('must be text') });
      expect(isPlain(ended)).toBe(true);
      expect(existsSync(join(folder, 'ill/list'))).toBe(false);
    });

    it('its fixtures have an end', async () => {
      const shown = { environment: 'test', recording: { startedAt: 'now', ended: null } };
      const circle = await runAgainst(['record', 'list', '--out', 'ill'], shown, shown, {
        files: [{ name: 'x', text: '' }],
        next: 0,
      });
      expect(circle.code).toBe(1);
      const many = { files: Array.from({ length: 2001 }, () => ({ name: 'x', text: '' })), next: 2001 };
      const flood = await runAgainst(['record', 'list', '--out', 'ill'], shown, shown, many);
      expect(flood).toMatchObject({ code: 1, err: expect.stringContaining('2000 fixtures') });
    });

    it('its answer has an end', async () => {
      let isCut = false;
      answer = (_, response) => {
        response.once('close', () => (isCut = true));
        const chunk = Buffer.alloc(1 << 20, ' ');
        const push = (): void => {
          while (!response.destroyed && response.write(chunk));
        };
        response.on('drain', push);
        push();
      };
      const endless = await run(['stages', '--base', base]);
      expect(endless).toMatchObject({ code: 1, err: expect.stringContaining('16 MiB') });
      expect(isCut).toBe(true);
    });

    it('its redirection is not followed, with the token or without', async () => {
      seen = [];
      answer = (_, response) => response.writeHead(307, { Location: `${base}/elsewhere` }).end();
      expect((await run(['stages', '--base', base])).code).toBe(69);
      expect(seen).toEqual(['/admin/api/stages token']);
    });
  });
});
