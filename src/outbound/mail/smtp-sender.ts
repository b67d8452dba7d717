import { readFileSync } from 'node:fs';
import type { Transporter } from 'nodemailer';
import type { GatewayConfig } from '../../config/index.js';
import { composeMail, type OutgoingMail } from './compose-mail.js';
import { outcomeOfAnswer, outcomeOfError, type SmtpOutcome } from './smtp-outcome.js';

export type SmtpSettings = NonNullable<GatewayConfig['mail']['smtp']>;

/** Milliseconds of an attempt's phases, and of the whole. */
export interface SmtpTimes {
  /** From the look-up of the name to the end of TLS. */
  readonly connectMs: number;
  readonly greetingMs: number;
  /** Of silence. */
  readonly idleMs: number;
  readonly totalMs: number;
}

export const SMTP_TIMES: SmtpTimes = { connectMs: 15_000, greetingMs: 10_000, idleMs: 20_000, totalMs: 60_000 };

/** Bytes of a server's answer; real ones have some hundred. */
const MAX_ANSWER_BYTES = 65_536;
/** What nodemailer says where a machine has no full name: an address literal, which tells nothing of it (RFC 5321, section 4.1.3). */
const OWN_NAME = '[127.0.0.1]';

/**
 * Hands mail to the mail server of the configuration: TLS from the first byte on port 465, STARTTLS demanded elsewhere (RFC 8314), TLS 1.2
 * at least, the certificate verified with its name. Without that nothing is said, neither mail nor login. One connection a mail.
 */
export class SmtpSender {
  constructor(
    private readonly settings: SmtpSettings,
    private readonly times: SmtpTimes = SMTP_TIMES,
  ) {}

  /** Tries once. Never rejects. `signal` ends the attempt: what was handed over until then may have arrived. */
  async send(outgoing: OutgoingMail, signal: AbortSignal): Promise<SmtpOutcome> {
    try {
      // Anew each time: a CA file that was renewed counts at once.
      const transporter = await this.connectable();
      const info = (await transporter.sendMail({
        ...composeMail(outgoing, this.settings.from),
        signal: AbortSignal.any([signal, AbortSignal.timeout(this.times.totalMs)]),
      })) as { readonly rejectedErrors?: readonly unknown[] };
      return outcomeOfAnswer(info.rejectedErrors ?? []);
    } catch (error) {
      return outcomeOfError(outgoing.recipients, error);
    }
  }

  private async connectable(): Promise<Transporter> {
    const { host, port, implicitTls, login, caFile } = this.settings;
    const { connectMs, greetingMs, idleMs } = this.times;
    // Loaded when the first mail goes out.
    const { createTransport } = await import('nodemailer');
    return createTransport({
      host,
      port,
      name: OWN_NAME,
      secure: implicitTls,
      requireTLS: !implicitTls,
      ignoreTLS: false,
      tls: {
        minVersion: 'TLSv1.2',
        // Said outright: NODE_TLS_REJECT_UNAUTHORIZED is not to change it.
        rejectUnauthorized: true,
        ...(caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') }),
      },
      // A server that offers no login is not sent mail without one.
      ...(login === undefined ? {} : { auth: { user: login.user, pass: login.pass }, forceAuth: true }),
      connectionTimeout: connectMs,
      greetingTimeout: greetingMs,
      socketTimeout: idleMs,
      dnsTimeout: connectMs,
      socketCloseTimeout: 1000,
      maxResponseSize: MAX_ANSWER_BYTES,
      disableFileAccess: true,
      disableUrlAccess: true,
      logger: false,
      debug: false,
    }) as Transporter;
  }
}
