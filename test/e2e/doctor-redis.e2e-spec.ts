import { afterEach, expect, it } from '@jest/globals';
import { createClient } from '@redis/client';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describeWith } from '../setup/parts.js';
import { NOT_WAITED_MS } from '../support/elapsed.js';
import { diagnose } from '../support/diagnosis.js';
import { findFreePort } from '../support/free-port.mjs';
import { type RedisServer, type RedisServerOptions, startRedisServer } from '../support/redis-server.js';
import { startTcpServer } from '../support/tcp-server.js';

const ROOT = resolve(import.meta.dirname, '../..');
const execute = promisify(execFile);

describeWith('redis', 'the doctor and Redis', (path) => {
  const servers: RedisServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  const start = async (options: RedisServerOptions = {}): Promise<RedisServer> => {
    const server = await startRedisServer(path, options);
    servers.push(server);
    return server;
  };
  const look = async (url: string, limitMs?: number): Promise<readonly string[]> =>
    (await diagnose({ REDIS_URL: url }, limitMs === undefined ? {} : { limitMs })).of('redis');

  it('finds it open, tries writing, and leaves nothing behind', async () => {
    const { port } = await start();
    expect(await look(`redis://127.0.0.1:${port}`)).toEqual([
      expect.stringMatching(/^ok: version \d+\.\d+\.\d+ lets the gateway in$/),
      expect.stringMatching(/^ok: keys may be written, by scripts too/),
      expect.stringMatching(/^ok: no limit of its own/),
    ]);
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    await client.connect();
    expect(await client.dbSize()).toBe(0);
    client.destroy();
  });

  it('finds it open from what is built and shipped, too', async () => {
    const { url } = await start();
    const project = mkdtempSync(join(tmpdir(), 'gateway-doctor-'));
    for (const file of ['dist', 'package.json', 'routes.yaml', 'legacy-php'])
      cpSync(join(ROOT, file), join(project, file), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
    const { stdout, stderr } = await execute(process.execPath, [join(project, 'dist/doctor.js')], {
      env: { PATH: process.env['PATH'], NODE_ENV: 'development', REDIS_URL: url, HOST: '127.0.0.1', PORT: '0' },
    }).catch((failed: { stdout: string; stderr: string }) => failed);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/redis.*version \d+\.\d+\.\d+ lets the gateway in/);
    expect(stdout).toMatch(/redis.*keys may be written, by scripts too/);
    rmSync(project, { recursive: true, force: true });
  });

  it('tells a missing and a wrong password, and never says which it was', async () => {
    const { port } = await start({ password: 'right-pass-word' });
    for (const login of ['', ':wrong-pass-word@']) {
      const found = await look(`redis://${login}127.0.0.1:${port}`);
      expect(found).toEqual([expect.stringMatching(/^fault: refuses the login: .*→ put the right user and password/)]);
    }
    const right = await diagnose({ REDIS_URL: `redis://:right-pass-word@127.0.0.1:${port}` });
    expect(right.of('redis')[0]).toMatch(/^ok: version/);
    expect(right.text).not.toContain('pass-word');
  });

  it('tells a user that may not write', async () => {
    const { port } = await start({
      args: ['--user', 'reader', 'on', '>reader-password', '~*', '&*', '+@read', '+ping', '+info'],
    });
    const found = await look(`redis://reader:reader-password@127.0.0.1:${port}`);
    expect(found).toContainEqual(
      expect.stringMatching(/^fault: SET is refused: NOPERM.*→ give the user of REDIS_URL these rights/),
    );
  });

  it('tells a user whose scripts may not do what the gateway’s do', async () => {
    const args = ['--user', 'half', 'on', '>half-password', '~donna:*', '+@all', '-zadd'];
    const { port } = await start({ args });
    const found = await look(`redis://half:half-password@127.0.0.1:${port}`);
    expect(found).toContainEqual(
      expect.stringMatching(/^fault: EVAL is refused: .*→ give the user of REDIS_URL these rights: ~donna:/),
    );
  });

  it('is content with the rights that it asks for', async () => {
    const rights = ['~donna:*', '+@read', '+@write', '+@scripting', '+@connection', '+time', '+info'];
    const { port } = await start({ args: ['--user', 'gateway', 'on', '>its-password', ...rights] });
    const found = await look(`redis://gateway:its-password@127.0.0.1:${port}`);
    expect(found.map((line) => line.split(':')[0])).toEqual(['ok', 'ok', 'ok']);
  });

  it('tells a replica, which takes no writes', async () => {
    const { port } = await start({ args: ['--replicaof', '127.0.0.1', String(await findFreePort())] });
    const found = await look(`redis://127.0.0.1:${port}`);
    expect(found).toContainEqual(expect.stringMatching(/^fault: SET is refused: .*→ name the primary in REDIS_URL/));
  });

  it('warns of a policy that throws out limits and revoked tokens', async () => {
    const { port } = await start({ args: ['--maxmemory', '50mb', '--maxmemory-policy', 'volatile-lru'] });
    const found = await look(`redis://127.0.0.1:${port}`);
    expect(found).toContainEqual(expect.stringMatching(/^warning: \d+ % used, policy volatile-lru: .*forgotten/));
  });

  it('tells one that was killed', async () => {
    const server = await start();
    await server.kill();
    const found = await look(server.url);
    expect(found).toEqual([expect.stringMatching(/^fault: .*nobody listens there.*correct REDIS_URL/)]);
  });

  it('tells one that hangs, in bounded time', async () => {
    const server = await start();
    server.freeze();
    const startedAt = performance.now();
    const found = await look(server.url, 700);
    server.thaw();
    expect(found).toEqual([expect.stringMatching(/^fault: no result within 0.7 s/)]);
    expect(performance.now() - startedAt).toBeLessThan(NOT_WAITED_MS);
  });

  it('tells something that is no Redis', async () => {
    const web = await startTcpServer((socket) =>
      socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    );
    const found = await look(`redis://127.0.0.1:${web.port}`, 2000);
    await web.stop();
    expect(found).toEqual([expect.stringMatching(/^fault: /)]);
  });
});
