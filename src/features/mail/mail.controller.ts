import { Controller, HttpCode, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { ApplicationCalls } from '../../auth/index.js';
import { EnvelopeFields, GatewayError, parseNativeBody } from '../../contract/index.js';
import { type Mail, MailTransport } from '../../outbound/index.js';
import { NativeHandler } from '../../routing/index.js';
import { exchangeOf } from '../../trace/index.js';
import { readMailCall } from './mail-call.js';

/** Takes the mail of the PHP application: a signed call, nobody else's. */
@Controller()
export class MailController {
  constructor(
    @Inject(ApplicationCalls) private readonly calls: ApplicationCalls,
    @Inject(MailTransport) private readonly mail: MailTransport,
  ) {}

  @NativeHandler('mail.send')
  @HttpCode(202)
  async send(@Req() req: IncomingMessage): Promise<EnvelopeFields> {
    const exchange = exchangeOf(req);
    if (exchange === undefined) throw new GatewayError('INTERNAL');
    await this.calls.demand(exchange);
    const body = parseNativeBody(exchange);
    if (body instanceof GatewayError) throw body;
    const { mail, idempotencyKey, owner } = readMailCall(body.value);
    // What is no mail is told by whoever takes it.
    const { messageId, status } = await this.mail.send(mail as Mail, {
      caller: 'php',
      idempotencyKey,
      owner,
      traceId: exchange.traceId,
    });
    return new EnvelopeFields({ message_id: messageId, status });
  }
}
