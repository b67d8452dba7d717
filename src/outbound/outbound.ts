import { Inject, Injectable, Optional } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { GatewayError } from '../contract/index.js';
import { type Mail, type MailFacts, type MailReceipt, MailTransport } from './mail/mail.js';
import { describeMail, describeRequest } from './outbound-call.js';
import { currentRecording } from './outbound-recording.js';

const WITHIN_MS = 10_000;

/**
 * How native handlers reach the world outside: HTTP calls and mail. In a dry run they are recorded instead of sent, and what
 * calls past it is refused. Inject it by this class.
 */
@Injectable()
export class Outbound {
  constructor(@Optional() @Inject(MailTransport) private readonly mail?: MailTransport) {}

  /**
   * As global `fetch`, given up after 10 s unless `init.signal` says otherwise. In a dry run nothing is asked: the answer is 200
   * with an empty JSON object, so that a handler which reads more of it needs a case of its own (`isRecording`).
   * @throws TypeError when there is no answer; OutboundRefusedError after a dry run
   */
  async fetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const recording = currentRecording();
    if (recording === undefined) return fetch(url, { signal: AbortSignal.timeout(WITHIN_MS), ...init });
    const request = new Request(url, init);
    const body = Buffer.from(await request.arrayBuffer());
    const contentType = request.headers.get('content-type') ?? '';
    recording.add(describeRequest(request.method, new URL(request.url), body, contentType));
    return Response.json({});
  }

  /**
   * Queues a mail that will be sent; in a dry run it is recorded, under an id of nobody's.
   * @throws GatewayError MAIL_NOT_CONFIGURED without SMTP; what the transport throws; OutboundRefusedError after a dry run
   */
  async sendMail(mail: Mail, facts?: MailFacts): Promise<MailReceipt> {
    const recording = currentRecording();
    if (recording !== undefined) {
      recording.add(describeMail(mail));
      return { messageId: `<${randomUUID()}@dry-run.invalid>`, status: 'queued' };
    }
    if (this.mail === undefined) throw new GatewayError('MAIL_NOT_CONFIGURED');
    return this.mail.send(mail, facts);
  }

  /** Whether calls are recorded instead of made. */
  get isRecording(): boolean {
    return currentRecording() !== undefined;
  }
}
