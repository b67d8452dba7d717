import { Module } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { RequestWatch } from '../metrics/index.js';
import { LOGGER, type Logger, TraceBook } from '../trace/index.js';
import type { TraceExport } from './otlp/trace-export.js';
import { Telemetry } from './telemetry.js';

/** What is made of a request's timeline once it has ended. */
@Module({
  providers: [
    {
      provide: Telemetry,
      inject: [CONFIG, LOGGER, RequestWatch, TraceBook],
      useFactory: async (config: GatewayConfig, logger: Logger, watch: RequestWatch, book: TraceBook) =>
        new Telemetry(watch, book, await openExport(config, logger)),
    },
  ],
})
export class TelemetryModule {}

/** Loaded only where a collector is named: its libraries cost 50 ms of every start. */
async function openExport(config: GatewayConfig, logger: Logger): Promise<TraceExport | undefined> {
  const { otlpEndpoint } = config.telemetry;
  if (otlpEndpoint === undefined) return undefined;
  const { TraceExport: Export } = await import('./otlp/trace-export.js');
  return new Export({ endpoint: otlpEndpoint, version: config.version, environment: config.environment, logger });
}
