import {
  CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import { Mutex } from '../embedded/mutex.js';
import { DryRunError } from './dry-run.error.js';
import { refuseOwnEnd } from './refuse-own-end.js';
import type { DryRunScope } from './dry-run-scope.js';

/**
 * Kysely's dialect of a dry run: one connection, in a transaction that is rolled back, passed round in turns. A transaction of
 * the work is a savepoint, and so is a statement outside of one, so that an error spoils as little as it would for real. Isolation level
 * and access mode are the outer transaction's.
 */
export class DryRunDialect implements Dialect {
  constructor(private readonly driver: DryRunDriver) {}

  createDriver(): Driver {
    return this.driver;
  }

  createQueryCompiler(): PostgresQueryCompiler {
    return new PostgresQueryCompiler();
  }

  createAdapter(): PostgresAdapter {
    return new PostgresAdapter();
  }

  // As `Dialect` declares it: for a database of any tables.
  createIntrospector(db: Parameters<Dialect['createIntrospector']>[0]): DatabaseIntrospector {
    return new PostgresIntrospector(db as Kysely<unknown>);
  }
}

export class DryRunDriver implements Driver {
  private readonly turns = new Mutex();
  private endTurn: () => void = () => undefined;
  private savepoints = 0;

  constructor(
    private readonly real: DatabaseConnection,
    private readonly scope: DryRunScope,
    private readonly withinMs: number,
  ) {}

  async init(): Promise<void> {
    // The connection is open.
  }

  async acquireConnection(): Promise<DryRunConnection> {
    this.scope.check();
    this.endTurn = await this.turns.acquire(this.withinMs, () => {
      return new DryRunError('late', 'The dry run waits for itself: within a transaction use only what it is handed');
    });
    return new DryRunConnection(this.real, this.scope, () => `dry_run_${++this.savepoints}`);
  }

  async releaseConnection(): Promise<void> {
    this.endTurn();
  }

  beginTransaction = (connection: DatabaseConnection): Promise<void> => asOwn(connection).begin();
  commitTransaction = (connection: DatabaseConnection): Promise<void> => asOwn(connection).commit();
  rollbackTransaction = (connection: DatabaseConnection): Promise<void> => asOwn(connection).rollback();
  savepoint = (connection: DatabaseConnection, name: string): Promise<void> =>
    asOwn(connection).run(`savepoint ${quote(name)}`);
  rollbackToSavepoint = (connection: DatabaseConnection, name: string): Promise<void> =>
    asOwn(connection).run(`rollback to ${quote(name)}`);
  releaseSavepoint = (connection: DatabaseConnection, name: string): Promise<void> =>
    asOwn(connection).run(`release ${quote(name)}`);

  async destroy(): Promise<void> {
    // The connection is not the work's to close.
  }
}

class DryRunConnection implements DatabaseConnection {
  private open: string | undefined;

  constructor(
    private readonly real: DatabaseConnection,
    private readonly scope: DryRunScope,
    private readonly nextName: () => string,
  ) {}

  async begin(): Promise<void> {
    const name = this.nextName();
    await this.run(`savepoint ${name}`);
    this.open = name;
  }

  async commit(): Promise<void> {
    await this.run(`release ${this.open ?? ''}`);
    this.open = undefined;
  }

  async rollback(): Promise<void> {
    const name = this.open ?? '';
    this.open = undefined;
    await this.run(`rollback to ${name}`);
    await this.run(`release ${name}`);
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    refuseOwnEnd(query);
    if (this.open !== undefined) return this.send<Row>(query);
    await this.begin();
    try {
      const result = await this.send<Row>(query);
      await this.commit();
      return result;
    } catch (error) {
      // The error is the work's; where this fails too, the whole run is rolled back anyway.
      await this.rollback().catch(() => undefined);
      throw error;
    }
  }

  streamQuery(): never {
    throw new DryRunError('refused', 'A dry run reads no streams');
  }

  async run(statement: string): Promise<void> {
    await this.send(CompiledQuery.raw(statement));
  }

  private send<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    this.scope.check();
    return this.real.executeQuery<Row>(query);
  }
}

function asOwn(connection: DatabaseConnection): DryRunConnection {
  if (connection instanceof DryRunConnection) return connection;
  throw new DryRunError('refused', 'A connection of another database');
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
