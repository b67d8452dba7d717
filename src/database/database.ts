import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { Kysely, Transaction } from 'kysely';
import { DryRunError } from './dry-run/dry-run.error.js';
import { currentDryRun, REFUSE_DRY_RUNS } from './dry-run/dry-run-scope.js';
import { QueryWatch } from './query-watch.js';
import type { Tables } from './tables/tables.js';

/** `off`: embedded, and nobody has used it yet; `starting`: on its way, for the first time or again. */
export type DatabaseState = 'off' | 'starting' | 'up' | 'down';

/** Postgres takes a payload below 8000 bytes. */
const MAX_PAYLOAD_BYTES = 7999;
/** What both databases take as it stands; Postgres would cut longer names, silently. */
const CHANNEL = /^[a-z_][a-z\d_]{0,62}$/;
/** Dry runs at a time: of the one connection of the embedded database, of the pool's ten. */
const MAX_DRY_RUNS = { embedded: 1, postgres: 2 } as const;
/** Milliseconds that a dry run may hold its connection. */
const DRY_RUN_WITHIN_MS = 1000;

export interface ChannelListener {
  /** Called with each payload told to the channel, by this process too. It must not throw. */
  onMessage(payload: string): void;
  /**
   * Called whenever listening begins: the first time, and again after a lost connection. What was told meanwhile is
   * lost, so read the state itself here.
   */
  onListening?(): void;
}

/**
 * The gateway's database: embedded Postgres, or the one that DATABASE_URL names. Queries, types and migrations are the
 * same on both. Inject it by this class.
 */
export abstract class Database implements OnModuleInit, OnApplicationShutdown {
  abstract readonly kind: 'embedded' | 'postgres';
  /** Hears of every statement. */
  readonly queries = new QueryWatch();
  private dryRuns = 0;
  /** What is handed out: the same database, which work of a dry run that kept it cannot use. */
  private readonly handed = new WeakMap<Kysely<Tables>, Kysely<Tables>>();

  /** What is known already: nothing is started or asked by looking. */
  abstract get state(): DatabaseState;

  /** Whether there may be anything to read. False: an embedded database that was never made; reading would make it. */
  abstract get hasData(): boolean;

  /** Of a real Postgres, how its connections are used now. */
  get connections(): { readonly busy: number; readonly idle: number; readonly waiting: number } | undefined {
    return undefined;
  }

  /**
   * The database with its tables as this version wants them. The first call starts the embedded one, calls
   * meanwhile wait for the same start: 1 to 2 s; 3 to 6 s where it is made from a template, twice that where there is none; a
   * minute at most. Take it anew for each piece of work.
   * @throws DatabaseUnavailableError; at once while the database is known to be gone. DryRunError within a dry run that has ended
   */
  async db(): Promise<Kysely<Tables>> {
    const dryRun = currentDryRun();
    if (dryRun !== undefined) return dryRun.kyselyFor(this);
    const real = await this.connect();
    const known = this.handed.get(real);
    if (known !== undefined) return known;
    const made = real.withPlugin(REFUSE_DRY_RUNS);
    this.handed.set(real, made);
    return made;
  }

  /** The real database, for `db()`. */
  protected abstract connect(): Promise<Kysely<Tables>>;

  /**
   * Hears what is told to a channel, from now until the returned function is called. Starts nothing: an embedded
   * database, which no other process can write to, is listened to once it runs.
   * @throws RangeError when the name is not 1 to 63 small letters, digits and `_`
   */
  abstract listen(channel: string, listener: ChannelListener): () => void;

  /** Closes it for good; what was acknowledged is on disk. */
  abstract close(): Promise<void>;

  /** Runs `work` in a transaction, rolled back when it throws. Within it use only what it is handed. */
  async transaction<Result>(work: (trx: Transaction<Tables>) => Promise<Result>): Promise<Result> {
    const db = await this.db();
    return db.transaction().execute(work);
  }

  /**
   * Tells a channel's listeners, on every instance that shares this database; within a transaction, once that commits.
   * @throws RangeError when the payload is 8000 bytes or more; DatabaseUnavailableError
   */
  async notify(channel: string, payload: string, within?: Transaction<Tables>): Promise<void> {
    checkChannel(channel);
    if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES)
      throw new RangeError(`a payload may have ${MAX_PAYLOAD_BYTES} bytes; tell a key, and let the listener read`);
    const db = within ?? (await this.db());
    // Loaded when it is needed: a gateway that uses no database starts a quarter of a second sooner.
    const { sql } = await import('kysely');
    await sql`select pg_notify(${channel}, ${payload})`.execute(db);
  }

  /** Whether the caller is part of a dry run: what it writes is rolled back, so nobody may be told of it. */
  get isDryRun(): boolean {
    return currentDryRun() !== undefined;
  }

  /**
   * Runs `work` in one transaction that is always rolled back: within it, and in all that it starts, `db()`, `transaction()`
   * and `notify()` are part of it; nobody else is. What of it goes on afterwards fails instead of writing for real. Sequences stay
   * advanced. Background work that is to outlive it must be started outside of it.
   * @param withinMs milliseconds after which it is rolled back, be the work done or not
   * @throws DryRunError when too many are under way (`busy`), when it took too long (`late`); DatabaseUnavailableError; what `work` throws
   */
  async dryRun<Result>(work: () => Promise<Result>, withinMs = DRY_RUN_WITHIN_MS): Promise<Result> {
    if (this.isDryRun) throw new DryRunError('refused', 'A dry run may not begin within another');
    const max = MAX_DRY_RUNS[this.kind];
    if (this.dryRuns >= max) throw new DryRunError('busy', `There are ${max} dry runs under way, as many as may be`);
    this.dryRuns += 1;
    try {
      const db = await this.connect();
      const { runDry } = await import('./dry-run/run-dry.js');
      return await runDry(this, db, work, { withinMs, endsStatements: this.kind === 'postgres' });
    } finally {
      this.dryRuns -= 1;
    }
  }

  /** Connects to a real Postgres, and waits a moment for it; an embedded one is left until it is used. */
  abstract onModuleInit(): Promise<void>;

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }
}

/** @throws RangeError when it is not 1 to 63 small letters, digits and `_` */
export function checkChannel(channel: string): void {
  if (!CHANNEL.test(channel)) throw new RangeError("a channel's name is 1 to 63 small letters, digits and _");
}
