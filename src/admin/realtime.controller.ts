import { Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { RealtimeStatus } from '../realtime/index.js';
import { NativeHandler } from '../routing/index.js';
import type { RealtimeView } from './admin-api.js';
import { adminRequest } from './admin-request.js';
import { PseudonymousViews } from './live/pseudonymous-views.js';

/** The realtime part: sessions, how they ended, how long things took. For administrators; of nobody is the name told. */
@Controller()
export class RealtimeController {
  constructor(
    @Inject(RealtimeStatus) private readonly status: RealtimeStatus,
    @Inject(PseudonymousViews) private readonly views: PseudonymousViews,
  ) {}

  @NativeHandler('admin.realtime')
  @Header('Cache-Control', 'no-store')
  async show(@Req() req: IncomingMessage): Promise<RealtimeView> {
    adminRequest(req);
    return this.views.realtime(await this.status.read());
  }
}
