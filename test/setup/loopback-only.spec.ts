import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { lookup, promises as dns } from 'node:dns';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import { fetch as undiciFetch } from 'undici';
import { takeNotes } from './fail-on-network.mjs';
import { loopbackEnv } from './loopback-env.js';
import { takeAttempts } from './loopback-only.mjs';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const refused = { code: 'ELOOPBACKONLY' };

/** Stands for what fail-on-network.mjs would otherwise turn into a failure. */
function expectAttempts(...texts: string[]): void {
  expect(takeAttempts()).toEqual(texts.map((text) => expect.stringContaining(text)));
}

describe('a test process', () => {
  afterEach(() => void takeAttempts());

  it('is refused a TCP or TLS connection by address', async () => {
    await expect(once(connect(9, '192.0.2.1'), 'connect')).rejects.toMatchObject(refused);
    await expect(once(connectTls({ host: '2001:db8::1', port: 443 }), 'secureConnect')).rejects.toMatchObject(refused);
    expectAttempts('a connection to 192.0.2.1:9', 'a connection to 2001:db8::1:443');
  });

  it('is refused Node’s fetch, undici and node:http by name', async () => {
    await expect(fetch('http://donna.example/')).rejects.toMatchObject({ cause: refused });
    await expect(undiciFetch('https://donna.example/')).rejects.toMatchObject({ cause: refused });
    await expect(once(request('http://donna.example:81/').end(), 'response')).rejects.toMatchObject(refused);
    expectAttempts('donna.example:80', 'donna.example:443', 'donna.example:81');
  });

  it('is refused a look-up in every spelling', async () => {
    await expect(promisify(lookup)('donna.example')).rejects.toMatchObject(refused);
    await expect(dns.lookup('donna.example')).rejects.toMatchObject(refused);
    await expect(dns.resolve4('donna.example')).rejects.toMatchObject(refused);
    await expect(new dns.Resolver().resolveTxt('donna.example')).rejects.toMatchObject(refused);
    expect(takeAttempts()).toHaveLength(4);
  });

  it('is refused a datagram', async () => {
    const socket = createSocket('udp4');
    const sent = new Promise((resolve) => socket.send('x', 53, '192.0.2.1', resolve));
    await expect(sent).resolves.toMatchObject(refused);
    socket.close();
    expectAttempts('a datagram to 192.0.2.1');
  });

  it('reaches this machine in every spelling, and by a resolver of its own', async () => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const sockets = [
      connect(port, '127.0.0.1'),
      connect({ port, host: 'localhost', family: 4 }),
      connect(port, '::ffff:127.0.0.1'),
      connect({
        port,
        host: 'donna.example',
        lookup: (_name, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
      }),
    ];
    for (const socket of sockets) {
      if (socket.connecting) await once(socket, 'connect');
      socket.destroy();
    }
    server.close();
    expectAttempts();
  });

  it('is refused an address that its own resolver gives', async () => {
    const socket = connect({
      port: 9,
      host: 'donna.example',
      lookup: (_name, _options, callback) => callback(null, '192.0.2.1', 4),
    });
    await expect(once(socket, 'connect')).rejects.toMatchObject(refused);
    expectAttempts('a connection to donna.example (192.0.2.1)');
  });
});

describe('what a test starts', () => {
  const attempt = `fetch('http://donna.example/').catch((error) => console.log(error.cause.code))`;

  it('is refused too when it inherits the environment, and notes it', async () => {
    const { stdout } = await run(process.execPath, ['-e', attempt]);
    expect(stdout.trim()).toBe('ELOOPBACKONLY');
    expect(takeNotes()).toEqual([expect.stringContaining('a connection to donna.example:80')]);
  });

  it('is refused too with an environment of its own that has loopbackEnv()', async () => {
    const { stdout } = await run(process.execPath, ['-e', attempt], { env: loopbackEnv() });
    expect(stdout.trim()).toBe('ELOOPBACKONLY');
    expect(takeNotes()).toHaveLength(1);
  });

  it('is refused in a worker thread of a child', async () => {
    const code = `new (require('node:worker_threads').Worker)(new URL(${JSON.stringify(`data:text/javascript,${encodeURIComponent(attempt)}`)}))`;
    const { stdout } = await run(process.execPath, ['-e', code]);
    expect(stdout.trim()).toBe('ELOOPBACKONLY');
    expect(takeNotes()).toHaveLength(1);
  });
});

describe('a test that swallows the refusal', () => {
  it('fails all the same', async () => {
    const jest = [
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      '--json',
      '--testMatch',
      '**/swallowed-attempts.fixture.ts',
    ];
    const { JEST_WORKER_ID: _, ...env } = process.env;
    const result = await run(process.execPath, jest, { cwd: root, env }).catch((error: { stdout: string }) => error);
    const { testResults } = JSON.parse(result.stdout) as {
      testResults: { assertionResults: { title: string; status: string }[] }[];
    };
    const statuses = testResults[0]?.assertionResults.map(({ title, status }) => `${title}: ${status}`);
    expect(statuses).toEqual([
      'swallows a socket error: failed',
      'swallows a failed fetch: failed',
      'has a child that swallows: failed',
      'stays at home: passed',
    ]);
  });
});
