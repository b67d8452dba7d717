import { Body, Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../contract/index.js';
import { DatabaseUnavailableError } from '../database/index.js';
import { MailDesk, type MailView } from '../outbound/index.js';
import { NativeHandler } from '../routing/index.js';
import { adminRequest, pathTail, readFields } from './admin-request.js';
import { ReasonDto } from './stage.dto.js';

const RETRY = '/retry';

/** Mail that waits or could not be sent, and what is done about it. For administrators; of nobody's mail is anything said. */
@Controller()
export class MailController {
  constructor(@Inject(MailDesk) private readonly desk: MailDesk) {}

  @NativeHandler('admin.mail')
  @Header('Cache-Control', 'no-store')
  async list(@Req() req: IncomingMessage): Promise<{ isKnown: boolean; mails: readonly MailView[] }> {
    adminRequest(req);
    const { isKnown } = this.desk;
    return { isKnown, mails: isKnown ? await asking(this.desk.list()) : [] };
  }

  @NativeHandler('admin.mail.retry')
  @Header('Cache-Control', 'no-store')
  async retry(@Req() req: IncomingMessage, @Body() body: unknown): Promise<{ id: string; state: 'queued' }> {
    const { exchange, admin } = adminRequest(req);
    const { reason } = readFields(body, ReasonDto, ['reason']);
    const tail = pathTail(exchange);
    const id = tail.endsWith(RETRY) ? tail.slice(0, -RETRY.length) : '';
    const isFound = await asking(this.desk.retry(id, { by: admin.subject, reason: reason.trim() }));
    if (!isFound) throw noDeadLetter();
    return { id, state: 'queued' };
  }

  @NativeHandler('admin.mail.drop')
  @Header('Cache-Control', 'no-store')
  async drop(@Req() req: IncomingMessage, @Body() body: unknown): Promise<{ id: string; state: 'dropped' }> {
    const { exchange, admin } = adminRequest(req);
    const { reason } = readFields(body, ReasonDto, ['reason']);
    const id = pathTail(exchange);
    const isFound = await asking(this.desk.drop(id, { by: admin.subject, reason: reason.trim() }));
    if (!isFound) throw noDeadLetter();
    return { id, state: 'dropped' };
  }
}

function noDeadLetter(): GatewayError {
  return new GatewayError('NOT_FOUND', { error: 'There is no dead letter of this id: see the list of mail.' });
}

async function asking<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof DatabaseUnavailableError)) throw error;
    throw new GatewayError('UPSTREAM_UNAVAILABLE', {
      error: 'The database gave no answer: look at the list again before you decide a second time.',
      headers: { 'Retry-After': '2' },
    });
  }
}
