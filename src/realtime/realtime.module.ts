import { type DynamicModule, Module } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { LOGGER, type Logger } from '../trace/index.js';
import { RealtimeProvider } from './realtime-provider.js';
import { ClientSecretIssuer } from './token/client-secret.issuer.js';
import { RealtimeTokenController } from './token/token.controller.js';

@Module({})
export class RealtimeModule {
  /** @param stubOrigin where the providers' stand-in answers, if there is one */
  static forRoot(stubOrigin: string | undefined): DynamicModule {
    return {
      module: RealtimeModule,
      global: true,
      controllers: [RealtimeTokenController],
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
      ],
      exports: [RealtimeProvider],
    };
  }
}
