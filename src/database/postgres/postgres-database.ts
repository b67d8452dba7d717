import { Kysely, PostgresDialect } from 'kysely';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Pool, type PoolConfig } from 'pg';
import type { Logger } from '../../trace/index.js';
import { type ChannelListener, checkChannel, Database, type DatabaseState } from '../database.js';
import { DatabaseUnavailableError } from '../database-unavailable.error.js';
import { faultOf } from '../fault-of.js';
import { migrateUp } from '../migrate.js';
import { MIGRATIONS } from '../migrations/migrations.js';
import type { Tables } from '../tables/tables.js';
import { waitAtMost } from '../wait-at-most.js';
import { connectionSettings } from './connection-settings.js';
import { PostgresWatch } from './postgres-watch.js';
import { SocketSet } from './socket-set.js';
import { tellOutages } from './tell-outages.js';

/** Connections of one instance for its work; one more watches. */
const MAX_CONNECTIONS = 10;
/** Milliseconds that work waits for a connection, free or new. */
const CONNECT_WITHIN_MS = 3000;
const IDLE_MS = 30_000;
/** Milliseconds that one statement may run, and may wait for another's lock. */
const STATEMENT_WITHIN_MS = 10_000;
const LOCK_WITHIN_MS = 5000;
/** Milliseconds after which Postgres ends a transaction that nobody goes on with. */
const IDLE_TRANSACTION_MS = 30_000;
/** Milliseconds that the start of the gateway, and a call, wait for the database. */
const START_WAIT_MS = 1000;
const CALL_WAIT_MS = 10_000;
const MIGRATE_AGAIN_MS = 5000;
const CLOSE_WITHIN_MS = 2000;

