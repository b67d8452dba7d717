import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { SmtpSender, type SmtpSettings, type SmtpTimes } from '../../src/outbound/mail/smtp-sender.js';
import type { SmtpOutcome } from '../../src/outbound/mail/smtp-outcome.js';
import { type CertificateFacts, makeAuthority, makeCertificate } from '../support/certificates.js';
import { type MailServer, type MailServerOptions, startMailServer } from '../support/mail-server.js';
import { startTcpServer, type TcpServer } from '../support/tcp-server.js';

const PASSWORD = 'mail-pass-word';
const QUICK: SmtpTimes = { connectMs: 400, greetingMs: 300, idleMs: 300, totalMs: 1500 };
const PATIENT: SmtpTimes = { connectMs: 15_000, greetingMs: 15_000, idleMs: 15_000, totalMs: 15_000 };

describe('the way to the mail server', () => {
  const authority = makeAuthority('Mail Authority');
  const certificate = makeCertificate({ issuer: authority });
  const folder = mkdtempSync(join(tmpdir(), 'mail-transport-'));
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, authority.cert);
  const servers: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const serve = async (options: Partial<MailServerOptions> = {}): Promise<MailServer> => {
    const server = await startMailServer({ certificate, ...options });
    servers.push(server);
    return server;
  };
  const send = (
    port: number,
    settings: Partial<SmtpSettings> = {},
    { times = PATIENT, to = ['a@b.example'] }: { times?: SmtpTimes; to?: readonly string[] } = {},
  ): Promise<SmtpOutcome> =>
    new SmtpSender(
      {
        host: 'localhost',
        port,
        implicitTls: false,
        login: { user: 'donna', pass: PASSWORD },
        caFile,
        from: { name: 'Donna', address: 'donna@donna.example' },
        ...settings,
      },
      times,
    ).send(
      {
        mail: { to, subject: 'Grüße', text: 'Hello\n.\nbye' },
        recipients: to,
        messageId: '<1@donna.example>',
        acceptedAt: new Date(),
      },
      new AbortController().signal,
    );

  it.each([
    ['STARTTLS', false],
    ['TLS from the first byte', true],
  ])('is %s, with the login and the mail inside', async (_what, implicitTls) => {
    const server = await serve({ password: PASSWORD, server: { secure: implicitTls } });
    expect(await send(server.port, { implicitTls })).toEqual({ left: [], refused: [], fault: undefined });
    expect(server.taken).toMatchObject([
      { from: 'donna@donna.example', to: ['a@b.example'], isSecure: true, user: 'donna' },
    ]);
    expect(server.taken[0]?.headers.get('subject')).toBe('Grüße');
    expect(server.taken[0]?.source).toMatch(/Hello\r\n\.\r\nbye/);
  });

  it.each<[string, CertificateFacts, RegExp]>([
    ['is signed by itself', {}, /DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED|UNABLE_TO_VERIFY/],
    ['is of another authority', { issuer: makeAuthority('Another') }, /UNABLE_TO|SELF_SIGNED/],
    [
      'has expired',
      { issuer: authority, notBefore: new Date(0), notAfter: new Date(Date.now() - 1000) },
      /CERT_HAS_EXPIRED/,
    ],
    ['is not valid yet', { issuer: authority, notBefore: new Date(Date.now() + 3_600_000) }, /CERT_NOT_YET_VALID/],
    ['has another name', { issuer: authority, names: ['other.example'], addresses: [] }, /ALTNAME/],
  ])('is not taken where the certificate %s', async (_what, facts, fault) => {
    for (const implicitTls of [false, true]) {
      const server = await serve({ certificate: makeCertificate(facts), server: { secure: implicitTls } });
      expect(await send(server.port, { implicitTls })).toEqual({
        left: ['a@b.example'],
        refused: [],
        fault: expect.stringMatching(fault),
      });
      expect(server.heard).toEqual([]);
    }
  });

  it('is not opened by NODE_TLS_REJECT_UNAUTHORIZED', async () => {
    const server = await serve({ certificate: makeCertificate() });
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect((await send(server.port)).left).toEqual(['a@b.example']);
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
    expect(server.heard).toEqual([]);
  });

  it('is not taken below TLS 1.2', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const server = await serve({ server: { secure: true, ...old } });
    // It does speak with those who take TLS 1.1.
    const protocol = await new Promise((resolve, reject) => {
      const socket = connectTls({ host: 'localhost', port: server.port, ca: authority.cert, ...old }, () => {
        resolve(socket.getProtocol());
        socket.destroy();
      });
      socket.on('error', reject);
    });
    expect(protocol).toBe('TLSv1.1');
    expect((await send(server.port, { implicitTls: true })).left).toEqual(['a@b.example']);
    const upgrading = await serve({ server: old });
    expect((await send(upgrading.port)).left).toEqual(['a@b.example']);
    expect([...server.heard, ...upgrading.heard]).toEqual([]);
  });

  /** A mail server by the letter: `hold` is the command that it never answers, `answers` what it says instead of the usual. */
  const script = async (
    { hold, answers = {}, offers = 'STARTTLS' }: { hold?: string; answers?: Record<string, string>; offers?: string },
    heard: string[] = [],
  ): Promise<TcpServer> => {
    const speak = (socket: Socket, isSecure: boolean): void => {
      let isData = false;
      socket.on('error', () => socket.destroy());
      socket.on('data', function read(chunk: Buffer) {
        for (const line of chunk.toString().split('\r\n').slice(0, -1)) {
          if (isData && line !== '.') continue;
          const [command = ''] = line.split(' ');
          heard.push(`${command}${isSecure ? ' over TLS' : ''}`);
          isData = command === 'DATA';
          if (command === hold) return;
          const ready: Record<string, string> = {
            EHLO: isSecure ? '250-mail\r\n250 AUTH PLAIN' : `250-mail\r\n250 ${offers}`,
            STARTTLS: '220 go',
            AUTH: '235 ok',
            DATA: '354 go',
          };
          socket.write(`${answers[command] ?? ready[command] ?? '250 ok'}\r\n`);
          if (command === 'STARTTLS') {
            socket.off('data', read);
            if (hold !== 'handshake') {
              speak(new TLSSocket(socket, { isServer: true, cert: certificate.cert, key: certificate.key }), true);
            }
            return;
          }
        }
      });
    };
    const server = await startTcpServer((socket) => {
      if (hold !== 'greeting') socket.write(`${answers['greeting'] ?? '220 mail ready'}\r\n`);
      speak(socket, false);
    });
    servers.push(server);
    return server;
  };

  it.each([
    ['offers no STARTTLS', { offers: 'SIZE 1000', answers: { STARTTLS: '502 no such command' } }],
    ['takes STARTTLS back', { answers: { STARTTLS: '454 not now' } }],
    ['says yes to STARTTLS and stays plain', { offers: 'SIZE', answers: { STARTTLS: '250 ok\r\n250 ok\r\n250 ok' } }],
    ['knows HELO only', { answers: { EHLO: '502 what?' } }],
    ['says in the clear what would follow', { answers: { STARTTLS: '220 go\r\n250 ok\r\n250 ok\r\n250 ok' } }],
  ])('is never plain, as with one that %s', async (_what, options) => {
    const heard: string[] = [];
    const { port } = await script(options, heard);
    await send(port, {}, { times: QUICK });
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.filter((line) => /^(AUTH|MAIL|RCPT|DATA)$/.test(line))).toEqual([]);
  });

  it('is spoken by the server of these tests, where nothing holds it up', async () => {
    const { port } = await script({});
    expect(await send(port)).toEqual({ left: [], refused: [], fault: undefined });
  });

  it.each(['greeting', 'EHLO', 'STARTTLS', 'handshake', 'AUTH', 'MAIL', 'RCPT', 'DATA', '.'])(
    'is given up where nothing follows: %s',
    async (hold) => {
      let isReached = false;
      // On a machine with much to do an earlier step may take too long: then with more patience.
      for (let ms = 250; ms <= 16_000 && !isReached; ms *= 4) {
        const heard: string[] = [];
        const { port } = await script({ hold }, heard);
        const times = { connectMs: ms * 2, greetingMs: ms, idleMs: ms, totalMs: ms * 8 };
        expect(await send(port, {}, { times })).toEqual({
          left: ['a@b.example'],
          refused: [],
          fault: expect.stringMatching(/ETIMEDOUT|EABORT/),
        });
        const last = { greeting: undefined, handshake: 'STARTTLS' }[hold] ?? (hold === 'greeting' ? undefined : hold);
        isReached = heard.at(-1)?.split(' ')[0] === last;
      }
      expect(isReached).toBe(true);
    },
    30_000,
  );

  it('is given up where a server says a little now and then, without an end', async () => {
    const server = await startTcpServer((socket) => {
      socket.write('220');
      const timer = setInterval(() => socket.write('-'), 20);
      socket.on('close', () => clearInterval(timer));
    });
    servers.push(server);
    expect((await send(server.port, {}, { times: QUICK })).left).toEqual(['a@b.example']);
  });

  it('is cut where a server has more to say than any server', async () => {
    let closed: () => void = () => undefined;
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    let written = 0;
    const server = await startTcpServer((socket) => {
      const line = `220-${'x'.repeat(1000)}\r\n`.repeat(64);
      const more = (): void => {
        while (!socket.destroyed && socket.write(line)) written += line.length;
      };
      socket.on('drain', more).on('close', closed);
      more();
    });
    servers.push(server);
    expect(await send(server.port)).toMatchObject({
      left: ['a@b.example'],
      fault: expect.stringContaining('EPROTOCOL'),
    });
    await isClosed;
    // What lies in the buffers of two sockets besides.
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  it('tells those who may get it later from those who never will', async () => {
    const answers: Record<string, string> = { later: '450 4.2.1', gone: '550 5.1.1', odd: '252 ok' };
    const server = await serve({ answerTo: (address) => answers[address.split('@')[0] ?? ''] });
    const to = ['good@b.example', 'later@b.example', 'gone@b.example'];
    expect(await send(server.port, { login: undefined }, { to })).toEqual({
      left: ['later@b.example'],
      refused: ['gone@b.example'],
      fault: expect.stringMatching(/^EENVELOPE RCPT TO 550/),
    });
    expect(server.taken.map((mail) => mail.to)).toEqual([['good@b.example']]);
    const nobody = await send(server.port, { login: undefined }, { to: to.slice(1) });
    expect(nobody).toMatchObject({ left: ['later@b.example'], refused: ['gone@b.example'] });
    expect(server.taken).toHaveLength(1);
  });

  it.each([
    ['is refused as it is', '554 5.7.1 spam of a@b.example', [], ['a@b.example'], 'EMESSAGE DATA 554 5.7.1'],
    ['is not taken now', '451 4.3.0 later', ['a@b.example'], [], 'EMESSAGE DATA 451 4.3.0'],
  ])(
    'ends with a mail that %s, and repeats nothing of what the server says',
    async (_what, answer, left, refused, fault) => {
      const server = await serve({ answerMail: () => answer });
      expect(await send(server.port, { login: undefined })).toEqual({ left, refused, fault });
    },
  );

  it('keeps the mail where the login is not taken, or not asked for', async () => {
    const strict = await serve({ password: 'another' });
    expect(await send(strict.port)).toMatchObject({
      left: ['a@b.example'],
      fault: expect.stringMatching(/^EAUTH .*535/),
    });
    const open = await serve({ server: { disabledCommands: ['AUTH'] } });
    expect((await send(open.port)).left).toEqual(['a@b.example']);
    expect([strict.taken, open.taken]).toEqual([[], []]);
  });

  it('keeps the mail where nobody answers, or the authority cannot be read', async () => {
    const { port } = await serve();
    expect((await send(port, { caFile: join(folder, 'none.pem') })).left).toEqual(['a@b.example']);
    const gone = await startTcpServer(() => undefined);
    await gone.stop();
    expect(await send(gone.port)).toMatchObject({
      left: ['a@b.example'],
      fault: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
