import { Global, Module } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { standardOutput } from '../trace/index.js';
import { WORKER_PLACE, type WorkerPlace } from '../workers/index.js';
import { Metrics } from './metrics.js';
import { ALL_METRICS, OWN_METRICS } from './metrics-desk.js';
import { OutcomeMetrics } from './outcome-metrics.js';
import { measureProcess } from './process-metrics.js';
import { RequestMetrics } from './request-metrics.js';
import { RequestWatch } from './request-watch.js';

/** Milliseconds for the metrics of all processes. */
const ALL_WITHIN_MS = 3000;

@Global()
@Module({
  providers: [
    {
      provide: Metrics,
      inject: [CONFIG, { token: WORKER_PLACE, optional: true }],
      useFactory: (config: GatewayConfig, place: WorkerPlace | undefined) => {
        const metrics = new Metrics();
        place?.link.handle(OWN_METRICS, () => metrics.renderOwn());
        if (place !== undefined) metrics.addUp(() => place.link.ask(ALL_METRICS, null, { withinMs: ALL_WITHIN_MS }));
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
