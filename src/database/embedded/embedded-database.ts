import type { Kysely } from 'kysely';
import type { Logger } from '../../trace/index.js';
import { type ChannelListener, checkChannel, Database, type DatabaseState } from '../database.js';
import { DatabaseUnavailableError } from '../database-unavailable.error.js';
import { faultOf } from '../fault-of.js';
import type { Tables } from '../tables/tables.js';
import { waitAtMost } from '../wait-at-most.js';
import { hasDatabase } from './database-folder.js';
import type { TurnBounds } from './pglite-pool.js';
import type { Running } from './start-embedded.js';

/** The second as with a real Postgres. */
const BOUNDS: TurnBounds = { turnWithinMs: 10_000, statementWithinMs: 30_000 };
/** Milliseconds that a call waits for the start, which goes on without it. */
const START_WITHIN_MS = 60_000;
/** Milliseconds between a start that failed and the next, doubled each time up to the second: each costs seconds of CPU. */
const RETRY_AFTER_MS = 1000;
const RETRY_AT_MOST_MS = 30_000;
const LISTEN_AGAIN_MS = 1000;

interface Subscription {
  readonly channel: string;
  readonly listener: ChannelListener;
}

/**
 * Postgres in a thread of this process, its data in a folder that this process alone uses. It starts when it is first used; once
 * it has broken down, the next use starts it again.
 */
export class EmbeddedDatabase extends Database {
  override readonly kind = 'embedded';
  private phase: DatabaseState = 'off';
  private running: Running | undefined;
  private opening: Promise<Running> | undefined;
  /** `starts`: how many have failed one after another; 0 for one that ran and broke down. */
  private failed: { readonly error: Error; readonly at: number; readonly starts: number } | undefined;
  /** The end of one that has broken down: until then it holds the folder. */
  private ending: Promise<void> | undefined;
  private closing: Promise<void> | undefined;
  private readonly abort = new AbortController();
  private readonly subscriptions = new Set<Subscription>();

  constructor(
    private readonly folder: string,
    private readonly logger: Logger,
    private readonly bounds = BOUNDS,
  ) {
    super();
  }

  override get state(): DatabaseState {
    return this.phase;
  }

  override get hasData(): boolean {
    return hasDatabase(this.folder);
  }

  override async onModuleInit(): Promise<void> {
    // Started by the first use.
  }

  protected override async connect(): Promise<Kysely<Tables>> {
    if (this.closing !== undefined) throw makeClosed();
    if (this.running !== undefined) return this.running.kysely;
    const { failed } = this;
    if (failed !== undefined) {
      const pauseMs = Math.min(RETRY_AT_MOST_MS, RETRY_AFTER_MS * 2 ** Math.max(0, failed.starts - 1));
      const isDue = performance.now() - failed.at >= pauseMs;
      // What did not start is tried again behind the caller's back: it is not worth seconds of everybody's time.
      if (failed.starts > 0 && isDue) (this.opening ??= this.open()).catch(() => undefined);
      if (failed.starts > 0 || !isDue) throw failed.error;
    }
    this.opening ??= this.open();
    const late = (): Error => new DatabaseUnavailableError('The embedded database is still starting: try again');
    return (await waitAtMost(this.opening, START_WITHIN_MS, late)).kysely;
  }

  override listen(channel: string, listener: ChannelListener): () => void {
    checkChannel(channel);
    const subscription: Subscription = { channel, listener };
    this.subscriptions.add(subscription);
    if (this.running !== undefined) void this.attach(subscription, this.running);
    return () => {
      this.subscriptions.delete(subscription);
    };
  }

  override close(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  private async finish(): Promise<void> {
    // Making a database takes seconds, and who stops the gateway waits.
    this.abort.abort();
    await this.opening?.catch(() => undefined);
    const { running, ending } = this;
    this.running = undefined;
    this.phase = 'off';
    await ending;
    await running?.close().catch((error: unknown) => {
      this.logger.error({ fault: faultOf(error) }, 'the embedded database did not close in order');
    });
  }

  private async open(): Promise<Running> {
    if ((this.failed?.starts ?? 0) === 0) this.phase = 'starting';
    try {
      const running = await this.start();
      this.running = running;
      this.failed = undefined;
      this.phase = 'up';
      for (const subscription of this.subscriptions) await this.attach(subscription, running);
      return running;
    } catch (error) {
      if (this.closing !== undefined) throw makeClosed();
      const told = error instanceof DatabaseUnavailableError ? error : this.describe(error);
      // Once for each kind of fault, not for each try.
      if (this.failed?.error.message !== told.message) this.logger.error({ fault: told.message }, 'no database');
      this.failed = { error: told, at: performance.now(), starts: (this.failed?.starts ?? 0) + 1 };
      this.phase = 'down';
      throw told;
    } finally {
      this.opening = undefined;
    }
  }

  private async start(): Promise<Running> {
    await this.ending;
    const startedAt = performance.now();
    // Loaded here: it is large, and most gateways that start never use it.
    const { startEmbedded } = await import('./start-embedded.js');
    const running = await startEmbedded(
      this.folder,
      this.bounds,
      {
        onNotification: (channel, payload) => this.pass(channel, payload),
        onLost: (fault) => this.lose(fault),
      },
      this.abort.signal,
      this.queries.log,
    );
    const { migrations, unknown } = running;
    this.logger.info(
      { ms: Math.round(performance.now() - startedAt), migrations, unknown },
      'embedded database started',
    );
    return running;
  }

  private lose(fault: string): void {
    const { running } = this;
    // One that is being opened or closed is told of by whoever does that.
    if (running === undefined || this.closing !== undefined) return;
    this.running = undefined;
    this.phase = 'down';
    this.logger.error({ fault }, 'the embedded database broke down: its next use starts it again');
    const error = new DatabaseUnavailableError(`The embedded database broke down (${fault}): try again in a second`);
    this.failed = { error, at: performance.now(), starts: 0 };
    const ended = running.close().catch(() => undefined);
    this.ending = ended;
  }

  private pass(channel: string, payload: string): void {
    for (const subscription of this.subscriptions)
      if (subscription.channel === channel) subscription.listener.onMessage(payload);
  }

  /** Postgres goes on listening when nobody is left who would hear: only this process could tell it anything. */
  private async attach(subscription: Subscription, running: Running): Promise<void> {
    const { channel, listener } = subscription;
    const isWanted = (): boolean => this.subscriptions.has(subscription) && this.running === running;
    try {
      await running.listen(channel);
      if (isWanted()) listener.onListening?.();
    } catch (error) {
      if (!isWanted()) return;
      this.logger.error({ fault: faultOf(error), channel }, 'cannot listen to the embedded database yet');
      setTimeout(() => isWanted() && void this.attach(subscription, running), LISTEN_AGAIN_MS).unref();
    }
  }

  private describe(error: unknown): DatabaseUnavailableError {
    return new DatabaseUnavailableError(
      `The embedded database in ${this.folder} does not start (${faultOf(error)}): see that the disk has room and the folder belongs to this user; a damaged one must be put back from a copy, or moved away to begin anew`,
      { cause: error },
    );
  }
}

function makeClosed(): DatabaseUnavailableError {
  return new DatabaseUnavailableError('The embedded database has been closed');
}
