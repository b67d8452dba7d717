import { Global, Module } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { loggerOf } from './logger.js';
import { LOGGER } from './logger.token.js';
import { TraceBook } from './trace-book.js';

@Global()
@Module({
  providers: [
    { provide: LOGGER, inject: [CONFIG], useFactory: (config: GatewayConfig) => loggerOf(config) },
    { provide: TraceBook, useFactory: () => new TraceBook() },
  ],
  exports: [LOGGER, TraceBook],
})
export class TraceModule {}
