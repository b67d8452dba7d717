import { type DynamicModule, Module } from '@nestjs/common';
import { AuthModule, JwtVerifier } from '../auth/index.js';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { DrainState, EdgeModule, UpgradeHandlers } from '../edge/index.js';
import { Metrics } from '../metrics/index.js';
import { PLACES, type Places, ThrottleModule } from '../throttle/index.js';
import { LOGGER, type Logger } from '../trace/index.js';
import { RealtimeAssetsController } from './delivery/assets.controller.js';
import { RealtimeMetrics } from './realtime-metrics.js';
import { RealtimeProvider } from './realtime-provider.js';
import { RealtimeStatus } from './realtime-status.js';
import { RealtimeSocketController } from './socket/realtime-socket.controller.js';
import { SocketEntrance } from './socket/socket-entrance.js';
import { SOCKET_LIMITS } from './socket/socket-limits.js';
import { ClientSecretIssuer } from './token/client-secret.issuer.js';
import { RealtimeTokenController } from './token/token.controller.js';

@Module({})
export class RealtimeModule {
  /** @param stubOrigin where the providers' stand-in answers, if there is one */
  static forRoot(stubOrigin: string | undefined): DynamicModule {
    return {
      module: RealtimeModule,
      global: true,
      imports: [AuthModule, EdgeModule, ThrottleModule],
      controllers: [RealtimeAssetsController, RealtimeTokenController, RealtimeSocketController],
      providers: [
        {
          provide: RealtimeProvider,
          inject: [CONFIG],
          useFactory: ({ providers }: GatewayConfig) => new RealtimeProvider(providers.openai, stubOrigin),
        },
        {
          provide: ClientSecretIssuer,
          inject: [RealtimeProvider, CONFIG, LOGGER],
          useFactory: (provider: RealtimeProvider, { realtime }: GatewayConfig, logger: Logger) =>
            new ClientSecretIssuer(provider, realtime, logger),
        },
        {
          provide: RealtimeMetrics,
          inject: [Metrics],
          useFactory: (metrics: Metrics) => new RealtimeMetrics(metrics),
        },
        {
          provide: SocketEntrance,
          inject: [CONFIG, RealtimeProvider, DrainState, JwtVerifier, RealtimeMetrics, LOGGER, UpgradeHandlers, PLACES],
          useFactory: (
            { realtime: settings }: GatewayConfig,
            provider: RealtimeProvider,
            drain: DrainState,
            jwt: JwtVerifier,
            metrics: RealtimeMetrics,
            logger: Logger,
            upgrades: UpgradeHandlers,
            places: Places,
          ) => {
            const session = { jwt, metrics, logger };
            const entrance = new SocketEntrance({ settings, provider, drain, limits: SOCKET_LIMITS, session, places });
            metrics.countSessions(() => entrance.count);
            upgrades.register('realtime.socket', entrance);
            return entrance;
          },
        },
        {
          provide: RealtimeStatus,
          inject: [CONFIG, RealtimeProvider, SocketEntrance, RealtimeMetrics],
          useFactory: (
            { realtime }: GatewayConfig,
            provider: RealtimeProvider,
            entrance: SocketEntrance,
            metrics: RealtimeMetrics,
          ) => new RealtimeStatus(realtime.wsProxyEnabled && provider.isOn, entrance, metrics),
        },
      ],
      exports: [RealtimeProvider, RealtimeStatus],
    };
  }
}
