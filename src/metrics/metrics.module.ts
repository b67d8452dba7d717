import { Global, Module } from '@nestjs/common';
import { Metrics } from './metrics.js';
import { RequestMetrics } from './request-metrics.js';

@Global()
@Module({
  providers: [
    Metrics,
    { provide: RequestMetrics, inject: [Metrics], useFactory: (metrics: Metrics) => new RequestMetrics(metrics) },
  ],
  exports: [Metrics, RequestMetrics],
})
export class MetricsModule {}
