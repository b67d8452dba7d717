import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { Certificate } from './certificates.js';

/** A mail as a server took it. */
export interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Header and body, as they came. */
  readonly source: string;
  /** As a reader sees it: header names in small letters, unfolded, encoded words decoded. */
  readonly headers: ReadonlyMap<string, string>;
  readonly isSecure: boolean;
  readonly user: string | undefined;
}

export interface MailServer {
  readonly port: number;
  readonly taken: TakenMail[];
  /** Every command of a transaction or login that was tried, `MAIL`, `RCPT`, `AUTH`. */
  readonly heard: string[];
  stop(): Promise<void>;
}

export interface MailServerOptions {
  readonly certificate: Certificate;
  readonly server?: SMTPServerOptions;
  /** What is said to a recipient instead of 250, as `550 5.1.1`. */
  readonly answerTo?: (address: string) => string | undefined;
  /** The same after the last byte of a mail. */
  readonly answerMail?: (mail: TakenMail) => string | undefined;
  readonly password?: string;
}

/** smtp-server on a free loopback port, with STARTTLS unless its options say otherwise. */
export async function startMailServer(options: MailServerOptions): Promise<MailServer> {
  const { certificate, server: more = {}, answerTo, answerMail, password } = options;
  const taken: TakenMail[] = [];
  const heard: string[] = [];
  const server = new SMTPServer({
    key: certificate.key,
    cert: certificate.cert,
    authOptional: password === undefined,
    logger: false,
    closeTimeout: 100,
    onAuth: (auth, _session, callback) => {
      heard.push('AUTH');
      if (auth.password === password) callback(null, { user: auth.username });
      else callback(replyWith('535 5.7.8'));
    },
    onMailFrom: (_address, _session, callback) => {
      heard.push('MAIL');
      callback();
    },
    onRcptTo: ({ address }, _session, callback) => {
      heard.push('RCPT');
      const answer = answerTo?.(address);
      callback(answer === undefined ? undefined : replyWith(answer));
    },
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const source = Buffer.concat(chunks).toString('utf8');
        const { mailFrom, rcptTo } = session.envelope;
        const mail: TakenMail = {
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          source,
          headers: readHeaders(source),
          isSecure: session.secure,
          user: session.user,
        };
        const answer = answerMail?.(mail);
        if (answer === undefined) taken.push(mail);
        callback(answer === undefined ? null : replyWith(answer));
      });
    },
    ...more,
  });
  // Of clients that go away in the midst of it.
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return { port, taken, heard, stop: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** The fields of a mail's head; of a name that comes twice both, told apart by a line's end. */
export function readHeaders(source: string): ReadonlyMap<string, string> {
  const head = source.slice(0, source.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ');
  const fields = new Map<string, string>();
  for (const line of head.split('\r\n')) {
    const at = line.indexOf(':');
    const name = line.slice(0, at).toLowerCase();
    const value = decodeWords(line.slice(at + 1).trim());
    fields.set(name, fields.has(name) ? `${fields.get(name) ?? ''}\n${value}` : value);
  }
  return fields;
}

/** RFC 2047: blanks between two encoded words are none. */
export function decodeWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([BQ])\?([^?]*)\?=/gi, (_word, encoding: string, data: string) =>
      encoding.toUpperCase() === 'B'
        ? Buffer.from(data, 'base64').toString('latin1')
        : data
            .replace(/_/g, ' ')
            .replace(/=([\dA-F]{2})/gi, (_byte, hex: string) => String.fromCharCode(Number(`0x${hex}`))),
    )
    .replace(/[\u0080-\u00ff]+/g, (bytes) => Buffer.from(bytes, 'latin1').toString('utf8'));
}

function replyWith(answer: string): Error {
  const [code = '', ...rest] = answer.split(' ');
  return Object.assign(new Error(rest.join(' ')), { responseCode: Number(code) });
}
