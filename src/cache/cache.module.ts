import { Global, Module } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { Metrics } from '../metrics/index.js';
import { REDIS, type RedisConnection, SHARED_STATE, type SharedState } from '../state/index.js';
import { ResponseCache } from './response-cache.js';

@Global()
@Module({
  providers: [
    {
      provide: ResponseCache,
      inject: [CONFIG, SHARED_STATE, { token: REDIS, optional: true }, Metrics],
      useFactory: (config: GatewayConfig, state: SharedState, redis: RedisConnection | undefined, metrics: Metrics) =>
        new ResponseCache(config, state, redis, metrics),
    },
  ],
  exports: [ResponseCache],
})
export class CacheModule {}
