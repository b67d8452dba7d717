import { Global, Module } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { Metrics } from '../metrics/index.js';
import { LOGGER, type Logger } from '../trace/index.js';
import { connectRedis } from './connect-redis.js';
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
      inject: [{ token: REDIS, optional: true }],
      useFactory: (redis: RedisConnection | undefined) =>
        redis === undefined ? new MemoryState() : new RedisState(redis),
    },
  ],
  exports: [REDIS, SHARED_STATE],
})
export class StateModule {}
