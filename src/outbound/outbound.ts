import { Inject, Injectable, Optional } from '@nestjs/common';
import { GatewayError } from '../contract/index.js';
import { type Mail, MailTransport } from './mail.js';
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
   * Sends a mail; in a dry run it is recorded.
   * @throws GatewayError MAIL_NOT_CONFIGURED without SMTP; what the transport throws; OutboundRefusedError after a dry run
   */
  async sendMail(mail: Mail): Promise<void> {
    const recording = currentRecording();
    if (recording !== undefined) recording.add(describeMail(mail));
    else if (this.mail === undefined) throw new GatewayError('MAIL_NOT_CONFIGURED');
    else await this.mail.send(mail);
  }

  /** Whether calls are recorded instead of made. */
  get isRecording(): boolean {
    return currentRecording() !== undefined;
  }
}
