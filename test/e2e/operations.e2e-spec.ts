import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from '../support/eventually.js';
import { findFreePort } from '../support/free-port.mjs';
import { call } from '../support/http-call.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const PROJECT = resolve(import.meta.dirname, '../..');

function run(folder: string, args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [...args], { cwd: folder }, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, said: stdout + stderr });
    });
  });
}

describe('npm run uptime', () => {
  const uptime = (url: string, ...more: string[]): ReturnType<typeof run> =>
    run(PROJECT, ['scripts/uptime.mjs', '--url', url, '--tries', '1', '--pause-s', '0', ...more]);
  let php: RawUpstream;
  let gateway: TestGateway;
  let server: Server;
  let origin: string;
  let answer: RequestListener;
  let asked = 0;
  beforeAll(async () => {
    php = await startRawUpstream((socket) => void socket.write(httpAnswer(200, {}, '{}')));
    gateway = await startTestGateway({ phpTargets: [php.origin] });
    server = createServer((req, res) => {
      asked += 1;
      answer(req, res);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await gateway.stop();
    server.closeAllConnections();
    server.close();
  });

  it('finds a gateway well, tells what is down, and takes a degraded one for one that serves', async () => {
    const health = async (): Promise<unknown> => (await call(gateway.url, '/api/health')).json();
    await eventually(async () => ((await health()) as { status?: string }).status === 'healthy');
    const well = await uptime(gateway.url);
    expect([well.code, well.said]).toEqual([
      0,
      expect.stringMatching(/^healthy: http:\S+\/api\/health after \d+ ms\n$/),
    ]);
    await php.stop();
    for (let i = 0; i < 12; i++) await call(gateway.url, '/', { method: 'POST', body: 'x' });
    await eventually(async () => ((await health()) as { status?: string }).status === 'degraded');
    const degraded = await uptime(`${gateway.url}/api/health`);
    expect([degraded.code, degraded.said]).toEqual([0, expect.stringContaining('degraded: ')]);
    expect(degraded.said).toContain('(down: php)');
  });

  it('finds a dead one down after all its tries, and says nothing that the other side has written', async () => {
    const dead = `http://127.0.0.1:${await findFreePort()}`;
    const twice = await uptime(dead, '--tries', '2');
    expect(twice.code).toBe(1);
    expect(twice.said).toMatch(/^try 1 of 2: no connection.*\ntry 2 of 2: .*\ndown: /);
    const evil = '"status":"healthy\\n::set-output name=x::y <img src=x>"';
    const wrong: readonly [string, RequestListener][] = [
      ['status 503', (_req, res) => void res.writeHead(503).end('{"success":true,"status":"healthy"}')],
      ['status 302', (_req, res) => void res.writeHead(302, { Location: `${gateway.url}/api/health` }).end()],
      ['no JSON', (_req, res) => void res.end('<html>healthy</html>')],
      ['none of a gateway', (_req, res) => void res.end('{"success":false,"status":"healthy"}')],
      ['none of a gateway', (_req, res) => void res.end(`{"success":true,${evil}}`)],
      ['none of a gateway', (_req, res) => void res.end('null')],
      ['too long', (_req, res) => void res.end(`"${'x'.repeat(70_000)}"`)],
      ['no connection', (req) => void req.socket.destroy()],
    ];
    for (const [fault, how] of wrong) {
      answer = how;
      const found = await uptime(origin);
      expect([found.code, found.said]).toEqual([1, expect.stringContaining(fault)]);
      expect(found.said).not.toMatch(/img|html|set-output/);
    }
  });

  it('gives up one that says nothing, and comes back for one that had a moment’s trouble', async () => {
    answer = () => undefined;
    const silent = await uptime(origin, '--timeout-s', '1');
    expect([silent.code, silent.said]).toEqual([1, expect.stringContaining('no answer within 1000 ms')]);
    asked = 0;
    answer = (_req, res) =>
      void (asked < 3 ? res.writeHead(502).end() : res.end('{"success":true,"status":"healthy"}'));
    const late = await uptime(origin, '--tries', '3');
    expect([late.code, asked]).toEqual([0, 3]);
    expect((await uptime('gateway.example.com')).code).toBe(64);
    expect((await uptime(origin, '--tries', '0')).code).toBe(64);
  });
});

describe('docs/operations', () => {
  it('asks for metrics that there are, and each alert has its entry in the runbook', async () => {
    const { code, said } = await run(PROJECT, ['scripts/check-observability.mjs']);
    expect([code, said]).toEqual([0, expect.stringMatching(/^Observability: 0 faults in \d{2,} expressions/)]);
  });

  it('is refused with a name, a label or an entry that is wrong', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'operations-'));
    for (const part of ['docs/operations', '.github/workflows', 'scripts', 'src/trace', 'package.json'])
      cpSync(join(PROJECT, part), join(folder, part), { recursive: true });
    symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
    const spoil = (file: string, from: string, to: string): void => {
      const path = join(folder, 'docs/operations', file);
      const text = readFileSync(path, 'utf8');
      expect(text).toContain(from);
      writeFileSync(path, text.replace(from, to));
    };
    spoil('grafana/donna-gateway.json', 'donna_http_requests_under_way', 'donna_http_requests_underway');
    spoil('prometheus/alerts.yml', 'min(donna_redis_up)', 'min by (route) (donna_redis_up)');
    spoil('observability.md', '### DonnaMailDead', '### DonnaMailDeath');
    spoil('observability.md', '.upstreamFault,', '.upstreamfault,');
    spoil('observability.md', 'count by (stage)', 'count by (stage');
    const { code, said } = await run(folder, ['scripts/check-observability.mjs']);
    rmSync(folder, { recursive: true });
    expect(code).toBe(1);
    for (const fault of [
      'there is no metric donna_http_requests_underway',
      'alerts.yml, DonnaRedisDown: groups by route',
      'DonnaMailDead: observability.md has no section of it',
      'there is no alert DonnaMailDeath',
      'no field upstreamfault',
      'observability.md: cannot be read',
    ])
      expect(said).toContain(fault);
  });
});
