import { Module } from '@nestjs/common';
import { Metrics } from '../metrics/index.js';
import { measureUpstreams } from './upstream/upstream-metrics.js';
import { Upstreams } from './upstream/upstreams.js';

@Module({
  providers: [
    {
      provide: Upstreams,
      inject: [Metrics],
      useFactory: (metrics: Metrics) => {
        const upstreams = new Upstreams();
        measureUpstreams(metrics, upstreams);
        return upstreams;
      },
    },
  ],
  exports: [Upstreams],
})
export class ForwardModule {}
