import type { PGlite } from '@electric-sql/pglite';
import type { Kysely } from 'kysely';
import type { Logger } from '../../trace/index.js';
import { type ChannelListener, checkChannel, Database, type DatabaseState } from '../database.js';
import { DatabaseUnavailableError } from '../database-unavailable.error.js';
import { faultOf } from '../fault-of.js';
import type { Tables } from '../tables/tables.js';
import { waitAtMost } from '../wait-at-most.js';
import { hasDatabase } from './open-pglite.js';
import type { Running } from './start-embedded.js';

/** Milliseconds that work waits for the work before it, as for a connection of a pool. */
const TURN_WITHIN_MS = 10_000;
/** Milliseconds that a call waits for the start, which goes on without it. */
const START_WITHIN_MS = 60_000;
/** Milliseconds between a start that failed and the next: each costs seconds of CPU. */
const RETRY_AFTER_MS = 1000;
const PROBE_WITHIN_MS = 2000;

interface Subscription {
  readonly channel: string;
  readonly listener: ChannelListener;
  unlisten?: () => Promise<void>;
}

/** Postgres within this process, its data in a folder that this process alone uses. It starts when it is first used. */
export class EmbeddedDatabase extends Database {
  override readonly kind = 'embedded';
  private phase: DatabaseState = 'off';
  private running: Running | undefined;
  private opening: Promise<Running> | undefined;
  private failed: { readonly error: Error; readonly at: number } | undefined;
  private closing: Promise<void> | undefined;
  private readonly subscriptions = new Set<Subscription>();

  constructor(
    private readonly folder: string,
    private readonly logger: Logger,
    private readonly turnWithinMs = TURN_WITHIN_MS,
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

  override async db(): Promise<Kysely<Tables>> {
    if (this.closing !== undefined) throw new DatabaseUnavailableError('The embedded database has been closed');
    if (this.running !== undefined) return this.running.kysely;
    if (this.failed !== undefined && performance.now() - this.failed.at < RETRY_AFTER_MS) throw this.failed.error;
    this.opening ??= this.open();
    const late = (): Error => new DatabaseUnavailableError('The embedded database is still starting: try again');
    return (await waitAtMost(this.opening, START_WITHIN_MS, late)).kysely;
  }

  override listen(channel: string, listener: ChannelListener): () => void {
    checkChannel(channel);
    const subscription: Subscription = { channel, listener };
    this.subscriptions.add(subscription);
    if (this.running !== undefined) void this.attach(subscription, this.running.pglite);
    return () => {
      this.subscriptions.delete(subscription);
      subscription.unlisten?.().catch(() => undefined);
    };
  }

  override close(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  private async finish(): Promise<void> {
    await this.opening?.catch(() => undefined);
    const { running } = this;
    this.running = undefined;
    this.phase = 'off';
    await running?.close().catch((error: unknown) => {
      this.logger.error({ fault: faultOf(error) }, 'the embedded database did not close in order');
    });
  }

  private async open(): Promise<Running> {
    this.phase = 'starting';
    try {
      const running = await this.start();
      this.running = running;
      this.failed = undefined;
      this.phase = 'up';
      for (const subscription of this.subscriptions) await this.attach(subscription, running.pglite);
      return running;
    } catch (error) {
      const told = error instanceof DatabaseUnavailableError ? error : this.describe(error);
      // Once for each kind of fault, not for each try.
      if (this.failed?.error.message !== told.message) this.logger.error({ fault: told.message }, 'no database');
      this.failed = { error: told, at: performance.now() };
      this.phase = 'down';
      throw told;
    } finally {
      this.opening = undefined;
    }
  }

  private async start(): Promise<Running> {
    const startedAt = performance.now();
    // Loaded here: it is large, and most gateways that start never use it.
    const { startEmbedded } = await import('./start-embedded.js');
    const running = await startEmbedded(this.folder, this.turnWithinMs, (pglite) => void this.probe(pglite));
    const { migrations, unknown } = running;
    this.logger.info(
      { ms: Math.round(performance.now() - startedAt), migrations, unknown },
      'embedded database started',
    );
    return running;
  }

  /** An error that is not Postgres's own may mean that the engine has broken down: then the next use starts another. */
  private async probe(pglite: PGlite): Promise<void> {
    const answer = pglite.query('select 1');
    try {
      await waitAtMost(answer, PROBE_WITHIN_MS, () => new Error('no answer'));
    } catch (error) {
      if (this.running?.pglite !== pglite || this.closing !== undefined) return;
      const { running } = this;
      this.running = undefined;
      this.phase = 'down';
      this.logger.error({ fault: faultOf(error) }, 'the embedded database broke down: its next use starts it again');
      await running.close().catch(() => undefined);
    }
  }

  private async attach(subscription: Subscription, pglite: PGlite): Promise<void> {
    const { channel, listener } = subscription;
    try {
      const unlisten = await pglite.listen(channel, (payload) => {
        if (this.subscriptions.has(subscription)) listener.onMessage(payload);
      });
      subscription.unlisten = () => unlisten();
      if (this.subscriptions.has(subscription)) listener.onListening?.();
      else await unlisten();
    } catch (error) {
      this.logger.error({ fault: faultOf(error), channel }, 'cannot listen to the embedded database');
    }
  }

  private describe(error: unknown): DatabaseUnavailableError {
    return new DatabaseUnavailableError(
      `The embedded database in ${this.folder} does not start (${faultOf(error)}): see that the disk has room and the folder belongs to this user; a damaged one must be put back from a copy, or moved away to begin anew`,
      { cause: error },
    );
  }
}
