import { Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { NativeHandler } from '../routing/index.js';
import { STEP_S, TrafficWatch } from '../watch/index.js';
import type { OverviewView } from './admin-api.js';
import { adminRequest } from './admin-request.js';
import { OverviewReader } from './live/overview-reader.js';

/** The traffic of the last hour, and how this instance is. For administrators. */
@Controller()
export class OverviewController {
  constructor(
    @Inject(OverviewReader) private readonly reader: OverviewReader,
    @Inject(TrafficWatch) private readonly traffic: TrafficWatch,
  ) {}

  @NativeHandler('admin.overview')
  @Header('Cache-Control', 'no-store')
  show(@Req() req: IncomingMessage): OverviewView {
    adminRequest(req);
    return { stepS: STEP_S, points: this.traffic.points(), ...this.reader.state() };
  }
}
