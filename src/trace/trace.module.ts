import { Global, Module } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { createLogger } from './logger.js';
import { LOGGER } from './logger.token.js';

@Global()
@Module({
  providers: [
    { provide: LOGGER, inject: [CONFIG], useFactory: (config: GatewayConfig) => createLogger(config.log.level) },
  ],
  exports: [LOGGER],
})
export class TraceModule {}
