import { Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { RealtimeProvider } from '../realtime/index.js';
import { NativeHandler } from '../routing/index.js';
import type { SessionView } from './admin-api.js';
import { adminRequest } from './admin-request.js';
import { ThisInstance } from './this-instance.js';

/** Who is signed in at the dashboard, and at which instance. For administrators. */
@Controller()
export class SessionController {
  constructor(
    @Inject(CONFIG) private readonly config: GatewayConfig,
    @Inject(RealtimeProvider) private readonly realtime: RealtimeProvider,
    @Inject(ThisInstance) private readonly instance: ThisInstance,
  ) {}

  @NativeHandler('admin.session')
  @Header('Cache-Control', 'no-store')
  show(@Req() req: IncomingMessage): SessionView {
    const { subject, via } = adminRequest(req).admin;
    const { version, environment } = this.config;
    const { id: instance, startedAt } = this.instance;
    return {
      subject,
      via,
      gateway: { version, environment, instance, startedAt, isRealtimeOn: this.realtime.isOn },
    };
  }
}
