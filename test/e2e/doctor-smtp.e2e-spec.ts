import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import type { GatewayConfig } from '../../src/config/index.js';
import { type Certificate, makeAuthority, makeCertificate } from '../support/certificates.js';
import { type Diagnosis, diagnose } from '../support/diagnosis.js';
import { startTcpServer, type TcpServer } from '../support/tcp-server.js';

const authority = makeAuthority('Mail Authority');
const good = makeCertificate({ issuer: authority });

interface MailSettings {
  readonly certificate?: Certificate;
  readonly extensions?: readonly string[];
  readonly isTlsFromStart?: boolean;
}

describe('the doctor and the mail server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'doctor-smtp-'));
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, authority.cert);
  const heard: string[] = [];
  const servers: TcpServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
    heard.splice(0);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** The part of SMTP that a mail server says before anybody logs in. */
  const start = async ({ certificate = good, extensions = ['AUTH PLAIN LOGIN'], isTlsFromStart }: MailSettings) => {
    const speak = (socket: Socket, isSecure: boolean): void => {
      if (!isSecure || isTlsFromStart === true) socket.write('220-mail.example\r\n220 ready\r\n');
      socket.on('error', () => socket.destroy());
      socket.on('data', function read(chunk: Buffer) {
        const [command = ''] = chunk.toString().split(/[ \r]/);
        heard.push(`${command}${isSecure ? ' over TLS' : ''}`);
        if (command === 'EHLO') {
          const offered = isSecure ? extensions : ['STARTTLS', 'SIZE 1000'];
          const lines = ['mail.example', ...offered];
          // In two pieces, as networks do.
          const reply = lines.map((line, i) => `250${i === lines.length - 1 ? ' ' : '-'}${line}\r\n`).join('');
          socket.write(reply.slice(0, 9));
          setImmediate(() => socket.write(reply.slice(9)));
        } else if (command === 'STARTTLS') {
          socket.off('data', read);
          socket.write('220 go ahead\r\n');
          speak(secure(socket), true);
        } else if (command === 'QUIT') socket.end('221 bye\r\n');
      });
    };
    const secure = (socket: Socket): TLSSocket =>
      new TLSSocket(socket, { isServer: true, cert: certificate.cert, key: certificate.key });
    const server = await startTcpServer((socket) =>
      isTlsFromStart === true ? speak(secure(socket), true) : speak(socket, false),
    );
    servers.push(server);
    return server.port;
  };
  const look = (
    port: number,
    env: Readonly<Record<string, string>> = {},
    change?: (config: GatewayConfig) => GatewayConfig,
  ): Promise<Diagnosis> =>
    diagnose(
      {
        SMTP_HOST: 'localhost',
        SMTP_PORT: String(port),
        SMTP_USER: 'donna',
        SMTP_PASS: 'mail-pass-word',
        EMAIL_FROM: 'donna@example.com',
        ...env,
      },
      { limitMs: 3000, ...(change === undefined ? {} : { change }) },
    );

  it('goes from STARTTLS to the login that is offered, and neither logs in nor sends', async () => {
    const found = await look(await start({}), { SMTP_CA_FILE: caFile });
    expect(found.of('smtp')).toEqual([
      expect.stringMatching(/^ok: TLSv1\.3, certificate valid for (89|90) more days$/),
      'ok: answers over TLS, takes logins by PLAIN LOGIN; the login is not tried',
    ]);
    expect(heard).toEqual(['EHLO', 'STARTTLS', 'EHLO over TLS', 'QUIT over TLS']);
    expect(found.text).not.toContain('pass-word');
  });

  it('speaks TLS from the first byte on port 465', async () => {
    const port = await start({ isTlsFromStart: true });
    const found = await look(port, { SMTP_CA_FILE: caFile }, (config) => ({
      ...config,
      mail: { smtp: config.mail.smtp && { ...config.mail.smtp, implicitTls: true } },
    }));
    expect(found.of('smtp').at(-1)).toMatch(/^ok: answers over TLS, takes logins/);
  });

  it('tells a certificate that nobody vouches for, and goes no further', async () => {
    const found = await look(await start({}));
    expect(found.of('smtp')).toEqual([expect.stringMatching(/^fault: the gateway will not talk to it: .*authority/)]);
    expect(heard).not.toContain('EHLO over TLS');
  });

  it.each([
    [
      'expired',
      { issuer: authority, notBefore: new Date(0), notAfter: new Date(Date.now() - 1000) },
      /its certificate has expired/,
    ],
    ['not valid yet', { issuer: authority, notBefore: new Date(Date.now() + 3_600_000) }, /not valid yet/],
    ['for another name', { issuer: authority, names: ['other.example'], addresses: [] }, /for another name/],
  ])('tells a certificate that is %s', async (_what, facts, reason) => {
    const found = await look(await start({ certificate: makeCertificate(facts) }), { SMTP_CA_FILE: caFile });
    expect(found.of('smtp')).toEqual([expect.stringMatching(reason)]);
  });

  it('warns of a certificate that expires soon', async () => {
    const certificate = makeCertificate({ issuer: authority, notAfter: new Date(Date.now() + 5.5 * 86_400_000) });
    const found = await look(await start({ certificate }), { SMTP_CA_FILE: caFile });
    expect(found.of('smtp')[0]).toMatch(/^warning: .*valid for 5 more days → renew/);
  });

  it('tells a server that takes no logins', async () => {
    const found = await look(await start({ extensions: [] }), { SMTP_CA_FILE: caFile });
    expect(found.of('smtp').at(-1)).toMatch(/^fault: takes no login/);
  });

  it('tells a server without TLS, before a password could travel', async () => {
    const server = await startTcpServer((socket) => {
      socket.write('220 ready\r\n');
      socket.on('data', () => socket.write('250 mail.example\r\n'));
    });
    servers.push(server);
    expect((await look(server.port)).of('smtp')).toEqual([expect.stringMatching(/^fault: offers no STARTTLS/)]);
  });

  it.each([
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n', /no mail server/],
    ['one that is busy', '421 too many connections\r\n', /it answers 421 where 220 is expected/],
    ['one that hangs up', '', /it closes the connection/],
    ['an endless greeting', '220-'.padEnd(40_000, 'x'), /no mail server/],
  ])('tells %s', async (_what, greeting, reason) => {
    const server = await startTcpServer((socket) => socket.end(greeting));
    servers.push(server);
    expect((await look(server.port)).of('smtp')).toEqual([expect.stringMatching(reason)]);
  });
});
