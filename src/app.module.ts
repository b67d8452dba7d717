import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AdminModule } from './admin/index.js';
import { AuthModule, JwtVerifier, SignatureVerifier } from './auth/index.js';
import { CacheModule, ResponseCache } from './cache/index.js';
import { CONFIG, ConfigModule, type GatewayConfig } from './config/index.js';
import { ContractModule } from './contract/index.js';
import { DatabaseModule } from './database/index.js';
import { DrainState, EdgeModule, UpgradeHandlers } from './edge/index.js';
import { ErrorsModule } from './errors/index.js';
import {
  ArmCounters,
  EvidenceBook,
  Mirror,
  NativeTurns,
  Recorder,
  RecordModule,
  StageModule,
  WriteMirror,
} from './experiment/index.js';
import {
  AuthTokenModule,
  ChatbotSettingsModule,
  ConversationsModule,
  CspReportModule,
  HealthModule,
  InternalModule,
  MailModule,
  MetricsEndpointModule,
  VoiceModule,
} from './features/index.js';
import { ForwardModule, Upstreams } from './forward/index.js';
import { FrontDoor } from './front-door.js';
import { MetricsModule, RequestWatch } from './metrics/index.js';
import { OpenApiModule } from './openapi/index.js';
import { OutboundModule } from './outbound/index.js';
import { NativeRoutes } from './native-routes.js';
import { Pipeline } from './pipeline.js';
import { RealtimeModule, RealtimeProvider } from './realtime/index.js';
import { PersonsModule } from './persons/index.js';
import { OwnerEffectsSource, ReplicationModule } from './replication/index.js';
import { RetentionModule } from './retention/index.js';
import { SecretsModule, SecretWatch } from './secrets/index.js';
import { SHARED_STATE, type SharedState, StateModule } from './state/index.js';
import { ConcurrencyLimiter, RateLimits, ThrottleModule } from './throttle/index.js';
import { TelemetryModule } from './telemetry/index.js';
import { LOGGER, type Logger, TraceModule } from './trace/index.js';
import { type WorkerPlace, WorkersModule } from './workers/index.js';

export interface AppOptions {
  /** Where the providers' stand-in answers, for a configuration that says `stub`. */
  readonly stubOrigin?: string | undefined;
  /** Modules with native handlers beside the built-in ones. */
  readonly features?: readonly Type[];
  /** Where several processes serve. */
  readonly place?: WorkerPlace | undefined;
}

@Module({})
export class AppModule {
  /** The whole gateway for one configuration. */
  static for(config: GatewayConfig, { stubOrigin, features = [], place }: AppOptions = {}): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        WorkersModule.for(place),
        TraceModule,
        MetricsModule,
        ErrorsModule,
        TelemetryModule,
        StateModule,
        CacheModule,
        DatabaseModule,
        EdgeModule,
        AuthModule,
        ThrottleModule,
        ContractModule,
        SecretsModule,
        ForwardModule,
        OutboundModule,
        StageModule,
        PersonsModule,
        ReplicationModule,
        RetentionModule,
        RecordModule,
        AdminModule,
        AuthTokenModule,
        ChatbotSettingsModule,
        ConversationsModule,
        CspReportModule,
        HealthModule,
        MailModule,
        MetricsEndpointModule,
        InternalModule,
        OpenApiModule,
        VoiceModule,
        RealtimeModule.forRoot(stubOrigin),
        ...features,
      ],
      providers: [
        {
          provide: Pipeline,
          inject: [
            CONFIG,
            RateLimits,
            ConcurrencyLimiter,
            JwtVerifier,
            SignatureVerifier,
            Upstreams,
            SecretWatch,
            SHARED_STATE,
            ArmCounters,
            EvidenceBook,
            NativeTurns,
            Mirror,
            Recorder,
            WriteMirror,
            ResponseCache,
            OwnerEffectsSource,
            RealtimeProvider,
            HttpAdapterHost,
          ],
          useFactory: (
            slice: GatewayConfig,
            limits: RateLimits,
            concurrency: ConcurrencyLimiter,
            jwt: JwtVerifier,
            signatures: SignatureVerifier,
            upstreams: Upstreams,
            secrets: SecretWatch,
            state: SharedState,
            arms: ArmCounters,
            evidence: EvidenceBook,
            turns: NativeTurns,
            mirror: Mirror,
            recorder: Recorder,
            writes: WriteMirror,
            cache: ResponseCache,
            effects: OwnerEffectsSource,
            realtime: RealtimeProvider,
            host: HttpAdapterHost,
          ) => {
            writes.connect(effects);
            const routes = new NativeRoutes(() => host.httpAdapter.getInstance());
            return new Pipeline({
              config: slice,
              limits,
              concurrency,
              jwt,
              signatures,
              upstreams,
              secrets,
              state,
              arms,
              evidence,
              turns,
              mirror,
              recorder,
              writes,
              cache,
              native: routes.handle,
              connectTo: realtime.origins,
            });
          },
        },
        {
          provide: FrontDoor,
          inject: [CONFIG, Pipeline, DrainState, LOGGER, UpgradeHandlers, RequestWatch],
          useFactory: (
            slice: GatewayConfig,
            pipeline: Pipeline,
            drain: DrainState,
            logger: Logger,
            upgrades: UpgradeHandlers,
            watch: RequestWatch,
          ) => new FrontDoor(slice, pipeline, drain, logger, upgrades, watch),
        },
      ],
    };
  }
}
