import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { type Database, databaseFaultOf, DatabaseUnavailableError } from '../database/index.js';
import { Tally } from '../metrics/index.js';
import type { Logger } from '../trace/index.js';
import {
  MAX_KEPT_MS,
  type RetentionKind,
  type RetentionPolicy,
  readRetentionPolicy,
  RetentionPolicyError,
} from './retention-policy.js';
import { type RetentionRun, RetentionRunStore } from './retention-run.store.js';
import type { RetentionResult, RetentionTask, RetentionTasks } from './retention-task.js';

/** Milliseconds that one run works; what is left is the next one's. */
const RUN_WITHIN_MS = 30_000;
/** Scheduled runs, of whichever instance, are that part of the time between them apart; one alone comes no sooner after its last. */
const APART_SHARE = 0.7;
const MAX_FAULTS = 50;
const MAX_ITEMS = 10_000;

export interface RetentionSettings {
  /** Absolute path of the policy. */
  readonly file: string;
  /** Milliseconds between runs; undefined: it runs when it is told to. */
  readonly everyMs: number | undefined;
}

export interface RetentionAsk {
  readonly by: string;
  readonly traceId: string;
  readonly isDryRun: boolean;
  /** Milliseconds since the last run of the same `by`, on any instance, before which there is none. */
  readonly apartMs?: number;
}

/** A run, and what went; at most 10,000 names. `busy`: another run stands in the way. */
export type RetentionOutcome =
  | { readonly kind: 'ended'; readonly run: RetentionRun; readonly items: readonly string[] }
  | { readonly kind: 'busy'; readonly run: RetentionRun };

/** The native clean-up: what PHP's does for its files, for the gateway's rows, by the same policy. */
export class Retention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly runs: RetentionRunStore;
  /** Runs by how they ended; without dry ones. */
  readonly ended = new Tally();
  private readonly instance = randomBytes(8).toString('hex');
  private timer: NodeJS.Timeout | undefined;
  private work: Promise<unknown> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly database: Database,
    private readonly tasks: RetentionTasks,
    private readonly settings: RetentionSettings,
    private readonly logger: Logger,
  ) {
    this.runs = new RetentionRunStore(database);
  }

  /** Milliseconds between runs; undefined: it runs when it is told to. */
  get everyMs(): number | undefined {
    return this.settings.everyMs;
  }

  get isScheduled(): boolean {
    return this.settings.everyMs !== undefined;
  }

  /** @throws RetentionPolicyError */
  policy(): RetentionPolicy {
    return readRetentionPolicy(this.settings.file);
  }

  /**
   * Milliseconds that a kind is kept, for who removes rows by itself; `otherwise` without a policy file. By a policy with a fault nothing goes:
   * the longest time that one may say.
   */
  keptMs(kind: RetentionKind, otherwise: number): number {
    try {
      return this.policy()[kind];
    } catch (error) {
      if (!(error instanceof RetentionPolicyError)) throw error;
      const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
      if (code === 'ENOENT') return otherwise;
      this.logger.warn({ kind }, 'retention.policy-not-usable: see npm run gateway -- cleanup --status');
      return MAX_KEPT_MS;
    }
  }

  onApplicationBootstrap(): void {
    if (!this.isScheduled) return;
    // A fault is told by the start, not by a line of the log an hour later.
    this.policy();
    this.schedule();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.work;
  }

  /** Runs once, for half a minute at most. The first use makes an embedded database. @throws RetentionPolicyError, DatabaseUnavailableError */
  async run({ by, traceId, isDryRun, apartMs }: RetentionAsk): Promise<RetentionOutcome> {
    const policy = this.policy();
    const begun = await this.runs.begin(by, this.instance, isDryRun, apartMs);
    if ('busy' in begun) return { kind: 'busy', run: begun.busy };
    const until = performance.now() + RUN_WITHIN_MS;
    const isLate = (): boolean => this.isStopped || performance.now() > until;
    const counts: Record<string, number> = {};
    const faults: string[] = [];
    const items: string[] = [];
    let isMine = true;
    const now = Date.now();
    for (const task of this.tasks.all()) {
      isMine = !isLate() && (await this.runs.renew(begun.id, this.instance));
      if (!isMine) break;
      const note = (name: string): void => void (items.length < MAX_ITEMS && items.push(`${task.kind}  ${name}`));
      const before = new Date(now - policy[task.kind]);
      const result = await this.attempt(task, { database: this.database, before, isDryRun, traceId, note, isLate });
      counts[task.kind] = (counts[task.kind] ?? 0) + result.removed;
      faults.push(...(result.faults ?? []).map((fault) => `${task.kind}: ${fault}`));
    }
    const state = faults.length > 0 ? 'incomplete' : isMine && !isLate() ? 'complete' : 'unfinished';
    if (!isDryRun) this.ended.add(state);
    const run = await this.runs.settle(begun.id, state, { counts, faults: faults.slice(0, MAX_FAULTS) });
    this.logger.info({ run: run.id, state, dryRun: isDryRun, counts, faults: faults.length, traceId }, 'retention.run');
    return { kind: 'ended', run, items };
  }

  /** One kind's fault is its own; without a database there is none that could be done. */
  private async attempt(task: RetentionTask, work: Parameters<RetentionTask['run']>[0]): Promise<RetentionResult> {
    try {
      return await task.run(work);
    } catch (error) {
      if (error instanceof DatabaseUnavailableError) throw error;
      this.logger.error({ kind: task.kind, fault: databaseFaultOf(error) }, 'retention.failed');
      return { removed: 0, faults: ['failed: see the log'] };
    }
  }

  private schedule(): void {
    const { everyMs } = this.settings;
    if (everyMs === undefined || this.isStopped) return;
    // Instances that were started together do not all come at once; who comes after another leaves it at that.
    const apartMs = everyMs * APART_SHARE;
    this.timer = setTimeout(() => (this.work = this.runBySchedule(apartMs)), everyMs * (0.75 + Math.random() / 4));
    this.timer.unref();
  }

  private async runBySchedule(apartMs: number): Promise<void> {
    try {
      // An embedded database that was never made has nothing that is old.
      if (this.database.hasData)
        await this.run({ by: 'schedule', traceId: randomBytes(16).toString('hex'), isDryRun: false, apartMs });
    } catch (error) {
      this.ended.add('failed');
      this.logger.error({ fault: databaseFaultOf(error) }, 'retention.failed');
    } finally {
      this.schedule();
    }
  }
}
