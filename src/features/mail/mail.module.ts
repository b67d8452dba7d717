import { Module } from '@nestjs/common';
import { AuthModule } from '../../auth/index.js';
import { OutboundModule } from '../../outbound/index.js';
import { MailController } from './mail.controller.js';

@Module({ imports: [AuthModule, OutboundModule], controllers: [MailController] })
export class MailModule {}