/** A Postgres that DATABASE_URL names. It is connected to when the gateway starts, and whenever it comes back. */
export class PostgresDatabase extends Database {
  override readonly kind = 'postgres';
  override readonly hasData = true;
  private readonly sockets = new SocketSet();
  private pool: Pool | undefined;
  private readonly kysely: Kysely<Tables>;
  private readonly watch: PostgresWatch;
  private readonly listeners = new Map<string, Set<ChannelListener>>();
  private phase: 'starting' | 'up' | 'down' = 'starting';
  private fault = 'no answer yet';
  /** Counts connections of the watch, so that what began under one does not decide under the next. */
  private connection = 0;
  private isConnected = false;
  private told = '';
  private waiting: (() => void)[] = [];
  private isStopping = false;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly url: string,
    private readonly logger: Logger,
    private readonly migrations = MIGRATIONS,
  ) {
    super();
    this.kysely = new Kysely<Tables>({
      dialect: new PostgresDialect({ pool: async () => tellOutages((this.pool = this.makePool())) }),
      log: this.queries.log,
    });
    this.watch = new PostgresWatch(() => this.makeWatchClient(), {
      onUp: () => {
        this.isConnected = true;
        this.phase = 'starting';
        void this.prepare(++this.connection);
      },
      onDown: (error) => this.goDown(faultOf(error)),
      onListening: (channel) => this.listeners.get(channel)?.forEach((listener) => listener.onListening?.()),
      onMessage: (channel, payload) => this.listeners.get(channel)?.forEach((listener) => listener.onMessage(payload)),
    });
  }

  override get state(): DatabaseState {
    return this.phase;
  }

  override get connections(): Database['connections'] {
    const { totalCount, idleCount, waitingCount } = this.pool ?? { totalCount: 0, idleCount: 0, waitingCount: 0 };
    return { busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  override async onModuleInit(): Promise<void> {
    this.watch.start();
    await waitAtMost(this.settled(), START_WAIT_MS, () => new Error()).catch(() => undefined);
  }

  protected override async connect(): Promise<Kysely<Tables>> {
    this.watch.start();
    if (this.phase === 'starting') await waitAtMost(this.settled(), CALL_WAIT_MS, () => this.refusal());
    if (this.phase !== 'up') throw this.refusal();
    return this.kysely;
  }

  override listen(channel: string, listener: ChannelListener): () => void {
    checkChannel(channel);
    const known = this.listeners.get(channel);
    const listeners = known ?? new Set<ChannelListener>();
    // A listener of its own for each call, so that the same one given twice is ended once by each.
    const own: ChannelListener = {
      onMessage: (payload) => listener.onMessage(payload),
      onListening: () => listener.onListening?.(),
    };
    listeners.add(own);
    this.listeners.set(channel, listeners);
    if (known === undefined) this.watch.listen(channel);
    else if (this.watch.isListening(channel)) queueMicrotask(() => own.onListening?.());
    return () => {
      if (!listeners.delete(own) || listeners.size > 0) return;
      this.listeners.delete(channel);
      this.watch.unlisten(channel);
    };
  }

  override close(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  private async finish(): Promise<void> {
    this.isStopping = true;
    this.goDown('the gateway has stopped');
    const closed = Promise.all([this.watch.close(), this.kysely.destroy()]).then(() => undefined);
    await waitAtMost(closed, CLOSE_WITHIN_MS, () => new Error()).catch(() => undefined);
    this.sockets.cut();
  }

  /** Runs what is pending: at the first connection, and at each later one, since another server may stand there by then. */
  private async prepare(connection: number): Promise<void> {
    try {
      const { run, unknown } = await this.migrate();
      if (this.connection !== connection || !this.isConnected) return;
      if (run.length > 0 || unknown.length > 0) this.logger.info({ migrations: run, unknown }, 'database migrated');
      if (this.told !== '') this.logger.info('the database is back');
      this.told = '';
      this.settle('up');
    } catch (error) {
      // The watch tells what a lost connection is.
      if (this.connection !== connection || !this.isConnected) return;
      this.tell(error instanceof DatabaseUnavailableError ? error.message : faultOf(error));
      await sleep(MIGRATE_AGAIN_MS, undefined, { ref: false });
      if (this.connection === connection && this.isConnected) void this.prepare(connection);
    }
  }

  /** On a connection of its own: a migration may take longer than a statement of the gateway's work. */
  private async migrate(): ReturnType<typeof migrateUp> {
    const pool = this.makePool({
      max: 1,
      statement_timeout: 0,
      lock_timeout: 0,
      idle_in_transaction_session_timeout: 0,
    });
    const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
    try {
      return await migrateUp(kysely, this.migrations);
    } finally {
      await kysely.destroy();
    }
  }

  private goDown(fault: string): void {
    this.isConnected = false;
    // Whoever waits for an answer of a server that is silent hears it now.
    this.sockets.cut();
    // A stop is no outage, and nothing to tell of.
    if (this.isStopping) this.fault = fault;
    else this.tell(fault);
    this.settle('down');
  }

  /** Once for each fault of an outage. */
  private tell(fault: string): void {
    this.fault = fault;
    if (this.told !== fault) this.logger.error({ fault }, 'the database cannot be used');
    this.told = fault;
    this.settle('down');
  }

  private settle(phase: 'up' | 'down'): void {
    this.phase = phase;
    for (const proceed of this.waiting.splice(0)) proceed();
  }

  private settled(): Promise<void> {
    if (this.phase !== 'starting') return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private refusal(): DatabaseUnavailableError {
    return new DatabaseUnavailableError(
      `The Postgres that DATABASE_URL names cannot be used (${this.fault}): see npm run doctor`,
    );
  }

  private makePool(settings: PoolConfig = {}): Pool {
    const pool = new Pool({
      ...connectionSettings(this.url),
      stream: this.sockets.make,
      max: MAX_CONNECTIONS,
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      idleTimeoutMillis: IDLE_MS,
      statement_timeout: STATEMENT_WITHIN_MS,
      lock_timeout: LOCK_WITHIN_MS,
      idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
      keepAlive: true,
      ...settings,
    });
    // Idle connections that break: the pool makes others, and the watch tells of a server that is gone.
    pool.on('error', () => undefined);
    // A connection that breaks while it is in use tells its user, but tells itself too: unheard, that ends the process.
    pool.on('connect', (client) => client.on('error', () => undefined));
    return pool;
  }

  private makeWatchClient(): Client {
    const settings = connectionSettings(this.url);
    return new Client({
      ...settings,
      stream: this.sockets.make,
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      keepAlive: true,
    });
  }
}
