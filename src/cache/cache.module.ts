import { Global, Module } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { Metrics } from '../metrics/index.js';
import { REDIS, type RedisConnection, SHARED_STATE, type SharedState } from '../state/index.js';
import { WORKER_PLACE, type WorkerPlace } from '../workers/index.js';
import { ResponseCache } from './response-cache.js';

@Global()
@Module({
  providers: [
    {
      provide: ResponseCache,
      inject: [
        CONFIG,
        SHARED_STATE,
        { token: REDIS, optional: true },
        Metrics,
        { token: WORKER_PLACE, optional: true },
      ],
      useFactory: (
        config: GatewayConfig,
        state: SharedState,
        redis: RedisConnection | undefined,
        metrics: Metrics,
        place: WorkerPlace | undefined,
      ) => new ResponseCache(config, state, redis, metrics, place !== undefined),
    },
  ],
  exports: [ResponseCache],
})
export class CacheModule {}
