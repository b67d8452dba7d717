import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { GatewayConfig } from './gateway-config.js';

/** Injects the whole {@link GatewayConfig}; take a slice in the constructor or a factory. */
export const CONFIG = Symbol('CONFIG');

@Global()
@Module({})
export class ConfigModule {
  /** @param config as `loadConfig` returned it: it is frozen and shared. */
  static forRoot(config: GatewayConfig): DynamicModule {
    return { module: ConfigModule, providers: [{ provide: CONFIG, useValue: config }], exports: [CONFIG] };
  }
}
