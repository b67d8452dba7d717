import type { BeforeApplicationShutdown } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { databaseFaultOf } from '../../database/index.js';
import { askPeers, type Link, tellPeers, topic } from '../../workers/index.js';
import type { Collection } from '../collection.js';
import { MigrationJob, type MigrationParts } from './migration-job.js';
import { freshProgress, type MigrationKind, type MigrationProgress, type MigrationRun } from './migration-run.js';
import type { MigrationState } from './migration-run.js';
import { type Begun, MigrationRunStore } from './migration-run.store.js';

/** A process that is not heard of for this long has lost its run to whoever wants it. */
const LEASE_MS = 5000;
const RENEW_EVERY_MS = 1000;
/** For which the end of the process waits for owners under way; a run that is left by it goes on elsewhere. */
const END_WITHIN_MS = 2000;
/** Tries to write down how a run has ended. */
const FINISH_TRIES = 5;
/** Dry runs that this process remembers. */
const KEPT_DRY_RUNS = 10;
const DRY = 'dry-';

/** A dry run of another worker. */
const FIND_DRY = topic<string, MigrationRun | null>('migrations.dry');
const STOP_DRY = topic<string>('migrations.stop-dry');

/** A run of this process. */
interface Own {
  readonly stopper: AbortController;
  readonly ended: Promise<void>;
}

/** Carries whole collections from PHP into rows and back while the gateway serves: one run of a collection over all instances. */
export class CollectionMigrations implements BeforeApplicationShutdown {
  private readonly store: MigrationRunStore;
  private readonly dryRuns = new Map<string, MigrationRun>();
  private readonly own = new Map<string, Own>();
  private isEnding = false;

  constructor(
    private readonly parts: MigrationParts,
    private readonly link?: Link,
  ) {
    this.store = new MigrationRunStore(parts.database, randomBytes(8).toString('hex'), LEASE_MS);
    link?.handle(FIND_DRY, (id) => this.dryRuns.get(id) ?? null);
    link?.handle(STOP_DRY, (id) => this.own.get(id)?.stopper.abort());
  }

  /** Names of what can be carried; none where no PHP application has a bridge. */
  names(): readonly string[] {
    return this.parts.documents.hasBridge ? this.parts.replication.registered().map(({ name }) => name) : [];
  }

  /** Starts a run in the background, goes on with one that was left, or tells of the one that is under way. @throws DatabaseUnavailableError */
  async start(name: string, kind: MigrationKind, startedBy: string, traceId: string): Promise<Begun> {
    const collection = this.find(name);
    if (this.isEnding) throw new Error('a migration cannot begin while the gateway ends');
    const begun = kind.isDryRun ? this.beginDry(name, kind, startedBy) : await this.store.begin(name, kind, startedBy);
    if (begun.kind === 'begun') this.run(collection, begun.run, traceId);
    return begun;
  }

  /** A run, or the last one; a dry run only where it was made, and of a collection only by its id. @throws DatabaseUnavailableError */
  async show(name: string, id?: string): Promise<MigrationRun | undefined> {
    if (id?.startsWith(DRY) !== true) return this.store.find(name, id);
    const run = this.dryRuns.get(id) ?? (await askPeers(this.link, FIND_DRY, id)).find((found) => found !== null);
    return run?.collection === name ? run : undefined;
  }

  /** Stops a run wherever it runs, within seconds; what it has carried stays. @throws DatabaseUnavailableError */
  async stop({ collection, id }: MigrationRun): Promise<void> {
    if (!id.startsWith(DRY)) await this.store.stop(collection, id);
    this.own.get(id)?.stopper.abort();
    if (id.startsWith(DRY)) tellPeers(this.link, STOP_DRY, id);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isEnding = true;
    const running = [...this.own.values()];
    for (const { stopper } of running) stopper.abort();
    await Promise.race([
      Promise.all(running.map(({ ended }) => ended)),
      sleep(END_WITHIN_MS, undefined, { ref: false }),
    ]);
  }

  private find(name: string): Collection {
    const collection = this.parts.replication.registered().find((known) => known.name === name);
    if (collection === undefined) throw new Error(`there is no collection ${name}`);
    return collection;
  }

  private beginDry(collection: string, kind: MigrationKind, startedBy: string): Begun {
    const known = [...this.dryRuns.values()].find((run) => run.collection === collection && run.state === 'running');
    if (known !== undefined) return { kind: known.direction === kind.direction ? 'joined' : 'refused', run: known };
    const at = new Date().toISOString();
    const run: MigrationRun = {
      ...kind,
      id: DRY + randomBytes(8).toString('hex'),
      collection,
      state: 'running',
      progress: freshProgress('move'),
      startedBy,
      startedAt: at,
      updatedAt: at,
      isOrphaned: false,
    };
    this.remember(run);
    return { kind: 'begun', run, isResumed: false };
  }

  private remember(run: MigrationRun): void {
    this.dryRuns.set(run.id, run);
    for (const [id, { state }] of this.dryRuns)
      if (this.dryRuns.size > KEPT_DRY_RUNS && state !== 'running') this.dryRuns.delete(id);
  }

  private run(collection: Collection, run: MigrationRun, traceId: string): void {
    const { logger } = this.parts;
    const stopper = new AbortController();
    const job = new MigrationJob(this.parts, collection, run, run.progress, stopper.signal, traceId);
    const facts = { collection: run.collection, run: run.id, direction: run.direction };
    logger.info(
      { ...facts, dryRun: run.isDryRun, resumed: run.progress.resumed, by: run.startedBy },
      'migration begins',
    );
    const work = async (): Promise<void> => {
      const renewing = new AbortController();
      const renewed = this.renew(run, job.progress, stopper, renewing.signal);
      const state = await job.run();
      renewing.abort();
      await renewed;
      await this.finish(run, state, job.progress);
      const { phase, moved, unchanged, faults, different, fault } = job.progress;
      logger.info(
        { ...facts, state, phase, moved, unchanged, faults: faults.count, different: different.count, fault },
        'migration ends',
      );
    };
    const ended = work()
      .catch((error: unknown) => logger.error({ ...facts, fault: databaseFaultOf(error) }, 'migration lost'))
      .finally(() => this.own.delete(run.id));
    this.own.set(run.id, { stopper, ended });
  }

  /** Says once a second that the run is alive and how far it is; hears whether it is to stop. */
  private async renew(
    run: MigrationRun,
    progress: MigrationProgress,
    stopper: AbortController,
    signal: AbortSignal,
  ): Promise<void> {
    let lookedAt = performance.now();
    for (;;) {
      await sleep(RENEW_EVERY_MS, undefined, { signal }).catch(() => undefined);
      const now = performance.now();
      progress.activeMs += Math.round(now - lookedAt);
      lookedAt = now;
      if (signal.aborted) return;
      if (run.isDryRun) continue;
      // While the database is away, nothing is known of another process that took the run: the next answer tells.
      const told = await this.store.renew(run.id, progress).catch(() => 'go-on' as const);
      if (told !== 'go-on') stopper.abort();
    }
  }

  private async finish(run: MigrationRun, state: MigrationState, progress: MigrationProgress): Promise<void> {
    if (run.isDryRun) return this.remember({ ...run, state, progress, updatedAt: new Date().toISOString() });
    for (let tries = 1; ; tries++) {
      try {
        await this.store.finish(run.id, state, progress);
        return;
      } catch (error) {
        if (tries === FINISH_TRIES) throw error;
        await sleep(RENEW_EVERY_MS, undefined, { ref: false });
      }
    }
  }
}
