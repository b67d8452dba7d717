import { Global, Module } from '@nestjs/common';
import { join } from 'node:path';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { LOGGER, type Logger } from '../trace/index.js';
import { Database } from './database.js';
import { EmbeddedDatabase } from './embedded/embedded-database.js';

@Global()
@Module({
  providers: [
    {
      provide: Database,
      inject: [CONFIG, LOGGER],
      useFactory: async ({ database, directories }: GatewayConfig, logger: Logger): Promise<Database> => {
        if (database.url === undefined) return new EmbeddedDatabase(join(directories.data, 'postgres'), logger);
        const { PostgresDatabase } = await import('./postgres/postgres-database.js');
        return new PostgresDatabase(database.url, logger);
      },
    },
  ],
  exports: [Database],
})
export class DatabaseModule {}
