import { Controller, Inject } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../../config/index.js';
import { GatewayError } from '../../contract/index.js';
import { NativeHandler } from '../../routing/index.js';
import { RealtimeProvider } from '../realtime-provider.js';

/** `/realtime` asked without an upgrade; upgrades go to the socket entrance. */
@Controller()
export class RealtimeSocketController {
  constructor(
    @Inject(CONFIG) private readonly config: GatewayConfig,
    @Inject(RealtimeProvider) private readonly provider: RealtimeProvider,
  ) {}

  @NativeHandler('realtime.socket')
  refuse(): never {
    if (!this.config.realtime.wsProxyEnabled || !this.provider.isOn) throw new GatewayError('REALTIME_DISABLED');
    throw new GatewayError('BAD_REQUEST', {
      status: 426,
      error: 'This address speaks WebSocket only.',
      headers: { Upgrade: 'websocket', Connection: 'Upgrade' },
    });
  }
}
