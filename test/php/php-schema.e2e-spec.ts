import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describeWith } from '../setup/parts.js';
import { findFreePort } from '../support/free-port.mjs';
import { call } from '../support/http-call.js';
import { type LegacyPhp, startLegacyPhp, unlimitedTable } from '../support/legacy-php.js';
import { IDENTITY_SECRET, JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const ROOT = resolve(import.meta.dirname, '../..');
const ENDPOINTS = [
  'health',
  'donna_logic',
  'marketing',
  'conversations',
  'voice-chat',
  'sales/overview',
  'chatbot_settings',
];

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function check(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, ['scripts/check-php-schema.mjs', ...args], {
    cwd: ROOT,
    env: { PATH, JWT_SECRET, ...env },
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  expect(said.out + said.err).not.toMatch(new RegExp(`${JWT_SECRET}|${IDENTITY_SECRET}|donna-demo`));
  return { code, ...said };
}

/** What a run says of the first thing that failed, which must be the last that it tried. */
function failureOf({ code, out }: Run): string {
  expect(code).toBe(1);
  return /^(FAILED[^]*?)^\d+ passed, then one failed/m.exec(out)?.[1] ?? '';
}

describeWith('php', 'npm run check:php-schema', () => {
  const data = mkdtempSync(join(tmpdir(), 'php-schema-'));
  let php: LegacyPhp;
  let broken: BrokenPhp;
  let gateway: TestGateway;

  beforeAll(async () => {
    php = await startLegacyPhp({ REQUIRE_GATEWAY: 'false', DONNA_DATA_DIR: data });
    broken = await breakPhp(php.origin);
    gateway = await startTestGateway({ phpTargets: [broken.origin], routes: unlimitedTable() });
  }, 60_000);
  afterAll(async () => {
    await gateway.stop();
    broken.stop();
    await php.stop();
    rmSync(data, { recursive: true, force: true });
  });

  it('passes directly and through the gateway, and leaves nothing of what it made', async () => {
    broken.mend();
    const run = await check(['--direct', php.origin, '--base', gateway.url]);
    expect(run).toMatchObject({ code: 0, err: '' });
    expect(run.out).not.toContain('FAILED');
    for (const who of ['PHP', 'gateway']) {
      for (const name of ENDPOINTS)
        expect(run.out).toMatch(new RegExp(`^ok +${who}: (?:GET|POST) /api/${name}\\.php`, 'm'));
      expect(run.out).toMatch(new RegExp(`^ok +${who}: a conversation is made, changed and removed$`, 'm'));
    }
    const kept = readdirSync(data, { recursive: true, encoding: 'utf8' });
    expect(kept.filter((name) => /sess_|contacts|leads|mailbox|outbox|settings|memory/.test(name))).toEqual([]);
  }, 60_000);

  it('passes in the name of the gateway where PHP answers nobody else', async () => {
    const run = await check(['--direct', php.origin, '--signed'], { GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET });
    expect(run).toMatchObject({ code: 0, err: '' });
    expect(run.out).toContain('PHP, signed: GET /api/sales/overview.php → 200');
  }, 60_000);

  it.each([
    [
      'a traceId is missing',
      '/api/sales/overview.php',
      /,"traceId":"[^"]*"/,
      '',
      'an envelope {success: true, traceId}',
    ],
    [
      'success is a string',
      '/api/marketing.php',
      /"success":true/,
      '"success":"true"',
      'an envelope {success: true, traceId}',
    ],
    ['a refusal has no errorCode', '/api/chatbot_settings.php', /,"errorCode":"[^"]*"/, '', 'error and errorCode'],
    [
      'the traceId is another than the header',
      '/api/health.php',
      /"traceId":"[^"]*"/,
      '"traceId":"other"',
      'traceId other and',
    ],
  ])(
    'fails where %s',
    async (_, path, what, by, told) => {
      broken.breakAt(path, what, by);
      const failure = failureOf(await check(['--direct', broken.origin]));
      expect(failure).toContain(`PHP: `);
      expect(failure).toContain(path);
      expect(failure).toContain(told);
      // The session that it had is ended all the same.
      expect(readdirSync(join(data, 'sessions')).filter((name) => name.startsWith('sess_'))).toEqual([]);
    },
    60_000,
  );

  it('names the field that is missing or of another type, through the gateway too', async () => {
    broken.breakAt('/api/sales/overview.php', /"hot_leads":(\d+)/, '"hot_leads":"$1"');
    expect(failureOf(await check(['--base', gateway.url]))).toMatch(
      /gateway: GET \/api\/sales\/overview\.php[^]*the answer\.data\.stats\.hot_leads must be a whole number, not another string/,
    );
    broken.breakAt('/api/conversations.php', /,"user_id":"[^"]*"/, '');
    expect(failureOf(await check(['--base', gateway.url]))).toContain('the answer.user_id is missing');
    // The envelope itself is mended by the gateway.
    broken.breakAt('/api/marketing.php', /"success":true,"traceId":"[^"]*",/, '');
    expect((await check(['--base', gateway.url])).code).toBe(0);
  }, 60_000);

  it('removes the conversation that it has made when it is told of wrongly', async () => {
    broken.breakAt('/api/conversations.php', /(Conversation updated\..*)"message_count":0/, '$1"message_count":null');
    expect(failureOf(await check(['--base', gateway.url]))).toContain('message_count must be a whole number, not null');
    broken.mend();
    expect((await check(['--base', gateway.url])).code).toBe(0);
    const kept = readdirSync(join(data, 'conversations'));
    expect(kept.length).toBeLessThanOrEqual(2);
    for (const name of kept) {
      const { size } = statSync(join(data, 'conversations', name));
      expect(size).toBe('{"conversations":[]}'.length);
    }
  }, 60_000);

  it('says what to do where the caller, the URL or the secret is wrong', async () => {
    broken.mend();
    const nobody = { PHP_CHECK_PASSWORD: 'wrong password' };
    expect(failureOf(await check(['--direct', php.origin, '--email', 'who@donna.example'], nobody))).toMatch(
      /401[^]*→ name a user of this installation by --email/,
    );
    expect(failureOf(await check(['--base', php.origin]))).toMatch(
      /401[^]*→ is this PHP itself\? then name it by --direct/,
    );
    expect(failureOf(await check(['--base', `http://127.0.0.1:${await findFreePort()}`]))).toContain('ECONNREFUSED');
    for (const args of [
      [],
      ['--base', 'nonsense'],
      ['--direct', 'ftp://x'],
      ['--direct', php.origin, '--signed'],
      ['--what'],
    ]) {
      const run = await check(args);
      expect([args, run.code, run.out]).toEqual([args, 64, '']);
      expect(run.err).toContain('npm run check:php-schema -- --base');
    }
    expect(await check(['--help'])).toMatchObject({ code: 0, err: '' });
  }, 60_000);
});

