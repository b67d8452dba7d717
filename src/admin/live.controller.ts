import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NativeHandler } from '../routing/index.js';
import { adminRequest } from './admin-request.js';
import { LiveHub } from './live/live-hub.js';

/** What happens at this instance, as server-sent events. For administrators. */
@Controller()
export class LiveController {
  constructor(@Inject(LiveHub) private readonly hub: LiveHub) {}

  /** Nest is told of the response so that it leaves it alone. */
  @NativeHandler('admin.live')
  stream(@Req() req: IncomingMessage, @Res() _res: ServerResponse): void {
    const { exchange, admin } = adminRequest(req);
    const refusal = this.hub.open(exchange, admin);
    if (refusal !== undefined) throw refusal;
  }
}
