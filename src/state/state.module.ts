import { Global, Module } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { Metrics } from '../metrics/index.js';
import { LOGGER, type Logger } from '../trace/index.js';
import { WORKER_PLACE, type WorkerPlace } from '../workers/index.js';
import { connectRedis } from './connect-redis.js';
import { LinkedState } from './linked-state.js';
import { MemoryState } from './memory-state.js';
import type { RedisConnection } from './redis-connection.js';
import { RedisState } from './redis-state.js';
import { REDIS, SHARED_STATE } from './shared-state.js';

@Global()
@Module({
  providers: [
    {
      provide: REDIS,
      inject: [CONFIG, LOGGER, Metrics],
      useFactory: async ({ redis }: GatewayConfig, logger: Logger, metrics: Metrics) => {
        const made = redis.url === undefined ? undefined : await connectRedis(redis.url, logger);
        metrics.sampled('gauge', 'donna_redis_up', 'Whether Redis answers. Only with REDIS_URL.', [], () =>
          made === undefined ? [] : [[[], Number(made.isUp)]],
        );
        return made;
      },
    },
    {
      provide: SHARED_STATE,
      inject: [
        { token: REDIS, optional: true },
        { token: WORKER_PLACE, optional: true },
      ],
      useFactory: (redis: RedisConnection | undefined, place: WorkerPlace | undefined) => {
        if (redis !== undefined) return new RedisState(redis);
        return place === undefined ? new MemoryState() : new LinkedState(place.link);
      },
    },
  ],
  exports: [REDIS, SHARED_STATE],
})
export class StateModule {}