interface BrokenPhp {
  readonly origin: string;
  breakAt(path: string, what: RegExp, by: string): void;
  mend(): void;
  stop(): void;
}

/** PHP behind a server that changes the answers of one path. */
async function breakPhp(origin: string): Promise<BrokenPhp> {
  let fault: { readonly path: string; readonly what: RegExp; readonly by: string } | undefined;
  const pass = async (req: IncomingMessage, body: Buffer, res: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/' } = req;
    const headers = without(req.headers, 'transfer-encoding', 'content-length', 'connection');
    const options = { method, headers };
    const answer = await call(origin, url, body.length === 0 ? options : { ...options, body });
    const isBroken = fault !== undefined && url.startsWith(fault.path);
    const text = isBroken && fault !== undefined ? answer.text.replace(fault.what, fault.by) : answer.text;
    res.writeHead(answer.status, without(answer.headers, 'content-length', 'connection')).end(text);
  };
  const server: Server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => void pass(req, Buffer.concat(chunks), res).catch(() => res.destroy()));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    breakAt: (path, what, by) => (fault = { path, what, by }),
    mend: () => (fault = undefined),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function without(headers: IncomingMessage['headers'], ...names: readonly string[]): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => !names.includes(name));
  return Object.fromEntries(kept) as Record<string, string>;
}
