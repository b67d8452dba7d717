import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Module, Req } from '@nestjs/common';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EnvelopeFields } from '../../src/contract/index.js';
import { NativeHandler } from '../../src/routing/index.js';
import { eventually } from '../support/eventually.js';
import { findFreePort } from '../support/free-port.mjs';
import { compileSources } from '../support/gateway-process.js';
import { call, type CallAnswer, multipart } from '../support/http-call.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { bearer } from '../support/staged-site.js';
import { IDENTITY_SECRET, JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

jest.setTimeout(120_000);

const PROJECT = resolve(import.meta.dirname, '../..');
const PHP_LETTER = {
  success: true,
  data: { id: 'mail-001', title: 'A letter of Alice Smith', status: 'open', count: 2 },
};

/** What the native twin answers next. */
const twin = { letter: PHP_LETTER as object };

@Controller()
class LetterController {
  @NativeHandler('test.letter')
  show(@Req() req: IncomingMessage): EnvelopeFields {
    return new EnvelopeFields({ ...twin.letter, ...(req.method === 'POST' ? { kind: 'natively' } : {}) });
  }
}

@Module({ controllers: [LetterController] })
class LetterModule {}

const TABLE = `
upstreams: { php: { targets: ['\${REMOTE_PHP_BASE}'] } }
policies:
  authorization: { public: {}, user: { anyOf: [jwt] }, admin: { anyOf: [jwt], roles: [admin] } }
  rateLimit: { many: { limit: 1000000, windowS: 60, per: ip } }
defaults: { timeoutMs: 10000, rateLimit: [many] }
routes:
  letter: { match: { path: /api/letter.php, methods: [GET] }, upstream: php, handler: test.letter, policies: { authorization: user } }
  letter.write: { match: { path: /api/letter.php, methods: [POST] }, upstream: php, handler: test.letter, policies: { authorization: user } }
  kept: { match: { path: /api/kept.php, methods: [GET, POST] }, upstream: php, handler: test.letter, stage: replaced, policies: { authorization: user } }
  only: { match: { path: /api/only.php }, upstream: php, policies: { authorization: public, answers: any } }
  native: { match: { path: /api/native, methods: [GET] }, handler: test.letter, policies: { authorization: user } }
  admin.stages: { match: { path: /admin/api/stages, methods: [GET] }, handler: admin.stages, policies: { authorization: admin } }
  admin.recording: { match: { path: /admin/api/recording, methods: [GET] }, handler: admin.recording, policies: { authorization: admin } }
  admin.recording.start: { match: { path: /admin/api/recording, methods: [POST] }, handler: admin.recording.start, policies: { authorization: admin, input: admin.recording.start, unknownFields: refuse } }
  admin.recording.stop: { match: { path: /admin/api/recording, methods: [DELETE] }, handler: admin.recording.stop, policies: { authorization: admin } }
  admin.recording.part: { match: { path: '/admin/api/recording/{*path}', methods: [GET] }, handler: admin.recording.part, policies: { authorization: admin } }
`;

interface Status {
  readonly recording: {
    readonly fixtures: number;
    readonly bytes: number;
    readonly ended: string | null;
    readonly skipped: Readonly<Record<string, number>>;
  } | null;
}

/** Who waits for PHP until it is let go. */
const held = new Set<{ write(text: string): unknown }>();
const release = (): void => {
  for (const socket of held) socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, '{"success":true}'));
  held.clear();
};

let php: RawUpstream;
let gateway: TestGateway;
beforeAll(async () => {
  php = await startRawUpstream((socket, head) => {
    if (head.includes('/api/letter.php?held')) {
      held.add(socket);
      return;
    }
    const isText = head.includes('/api/only.php/text');
    const text = isText ? '<p>Alice Smith</p>' : JSON.stringify(PHP_LETTER);
    socket.write(httpAnswer(200, { 'Content-Type': isText ? 'text/html' : 'application/json' }, text));
  });
  gateway = await startTestGateway({ routes: TABLE, phpTargets: [php.origin], features: [LetterModule] });
});
afterAll(async () => {
  await gateway.stop();
  await php.stop();
});

