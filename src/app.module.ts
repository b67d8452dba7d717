import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ThrottlerStorage } from '@nestjs/throttler';
import { AuthModule, JwtVerifier, SignatureVerifier } from './auth/index.js';
import { CONFIG, ConfigModule, type GatewayConfig } from './config/index.js';
import { ContractModule } from './contract/index.js';
import { DrainState, EdgeModule } from './edge/index.js';
import { HealthModule, ReservedModule } from './features/index.js';
import { ForwardModule, Upstreams } from './forward/index.js';
import { FrontDoor } from './front-door.js';
import { Pipeline } from './pipeline.js';
import type { NativeRouter } from './pipeline-steps.js';
import { StateModule } from './state/index.js';
import { ConcurrencyLimiter, ThrottleModule } from './throttle/index.js';
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
        StateModule,
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
          inject: [
            CONFIG,
            ThrottlerStorage,
            ConcurrencyLimiter,
            JwtVerifier,
            SignatureVerifier,
            Upstreams,
            HttpAdapterHost,
          ],
          useFactory: (
            slice: GatewayConfig,
            throttler: ThrottlerStorage,
            concurrency: ConcurrencyLimiter,
            jwt: JwtVerifier,
            signatures: SignatureVerifier,
            upstreams: Upstreams,
            host: HttpAdapterHost,
          ) => {
            const native: NativeRouter = (req, res) => (host.httpAdapter.getInstance() as NativeRouter)(req, res);
            return new Pipeline({ config: slice, throttler, concurrency, jwt, signatures, upstreams, native });
          },
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
