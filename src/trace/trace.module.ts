import { Global, Module } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { loggerOf } from './logger.js';
import { LOGGER } from './logger.token.js';

@Global()
@Module({
  providers: [{ provide: LOGGER, inject: [CONFIG], useFactory: (config: GatewayConfig) => loggerOf(config) }],
  exports: [LOGGER],
})
export class TraceModule {}
