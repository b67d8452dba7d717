import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  PGliteAdapter,
  PGliteDialect,
  type PGliteDialectConfig,
  type TransactionSettings,
} from 'kysely';
import { DatabaseUnavailableError } from '../database-unavailable.error.js';
import { Mutex } from './mutex.js';

/**
 * Kysely's dialect of PGlite, which is one connection, with turns that are waited for a bounded time, and transactions that
 * keep to their isolation level and access mode. Kysely's own turns are waited for without end: a transaction that
 * uses `db()` within would wait for itself, and everybody behind it.
 */
export class ExclusivePGliteDialect extends PGliteDialect {
  constructor(
    config: PGliteDialectConfig,
    private readonly turnWithinMs: number,
  ) {
    super(config);
  }

  override createAdapter(): PGliteAdapter {
    return new OwnTurnsAdapter();
  }

  override createDriver(): Driver {
    return new ExclusiveDriver(super.createDriver(), this.turnWithinMs);
  }
}

/** Turns off Kysely's own turns, in which a wait would begin before ours. */
class OwnTurnsAdapter extends PGliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

class ExclusiveDriver implements Driver {
  private readonly mutex = new Mutex();
  private endTurn: () => void = () => undefined;

  constructor(
    private readonly inner: Driver,
    private readonly turnWithinMs: number,
  ) {}

  init: Driver['init'] = (options) => this.inner.init(options);

  async acquireConnection(): Promise<DatabaseConnection> {
    const endTurn = await this.mutex.acquire(this.turnWithinMs, () => {
      const why = 'other work holds it (a transaction that uses db() within would wait for itself)';
      return new DatabaseUnavailableError(`The embedded database is busy for ${this.turnWithinMs} ms: ${why}`);
    });
    this.endTurn = endTurn;
    return this.inner.acquireConnection();
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    const { endTurn } = this;
    await this.inner.releaseConnection(connection);
    endTurn();
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    await this.inner.beginTransaction(connection, settings);
    // The inner driver leaves them out.
    const { isolationLevel, accessMode } = settings;
    const modes = [isolationLevel && `isolation level ${isolationLevel}`, accessMode].filter(Boolean).join(', ');
    if (modes !== '') await connection.executeQuery(CompiledQuery.raw(`set transaction ${modes}`));
  }

  commitTransaction: Driver['commitTransaction'] = (connection) => this.inner.commitTransaction(connection);
  rollbackTransaction: Driver['rollbackTransaction'] = (connection) => this.inner.rollbackTransaction(connection);

  async savepoint(...args: Parameters<NonNullable<Driver['savepoint']>>): Promise<void> {
    await this.inner.savepoint?.(...args);
  }

  async rollbackToSavepoint(...args: Parameters<NonNullable<Driver['rollbackToSavepoint']>>): Promise<void> {
    await this.inner.rollbackToSavepoint?.(...args);
  }

  async releaseSavepoint(...args: Parameters<NonNullable<Driver['releaseSavepoint']>>): Promise<void> {
    await this.inner.releaseSavepoint?.(...args);
  }

  /** After the work that has asked before. */
  async destroy(): Promise<void> {
    const endTurn = await this.mutex.acquire(this.turnWithinMs, () => new Error('busy')).catch(() => undefined);
    await this.inner.destroy();
    endTurn?.();
  }
}
