import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresDatabase } from '../../src/database/postgres/postgres-database.js';
import type { Logger } from '../../src/trace/index.js';
import { requirePart } from '../setup/parts.js';
import { describeWithFpm, type PhpFpm, startPhpFpm } from './php-fpm.js';
import { type PostgresServer, startPostgresServer } from './postgres-server.js';
import { PhpSide, ReplicationInstance } from './replication-site.js';
import { IDENTITY_SECRET } from './test-gateway.js';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;

/** Two gateways' replication on one Postgres, before one PHP; the instances are new for each test. */
export interface ReplicationPair {
  one: ReplicationInstance;
  two: ReplicationInstance;
  readonly php: PhpSide;
  /** PHP, past any line. */
  readonly origin: string;
  /** Asks the database past everybody. */
  ask(statement: string): Promise<readonly Record<string, unknown>[]>;
}

/** A `describe` with a pair before php-fpm and a real Postgres. */
export function describeReplication(title: string, define: (site: ReplicationPair) => void): void {
  describeWithFpm(title, (parts) => {
    const data = mkdtempSync(join(tmpdir(), 'replication-'));
    const site = { origin: '' } as { -readonly [K in keyof ReplicationPair]: ReplicationPair[K] };
    let fpm: PhpFpm;
    let server: PostgresServer;
    let databases: readonly [PostgresDatabase, PostgresDatabase];

    beforeAll(async () => {
      const postgres = requirePart('postgres');
      if (!postgres.isPresent) throw new Error(postgres.reason);
      fpm = await startPhpFpm(parts, {
        env: { DONNA_DATA_DIR: data, GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET, REQUIRE_GATEWAY: 'true' },
      });
      site.origin = fpm.origin;
      site.php = new PhpSide(fpm.origin, data);
      server = await startPostgresServer(postgres.path);
      site.ask = (statement) => server.ask('replication', statement);
      const url = await server.createDatabase('replication');
      databases = [new PostgresDatabase(url, SILENT), new PostgresDatabase(url, SILENT)];
      for (const database of databases) {
        await database.onModuleInit();
        await database.db();
      }
    }, 60_000);
    afterAll(async () => {
      for (const database of databases) await database.close();
      await server.stop();
      await fpm.stop();
      rmSync(data, { recursive: true, force: true });
    });
    beforeEach(async () => {
      site.one = await ReplicationInstance.start(databases[0], fpm.origin);
      site.two = await ReplicationInstance.start(databases[1], fpm.origin);
    });
    afterEach(async () => {
      await site.one.stop();
      await site.two.stop();
      await site.ask('truncate replication_outbox, replication_owner');
    });

    define(site);
  });
}
