import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ThrottlerStorage } from '@nestjs/throttler';
import { AuthModule } from './auth/index.js';
import { CONFIG, ConfigModule, type GatewayConfig } from './config/index.js';
import { ContractModule } from './contract/index.js';
import { DrainState, EdgeModule } from './edge/index.js';
import { HealthModule, ReservedModule } from './features/index.js';
import { ForwardModule, Upstreams } from './forward/index.js';
import { FrontDoor } from './front-door.js';
import { type NativeRouter, Pipeline } from './pipeline.js';
import { ThrottleModule } from './throttle/index.js';
import { LOGGER, type Logger, TraceModule } from './trace/index.js';

@Module({})
export class AppModule {
  /** The whole gateway for one configuration; `features` are modules with native handlers beside the built-in ones. */
  static for(config: GatewayConfig, features: readonly Type[] = []): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        TraceModule,
        EdgeModule,
        AuthModule,
        ThrottleModule,
        ContractModule,
        ForwardModule,
        HealthModule,
        ReservedModule,
        ...features,
      ],
      providers: [
        {
          provide: Pipeline,
          inject: [CONFIG, ThrottlerStorage, Upstreams, HttpAdapterHost],
          useFactory: (slice: GatewayConfig, storage: ThrottlerStorage, upstreams: Upstreams, host: HttpAdapterHost) =>
            new Pipeline(slice, storage, upstreams, (req, res) =>
              (host.httpAdapter.getInstance() as NativeRouter)(req, res),
            ),
        },
        {
          provide: FrontDoor,
          inject: [CONFIG, Pipeline, DrainState, LOGGER],
          useFactory: (slice: GatewayConfig, pipeline: Pipeline, drain: DrainState, logger: Logger) =>
            new FrontDoor(slice, pipeline, drain, logger),
        },
      ],
    };
  }
}
