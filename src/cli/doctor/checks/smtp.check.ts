import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { GatewayConfig } from '../../../config/index.js';
import { type Check, type CheckResult, fault, ok } from '../check.js';
import { describeError } from '../describe-error.js';
import type { DoctorFacts } from '../doctor-facts.js';
import { findConnection, judgeCertificate, openTcp, openTls } from './connection.js';
import { SmtpDialog } from './smtp-dialog.js';

const WHOSE = 'SMTP_HOST and SMTP_PORT';
type Smtp = NonNullable<GatewayConfig['mail']['smtp']>;

/** The mail server: connection, TLS with its certificate, and whether it takes logins. Nothing is sent, nobody logs in. */
export function smtpChecks({ config }: DoctorFacts): readonly Check[] {
  const { smtp } = config.mail;
  if (smtp === undefined) return [];
  return [{ name: nameOf(smtp), run: (signal) => look(smtp, signal) }];
}

async function* look(smtp: Smtp, signal: AbortSignal): AsyncGenerator<CheckResult> {
  const name = nameOf(smtp);
  if (!(yield* findConnection(name, smtp, WHOSE, signal))) return;
  const ca = smtp.caFile === undefined ? {} : { ca: readFileSync(smtp.caFile, 'utf8') };
  let socket: Socket | undefined;
  try {
    let tls: TLSSocket;
    if (smtp.implicitTls) {
      tls = await openTls(smtp, signal, ca);
      socket = tls;
      await new SmtpDialog(tls).greet();
    } else {
      socket = await openTcp(smtp, signal);
      const plain = new SmtpDialog(socket);
      await plain.greet();
      if (!(await plain.hello()).includes('STARTTLS')) {
        yield fault(
          name,
          'offers no STARTTLS: mail and password would travel in plain text',
          'use port 465, or a server that has TLS',
        );
        return;
      }
      await plain.startTls();
      tls = await openTls(smtp, signal, { socket, ...ca });
      socket = tls;
    }
    const certificate = judgeCertificate(`${name} certificate`, tls, WHOSE);
    yield certificate;
    if (certificate.state === 'fault') return;
    const dialog = new SmtpDialog(tls);
    yield judgeLogin(name, await dialog.hello(), smtp);
    await dialog.quit();
  } catch (error) {
    yield fault(name, describeError(error), `see whether a mail server serves there, or correct ${WHOSE}`);
  } finally {
    socket?.destroy();
  }
}

function judgeLogin(name: string, extensions: readonly string[], { login }: Smtp): CheckResult {
  const methods = extensions.find((line) => /^AUTH[ =]/.test(line))?.slice(5);
  if (login === undefined) return ok(name, 'answers over TLS; no login is set');
  if (methods === undefined)
    return fault(
      name,
      'takes no login (AUTH is not offered)',
      'leave SMTP_USER and SMTP_PASS unset, or correct the server',
    );
  return ok(name, `answers over TLS, takes logins by ${methods}; the login is not tried`);
}

function nameOf({ host, port }: Smtp): string {
  return `smtp ${host}:${port}`;
}
