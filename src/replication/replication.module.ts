import { Global, Module } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { Database } from '../database/index.js';
import { ForwardModule, Upstreams } from '../forward/index.js';
import { Metrics } from '../metrics/index.js';
import { LOGGER, type Logger } from '../trace/index.js';
import { WORKER_PLACE, type WorkerPlace } from '../workers/index.js';
import { DocumentReplication } from './document-replication.js';
import { LegacyWriters } from './legacy-writers.js';
import { CollectionMigrations } from './migration/collection-migrations.js';
import { OwnerEffectsSource } from './owner-effects.js';
import { PhpDocuments } from './php-documents.js';
import { Replication } from './replication.js';
import { measureReplication } from './replication-metrics.js';
import { REPLICATION_BOUNDS } from './replication-parts.js';

/** For which PHP or the database may be away in the midst of a migration. */
const MIGRATION_PATIENCE_MS = 30_000;

@Global()
@Module({
  imports: [ForwardModule],
  providers: [
    { provide: LegacyWriters, useFactory: () => new LegacyWriters() },
    {
      provide: PhpDocuments,
      inject: [Upstreams, CONFIG],
      useFactory: (upstreams: Upstreams, { identity }: GatewayConfig) => new PhpDocuments(upstreams, identity.secret),
    },
    {
      provide: Replication,
      inject: [Database, PhpDocuments, LegacyWriters, LOGGER, Metrics],
      useFactory: (
        database: Database,
        documents: PhpDocuments,
        writers: LegacyWriters,
        logger: Logger,
        metrics: Metrics,
      ): Replication => {
        const made = new DocumentReplication({ database, documents, writers, logger, bounds: REPLICATION_BOUNDS });
        measureReplication(metrics, database, made);
        return made;
      },
    },
    { provide: DocumentReplication, useExisting: Replication },
    {
      provide: OwnerEffectsSource,
      inject: [DocumentReplication, PhpDocuments],
      useFactory: (replication: DocumentReplication, documents: PhpDocuments) =>
        new OwnerEffectsSource(replication, documents),
    },
    {
      provide: CollectionMigrations,
      inject: [Database, PhpDocuments, DocumentReplication, LOGGER, { token: WORKER_PLACE, optional: true }],
      useFactory: (
        database: Database,
        documents: PhpDocuments,
        replication: DocumentReplication,
        logger: Logger,
        place: WorkerPlace | undefined,
      ): CollectionMigrations =>
        new CollectionMigrations(
          { database, documents, replication, logger, patienceMs: MIGRATION_PATIENCE_MS },
          place?.link,
        ),
    },
  ],
  exports: [CollectionMigrations, LegacyWriters, OwnerEffectsSource, PhpDocuments, Replication],
})
export class ReplicationModule {}
