import { Global, Module } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { standardOutput } from '../trace/index.js';
import { Metrics } from './metrics.js';
import { OutcomeMetrics } from './outcome-metrics.js';
import { measureProcess } from './process-metrics.js';
import { RequestMetrics } from './request-metrics.js';
import { RequestWatch } from './request-watch.js';

@Global()
@Module({
  providers: [
    {
      provide: Metrics,
      inject: [CONFIG],
      useFactory: (config: GatewayConfig) => {
        const metrics = new Metrics();
        measureProcess(metrics, config, () => standardOutput().leftOutTotal);
        return metrics;
      },
    },
    {
      provide: RequestWatch,
      inject: [Metrics],
      useFactory: (metrics: Metrics) => {
        const watch = new RequestWatch();
        watch.add(new RequestMetrics(metrics).observe);
        watch.add(new OutcomeMetrics(metrics).observe);
        metrics.sampled(
          'counter',
          'donna_http_unreadable_total',
          'What came in and could not be read as a request, by the error code of its answer.',
          ['code'],
          () => watch.unreadable.samples(),
        );
        return watch;
      },
    },
  ],
  exports: [Metrics, RequestWatch],
})
export class MetricsModule {}
