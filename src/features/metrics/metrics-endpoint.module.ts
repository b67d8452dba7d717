import { Module } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../../config/index.js';
import { Metrics } from '../../metrics/index.js';
import { LOGGER, type Logger } from '../../trace/index.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsListener } from './metrics.listener.js';

@Module({
  controllers: [MetricsController],
  providers: [
    {
      provide: MetricsListener,
      inject: [CONFIG, Metrics, LOGGER],
      useFactory: (config: GatewayConfig, metrics: Metrics, logger: Logger) =>
        new MetricsListener(config, metrics, logger),
    },
  ],
})
export class MetricsEndpointModule {}