const admin = (method: string, path = '', body?: object, headers = bearer('boss', ['admin'])): Promise<CallAnswer> =>
  call(gateway.url, `/admin/api/recording${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const dataOf = (answer: CallAnswer): Status => (answer.json() as { data: Status }).data;
const status = async (): Promise<Status> => dataOf(await admin('GET'));
const letter = (headers: Record<string, string> = {}, method = 'GET'): Promise<CallAnswer> =>
  call(gateway.url, '/api/letter.php', { method, headers: { ...bearer('eve'), ...headers } });
const files = async (): Promise<readonly { name: string; text: string }[]> =>
  ((await admin('GET', '/fixtures/0')).json() as { data: { files: { name: string; text: string }[] } }).data.files;
const stop = (): Promise<CallAnswer> => admin('DELETE');

describe('a recording', () => {
  it('is for administrators alone', async () => {
    for (const [headers, expected] of [
      [{}, 401],
      [bearer('eve'), 403],
    ] as const) {
      expect((await admin('GET', '', undefined, headers)).status).toBe(expected);
      expect((await admin('POST', '', { routes: ['letter'] }, headers)).status).toBe(expected);
      expect((await admin('DELETE', '', undefined, headers)).status).toBe(expected);
      expect((await admin('GET', '/fixtures/0', undefined, headers)).status).toBe(expected);
      expect((await admin('GET', '/routes/letter', undefined, headers)).status).toBe(expected);
    }
    expect(await status()).toMatchObject({ recording: null });
  });

  it.each([
    [{}, 422],
    [{ routes: [] }, 422],
    [{ routes: ['nobody'] }, 404],
    // PHP does not answer it.
    [{ routes: ['native'] }, 422],
    [{ routes: ['letter'], maxFixtures: 1e9 }, 422],
    [{ routes: ['letter'], seconds: 1e9 }, 422],
    [{ routes: ['letter'], maxBytes: 1e12 }, 422],
    [{ routes: ['letter'], sample: 0 }, 422],
    [{ routes: ['letter'], keep: ['../x'] }, 422],
    [{ routes: ['letter'], redact: false }, 422],
  ])('is not begun with %j', async (body, expected) => {
    expect((await admin('POST', '', body)).status).toBe(expected);
    expect(await status()).toMatchObject({ recording: null });
  });

  it('keeps what was asked and answered, redacted, and tells the log without a word of it', async () => {
    const lines: string[] = [];
    const info = jest
      .spyOn(gateway.logger, 'info')
      .mockImplementation((...args: unknown[]) => void lines.push(JSON.stringify(args)));
    expect((await admin('POST', '', { routes: ['letter'] })).status).toBe(200);
    expect((await admin('POST', '', { routes: ['letter'] })).status).toBe(400);
    await letter();
    await call(gateway.url, '/api/letter.php?q=Alice&limit=2', { headers: bearer('Alice-Smith') });
    await call(gateway.url, '/api/letter.php');
    await call(gateway.url, '/api/only.php');
    await eventually(async () => (await status()).recording?.fixtures === 3);
    expect(dataOf(await stop()).recording).toMatchObject({ ended: 'asked', fixtures: 3 });
    info.mockRestore();
    const [first, second, third] = (await files()).map(({ text }) => JSON.parse(text) as Record<string, unknown>);
    expect(first).toMatchObject({
      caller: 'user:1',
      request: { method: 'GET', target: '/api/letter.php' },
      answer: { body: { json: { data: { id: '{{id:1}}', status: 'open', count: 2 } } } },
    });
    expect(second).toMatchObject({ caller: 'user:2', request: { target: '/api/letter.php?q=word1&limit=2' } });
    expect(third).toMatchObject({ caller: 'anonymous', answer: { status: 401 } });
    expect(JSON.stringify(await files())).not.toMatch(/alice|smith|eve|bearer ey/i);
    const told = lines.filter((line) => line.includes('recording '));
    expect(told).toEqual([expect.stringContaining('recording started'), expect.stringContaining('"reason":"asked"')]);
    expect(told.join('')).not.toMatch(/alice|smith|mail-001/i);
  });

  it('ends by itself at each of its bounds, and keeps nothing beyond it', async () => {
    await admin('POST', '', { routes: ['letter'], maxFixtures: 2 });
    for (let i = 0; i < 5; i++) await letter();
    await eventually(async () => (await status()).recording?.ended === 'count');
    expect(await files()).toHaveLength(2);
    await admin('POST', '', { routes: ['letter'], maxBytes: 2000 });
    for (let i = 0; i < 5; i++) await letter();
    await eventually(async () => (await status()).recording?.ended === 'bytes');
    expect((await status()).recording?.bytes).toBeLessThanOrEqual(2000);
    await admin('POST', '', { routes: ['letter'], seconds: 1 });
    await eventually(async () => (await status()).recording?.ended === 'time');
    await letter();
    expect((await status()).recording?.fixtures).toBe(0);
  });

  it('holds no more exchanges at a time than it has room for, and all are served', async () => {
    await admin('POST', '', { routes: ['letter'] });
    const ask = (): Promise<CallAnswer> => call(gateway.url, '/api/letter.php?held', { headers: bearer('eve') });
    const statuses: number[] = [];
    for (let i = 0; i < 40; i++) void ask().then((answer) => statuses.push(answer.status));
    await eventually(async () => (await status()).recording?.skipped['busy'] === 8);
    await eventually(async () => {
      release();
      return statuses.length === 40 && (await status()).recording?.fixtures === 32;
    });
    expect(new Set(statuses)).toEqual(new Set([200]));
    await stop();
    // Its places are free again.
    await admin('POST', '', { routes: ['letter'] });
    await letter();
    await eventually(async () => (await status()).recording?.fixtures === 1);
    await stop();
  });

  it('keeps of a file its type and length, and says that it cannot be sent again', async () => {
    await admin('POST', '', { routes: ['only'] });
    const { type, body } = multipart(
      [['name', 'Alice Smith']],
      [['audio', 'alice.wav', 'audio/wav', Buffer.from('Alice')]],
    );
    const answer = await call(gateway.url, '/api/only.php', {
      method: 'POST',
      headers: { 'Content-Type': type },
      body,
    });
    expect(answer.status).toBe(200);
    await call(gateway.url, '/api/only.php/text');
    await eventually(async () => (await status()).recording?.fixtures === 2);
    await stop();
    const texts = (await files()).map(({ text }) => text);
    expect(JSON.parse(texts[0] ?? '')).toMatchObject({
      request: {
        notReplayable: expect.stringContaining('file'),
        headers: { 'content-type': 'multipart/form-data' },
        body: { bytes: { length: body.length, hash: expect.stringMatching(/^[0-9a-f]{16}$/) } },
      },
    });
    expect(JSON.parse(texts[1] ?? '')).toMatchObject({ answer: { body: { bytes: { length: 18 } } } });
    expect(texts.join('')).not.toMatch(/alice|smith/i);
  });

  it('changes no byte of what passes: large bodies, chunked ones, slow clients', async () => {
    await admin('POST', '', { routes: ['only'] });
    const body = Buffer.alloc(300_000, 'abc');
    const before = php.requests.length;
    const sent = await call(gateway.url, '/api/only.php', {
      method: 'POST',
      body,
      isChunked: true,
      headers: { 'Content-Type': 'text/plain' },
    });
    expect(sent.json()).toMatchObject(PHP_LETTER);
    expect(php.requests).toHaveLength(before + 1);
    await eventually(async () => (await status()).recording?.fixtures === 1);
    await stop();
    expect((await files())[0]?.text).toContain('"length": 300000');
  });
});

describe('the choice of an arm', () => {
  const native = { 'X-Donna-Arm': 'native' };
  const from = (answer: CallAnswer): unknown => answer.headers['x-donna-arm'];

  it('is an administrator’s, by the caller’s own right or by a second token, and is noted with who made it', async () => {
    twin.letter = { ...PHP_LETTER, by: 'node' };
    const lines: unknown[] = [];
    const info = jest.spyOn(gateway.logger, 'info').mockImplementation((line: unknown) => void lines.push(line));
    const own = await letter({ ...bearer('boss', ['admin']), ...native });
    expect([own.status, from(own), own.json()]).toEqual([200, 'native', expect.objectContaining({ by: 'node' })]);
    const authority = { 'X-Donna-Arm-Authorization': bearer('boss', ['admin'])['Authorization'] ?? '' };
    const second = await letter({ ...native, ...authority });
    expect([from(second), second.json()]).toEqual(['native', expect.objectContaining({ by: 'node' })]);
    const toPhp = await letter({ 'X-Donna-Arm': 'php', ...authority });
    expect([from(toPhp), toPhp.json()]).toEqual(['php', expect.not.objectContaining({ by: 'node' })]);
    await eventually(() => lines.length === 3);
    info.mockRestore();
    expect(lines).toEqual([
      expect.objectContaining({ route: 'letter', chosenArm: 'native', chosenBy: 'boss' }),
      expect.objectContaining({ chosenArm: 'native', chosenBy: 'boss' }),
      expect.objectContaining({ chosenArm: 'php', chosenBy: 'boss' }),
    ]);
    twin.letter = PHP_LETTER;
  });

  it.each([
    ['an ordinary user', native],
    [
      'a user with a user’s token besides',
      { ...native, 'X-Donna-Arm-Authorization': bearer('bob')['Authorization'] ?? '' },
    ],
    ['a token of nobody', { ...native, 'X-Donna-Arm-Authorization': 'Bearer a.b.c' }],
    [
      'an administrator’s token without its scheme',
      { ...native, 'X-Donna-Arm-Authorization': (bearer('boss', ['admin'])['Authorization'] ?? '').slice(7) },
    ],
    ['a huge token', { ...native, 'X-Donna-Arm-Authorization': `Bearer ${'a'.repeat(9000)}` }],
    ['two arms', { 'X-Donna-Arm': 'native, native' }],
    ['another arm', { ...bearer('boss', ['admin']), 'X-Donna-Arm': 'constructor' }],
  ])('is not given to %s: PHP answers as the stage says, and sees nothing of it', async (_who, headers) => {
    twin.letter = { by: 'node' };
    const before = php.requests.length;
    const answer = await letter(headers);
    expect([answer.status, from(answer)]).toEqual([200, undefined]);
    expect(answer.json()).not.toHaveProperty('by');
    expect(php.requests.slice(before).join('')).not.toMatch(/x-donna-arm/i);
    twin.letter = PHP_LETTER;
  });

  it('is never told to PHP when it is given either, nor taken where there is one arm', async () => {
    const before = php.requests.length;
    const headers = { ...bearer('boss', ['admin']), 'X-Donna-Arm': 'php' };
    expect(from(await letter(headers))).toBe('php');
    const only = await call(gateway.url, '/api/only.php', { headers: { ...headers, 'X-Donna-Arm': 'native' } });
    expect([only.status, from(only)]).toEqual([200, undefined]);
    expect(php.requests.slice(before).join('')).not.toMatch(/x-donna-arm/i);
  });

  it('lets PHP read on a replaced route, but not write what nobody would look for', async () => {
    const headers = { ...bearer('boss', ['admin']), 'X-Donna-Arm': 'php' };
    expect(from(await call(gateway.url, '/api/kept.php', { headers }))).toBe('php');
    const before = php.requests.length;
    const answer = await call(gateway.url, '/api/kept.php', { method: 'POST', headers });
    expect([answer.status, answer.json()]).toEqual([
      400,
      expect.objectContaining({ errorCode: 'BAD_REQUEST', error: expect.stringContaining('is replaced') }),
    ]);
    expect(php.requests).toHaveLength(before);
    const natively = await call(gateway.url, '/api/kept.php', {
      method: 'POST',
      headers: { ...headers, 'X-Donna-Arm': 'native' },
    });
    expect([natively.status, from(natively)]).toEqual([200, 'native']);
  });

  it('leads no one past the policies of a route', async () => {
    const headers = { ...native, 'X-Donna-Arm-Authorization': bearer('boss', ['admin'])['Authorization'] ?? '' };
    expect((await call(gateway.url, '/api/letter.php', { headers })).status).toBe(401);
  });
});

describe('npm run gateway -- record and replay', () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'record-cli-'));
    await compileSources(join(PROJECT, 'src'), join(folder, 'dist'));
    copyFileSync(join(PROJECT, 'package.json'), join(folder, 'package.json'));
    symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
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
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
    return { child, done: once(child, 'close').then(([code]) => ({ code: code as number, ...said })) };
  };
  const isRecording = async (): Promise<boolean> => (await status()).recording?.ended === null;

  it('record writes the fixtures as they come, and ends with the recording or at Ctrl-C', async () => {
    const bounded = run(['record', 'letter', '--max', '1', '--out', 'one']);
    await eventually(isRecording);
    await letter();
    expect(await bounded.done).toMatchObject({ code: 0, out: expect.stringContaining('1 fixtures') });
    expect(readdirSync(join(folder, 'one/letter'))).toEqual(['0001-get-200.json']);
    // Two recordings do not go together.
    expect(await run(['record', 'letter', '--out', 'one']).done).toMatchObject({
      code: 64,
      err: expect.stringContaining('--replace'),
    });
    const broken = run(['record', 'letter', 'letter.write', '--out', 'two']);
    await eventually(isRecording);
    await letter();
    await letter({}, 'POST');
    await eventually(async () => (await status()).recording?.fixtures === 2);
    broken.child.kill('SIGINT');
    expect((await broken.done).code).toBe(0);
    expect(await isRecording()).toBe(false);
    expect(readdirSync(join(folder, 'two/letter.write'))).toEqual(['0002-post-200.json']);
    expect(readFileSync(join(folder, 'two/letter/0001-get-200.json'), 'utf8')).not.toMatch(/alice|smith/i);
  });

  it('replay compares with either arm or another address: 0 for parity, 1 with the field that differs', async () => {
    const same = await run(['replay', '--fixtures', 'two', '--against', 'native']).done;
    expect(same).toMatchObject({ code: 0, err: '' });
    expect(same.out).toContain('1 of 1 match');
    expect(same.out).toContain('1: it writes: see --writes');
    twin.letter = { ...PHP_LETTER, data: { ...PHP_LETTER.data, count: 3, title: 'A letter of Bobby Brown!' } };
    const other = await run(['replay', 'letter', '--fixtures', 'two', '--against', 'native']).done;
    twin.letter = PHP_LETTER;
    expect(other.code).toBe(1);
    expect(other.out).toContain('/data/count value (1): recorded 2, answered 3');
    expect(other.out).toContain('/data/title value (1): recorded text 1');
    expect(other.out).not.toMatch(/bobby|brown/i);
    const asJson = await run(['replay', '--fixtures', 'two', '--against', 'php', '--writes', '--json']).done;
    expect(asJson.code).toBe(0);
    expect(JSON.parse(asJson.out)).toMatchObject({
      isParity: true,
      routes: [
        { route: 'letter', match: 1, statuses: [200], missingStatuses: [401] },
        { route: 'letter.write', match: 1 },
      ],
    });
    // A write's answer of the handler has a field more.
    expect((await run(['replay', '--fixtures', 'two', '--against', 'native', '--writes']).done).out).toContain(
      '/kind extra',
    );
    expect((await run(['replay', 'letter', '--fixtures', 'two', '--against', php.origin]).done).code).toBe(0);
    const dead = await run([
      'replay',
      'letter',
      '--fixtures',
      'two',
      '--against',
      `http://127.0.0.1:${await findFreePort()}`,
    ]).done;
    expect(dead).toMatchObject({ code: 1, out: expect.stringContaining('ECONNREFUSED') });
  });

  it('replay writes to nothing that may be production, and sends no token of its own making elsewhere', async () => {
    const elsewhere = ['replay', '--fixtures', 'two', '--against', 'https://donna.example'];
    const refused = await run([...elsewhere, '--writes']).done;
    expect(refused).toMatchObject({ code: 64, err: expect.stringContaining('--confirm donna.example') });
    const wrong = await run([...elsewhere, '--writes', '--confirm', 'donna']).done;
    expect(wrong.code).toBe(64);
    const unsent = await run(elsewhere).done;
    expect(unsent).toMatchObject({ code: 1, out: expect.stringContaining('nobody stands for user:1') });
  });

  it('replay reads nothing but fixtures, and says which file is none', async () => {
    writeFileSync(join(folder, 'bad.json'), '{"fixture": 2}');
    expect(await run(['replay', 'bad.json', '--against', 'php']).done).toMatchObject({
      code: 64,
      err: expect.stringContaining('bad.json'),
    });
    expect(await run(['replay', 'nowhere', '--against', 'php']).done).toMatchObject({ code: 64 });
    expect(await run(['replay']).done).toMatchObject({ code: 64, err: expect.stringContaining('--against') });
    const foreign = JSON.parse(readFileSync(join(folder, 'one/letter/0001-get-200.json'), 'utf8')) as {
      request: object;
    };
    writeFileSync(
      join(folder, 'far.json'),
      JSON.stringify({ ...foreign, request: { ...foreign.request, target: '//evil.example/x' } }),
    );
    expect(await run(['replay', 'far.json', '--against', 'php']).done).toMatchObject({
      code: 64,
      err: expect.stringContaining('one slash'),
    });
  });

  it('replay does not send a fixture of one route to another, with the rights that are made for it', async () => {
    const found = JSON.parse(readFileSync(join(folder, 'one/letter/0001-get-200.json'), 'utf8')) as { request: object };
    await admin('POST', '', { routes: ['letter'] });
    const request = { ...found.request, method: 'DELETE', target: '/admin/api/recording' };
    writeFileSync(join(folder, 'planted.json'), JSON.stringify({ ...found, caller: 'admin:1', request }));
    for (const against of ['php', gateway.url]) {
      const planted = await run(['replay', 'planted.json', '--against', against, '--writes']).done;
      expect(planted).toMatchObject({ code: 1, out: expect.stringContaining('its address is not one of letter') });
    }
    expect(await isRecording()).toBe(true);
    await stop();
  });
});
