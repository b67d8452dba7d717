import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { type ProviderStub, startProviderStub } from '../../src/providers/index.js';
import { findFreePort } from '../support/free-port.mjs';
import { type LegacyPhp, startLegacyPhp } from '../support/legacy-php.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { type Boards, startBoards } from '../support/voice-site.js';

const ROOT = resolve(import.meta.dirname, '../..');
const ALLOWED = 'https://app.example.com';

/** Of one gateway after another: their embedded database takes seconds to make. */
const folder = mkdtempSync(join(tmpdir(), 'smoke-voice-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function smoke(name: 'token' | 'ws' | 'fanout', base: string, ...args: readonly string[]): Promise<Run> {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [`scripts/smoke-${name}.mjs`, '--base', base, ...args], {
    cwd: ROOT,
    env: { PATH, JWT_SECRET },
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  expect(said.out).not.toContain(JWT_SECRET);
  return { code, ...said };
}

/** What a run says of the first thing that failed, which must be the last that it tried. */
function failureOf({ code, out }: Run): string {
  expect(code).toBe(1);
  const [, failure = ''] = /^(FAILED[^]*?)^\d+ passed, then one failed/m.exec(out) ?? [];
  expect(failure).toContain('expected');
  return failure;
}

describe('the smokes of voice, before the gateway as it is shipped', () => {
  let php: LegacyPhp;
  let stub: ProviderStub;
  let gateway: TestGateway;

  beforeAll(async () => {
    [php, stub] = await Promise.all([startLegacyPhp(), startProviderStub()]);
    const env = { ALLOWED_ORIGINS: ALLOWED, ENABLE_WS_PROXY: 'true', AUTH_TIMEOUT_MS: '1000' };
    gateway = await startTestGateway({ phpTargets: [php.origin], stubOrigin: stub.origin, env, folder });
  }, 60_000);
  afterAll(async () => {
    await gateway.stop();
    await Promise.all([php.stop(), stub.stop()]);
  });

  it.each([
    ['token', 'ok      a valid token → a client secret that is not kept by any cache (gpt-realtime, '],
    ['ws', 'ok      a valid token → auth_success'],
    ['fanout', 'ok      /api/voice/fanout: an event → delivered to marketing, sales, secretary (marketing '],
  ] as const)(
    'smoke:%s passes',
    async (name, line) => {
      const run = await smoke(name, gateway.url, '--origin', ALLOWED);
      expect(run.out).not.toContain('FAILED');
      expect(run).toMatchObject({ code: 0, err: '' });
      expect(run.out).toContain(line);
      expect(run.out).not.toContain('ek_');
    },
    60_000,
  );
});

describe('the smokes of voice, where a part is off or at fault', () => {
  const stops: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });
  const boardsOnly = async (): Promise<Boards> => {
    const boards = await startBoards();
    stops.push(() => boards.stop());
    return boards;
  };
  const start = async (origin: string, env: Readonly<Record<string, string>> = {}): Promise<string> => {
    const gateway = await startTestGateway({ phpTargets: [origin], env, folder });
    stops.unshift(() => gateway.stop());
    return gateway.url;
  };

  it('say which switch is off, and pass with --expect-off', async () => {
    const { origin } = await boardsOnly();
    const url = await start(origin, { REMOTE_PHP_BASE: origin });
    expect(failureOf(await smoke('ws', url))).toMatch(
      /503.*REALTIME_DISABLED.*\n +→ .*ENABLE_WS_PROXY=true.*--expect-off/,
    );
    expect(failureOf(await smoke('token', url))).toMatch(/REALTIME_DISABLED.*\n +→ .*OPENAI_API_KEY/);
    expect(failureOf(await smoke('fanout', url))).toMatch(/FANOUT_DISABLED.*\n +→ .*ALLOW_REMOTE_PHP_FANOUT=true/);
    for (const name of ['ws', 'fanout'] as const)
      expect(await smoke(name, url, '--expect-off')).toMatchObject({ code: 0, err: '' });
  }, 60_000);

  it('names the board that has not taken an event', async () => {
    const boards = await boardsOnly();
    boards.answer('sales', (res) => res.writeHead(500).end());
    expect(failureOf(await smoke('fanout', await start(boards.origin)))).toMatch(
      /an event → delivered.*\n.*expected.*\n.*delivered to marketing, secretary; sales failed: 500 UPSTREAM_BAD_ANSWER/,
    );
  }, 60_000);

  it('names a gateway that is not there', async () => {
    const url = `http://127.0.0.1:${await findFreePort()}`;
    for (const name of ['token', 'ws', 'fanout'] as const)
      expect(failureOf(await smoke(name, url))).toMatch(/expected an answer\n.*ECONNREFUSED/);
  }, 30_000);

  it.each([
    ['--base', 'nonsense'],
    ['--bsae', 'http://127.0.0.1'],
  ])(
    'refuse a command line that they cannot understand: %s %s',
    async (...args) => {
      for (const name of ['token', 'ws', 'fanout'] as const)
        expect(await smoke(name, 'http://127.0.0.1:9', ...args)).toMatchObject({ code: 64, out: '' });
    },
    30_000,
  );

  /** A WebSocket server that is no gateway: it does with a frame, and with a socket, what a test says. */
  const socketServer = async (
    onSocket: (socket: WebSocket) => void,
    mayUpgrade: (origin: string | undefined) => boolean = (origin) => origin !== 'https://attacker.example',
  ): Promise<string> => {
    const server: Server = createServer((_req, res) => res.writeHead(404).end());
    const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    server.on('upgrade', (req, socket, head) => {
      if (mayUpgrade(req.headers.origin)) return sockets.handleUpgrade(req, socket, head, onSocket);
      const body = '{"success":false,"traceId":"t-1","error":"no","errorCode":"ORIGIN_DENIED"}';
      const head403 = `HTTP/1.1 403 Forbidden\r\nX-Trace-Id: t-1\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
      socket.end(head403 + body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    stops.push(async () => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const typeOf = (data: unknown): unknown => (JSON.parse(String(data)) as { type?: unknown }).type;

  it.each([
    ['a socket for any site', () => undefined, () => true, /from another site → 403\n.*403.*\n.*a WebSocket \(101\)/],
    [
      'another code for who does not authenticate',
      (socket: WebSocket) => socket.on('message', () => socket.close(1008)),
      undefined,
      /4001\n.*end with 4001\n.*ended with 1008/,
    ],
    [
      'a cut connection for who does not authenticate',
      (socket: WebSocket) => socket.on('message', () => socket.terminate()),
      undefined,
      /4001\n.*end with 4001\n.*ended with 1006/,
    ],
    [
      'whoever says that he is somebody',
      (socket: WebSocket) =>
        socket.on('message', (data) =>
          typeOf(data) === 'authenticate' ? socket.send('{"type":"auth_success"}') : socket.close(4001),
        ),
      undefined,
      /made up → auth_error, 4003\n.*auth_error\n.*auth_success/,
    ],
    [
      'nobody',
      (socket: WebSocket) =>
        socket.on('message', (data) => {
          if (typeOf(data) !== 'authenticate') return socket.close(4001);
          socket.send('{"type":"auth_error"}');
          socket.close(4003);
        }),
      undefined,
      /a valid token → auth_success\n.*auth_success\n.*auth_error/,
    ],
  ])(
    'smoke:ws names a server that takes %s',
    async (_what, onSocket, mayUpgrade, failure) => {
      const url = await socketServer((socket) => void onSocket(socket), mayUpgrade);
      expect(failureOf(await smoke('ws', url))).toMatch(failure);
    },
    30_000,
  );

  it('smoke:ws names a server that waits for a first frame for ever', async () => {
    let seen = 0;
    const url = await socketServer((socket) =>
      socket.on('message', (data) => {
        if (typeOf(data) !== 'authenticate') return socket.close(4001);
        // As only the smoke's last token is, by its claims and its length.
        const { token = '' } = JSON.parse(String(data)) as { token?: string };
        const [, payload = ''] = token.split('.');
        const isGood = /"exp"/.test(Buffer.from(payload, 'base64url').toString()) && ++seen > 3;
        if (isGood) return socket.send('{"type":"auth_success"}');
        socket.send('{"type":"auth_error"}');
        socket.close(4003);
      }),
    );
    expect(failureOf(await smoke('ws', url, '--max-wait-s', '0.2'))).toMatch(
      /no frame at all → 4001.*\n.*an end of the socket/,
    );
  }, 30_000);
});
