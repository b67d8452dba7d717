import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CONFIG, type GatewayConfig } from '../../config/index.js';
import { GatewayError } from '../../contract/index.js';
import { compileTrust, plainAddress } from '../../edge/index.js';
import { Metrics } from '../../metrics/index.js';
import { NativeHandler } from '../../routing/index.js';
import { exchangeOf } from '../../trace/index.js';
import { writeMetrics } from './write-metrics.js';

/** What a proxy says of its client; `X-Forwarded-Proto` alone says nothing of who asks. */
const REPORTS = ['x-forwarded-for', 'forwarded', 'x-real-ip'] as const;

/** `/metrics` on the gateway's own port: for METRICS_ALLOW, and for nobody where METRICS_PORT gives it a port of its own. */
@Controller()
export class MetricsController {
  private readonly isAllowed: (address: string) => boolean;
  private readonly isTrusted: (address: string) => boolean;

  constructor(
    @Inject(CONFIG) { http, metrics: { port, allow } }: GatewayConfig,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {
    this.isAllowed = port === undefined ? compileTrust(allow) : () => false;
    this.isTrusted = compileTrust(http.trustedProxies);
  }

  @NativeHandler('metrics')
  async show(@Req() req: IncomingMessage, @Res() res: ServerResponse): Promise<void> {
    const address = exchangeOf(req)?.client.address ?? '';
    // As an address that is none: whoever may not read it need not know that it is there.
    if (!this.isAllowed(address) || this.isHearsay(req)) throw new GatewayError('NOT_FOUND');
    await writeMetrics(res, this.metrics);
  }

  /** A proxy on this machine that nobody has named asks for somebody else: its own address says nothing. */
  private isHearsay({ headers, socket }: IncomingMessage): boolean {
    return (
      REPORTS.some((name) => headers[name] !== undefined) && !this.isTrusted(plainAddress(socket.remoteAddress ?? ''))
    );
  }
}
