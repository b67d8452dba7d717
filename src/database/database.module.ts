import { Global, Module } from '@nestjs/common';
import { join } from 'node:path';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { Metrics } from '../metrics/index.js';
import { LOGGER, type Logger } from '../trace/index.js';
import { Database } from './database.js';
import { measureDatabase } from './database-metrics.js';
import { EmbeddedDatabase } from './embedded/embedded-database.js';

@Global()
@Module({
  providers: [
    {
      provide: Database,
      inject: [CONFIG, LOGGER, Metrics],
      useFactory: async (config: GatewayConfig, logger: Logger, metrics: Metrics): Promise<Database> => {
        const database = await makeDatabase(config, logger);
        measureDatabase(metrics, database);
        return database;
      },
    },
  ],
  exports: [Database],
})
export class DatabaseModule {}

async function makeDatabase({ database, directories }: GatewayConfig, logger: Logger): Promise<Database> {
  if (database.url === undefined) return new EmbeddedDatabase(join(directories.data, 'postgres'), logger);
  const { PostgresDatabase } = await import('./postgres/postgres-database.js');
  return new PostgresDatabase(database.url, logger);
}
