import cluster, { type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../trace/index.js';
import type { Desk } from './desk.js';
import { closeUntaken } from './handed-connection.js';
import { Link } from './link.js';
import { POOL, type StartFailure } from './pool-topics.js';

/** Milliseconds that a worker must live for its death not to count as one of its start. */
const YOUNG_MS = 10_000;
/** So many deaths of young workers in a row, and none can be had. */
const MAX_YOUNG_DEATHS = 5;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2000;
/** Milliseconds beyond the grace after which a worker is ended for it. */
const BEYOND_GRACE_MS = 3000;
const LOOK_EVERY_MS = 1000;
/** Unanswered news after which a worker that stands still is ended: it no longer knows what was revoked. */
const MAX_UNHEARD = 5000;
/** sysexits.h: an internal fault. */
const EX_SOFTWARE = 70;

export interface WorkerPoolOptions {
  /** Absolute path of the worker's program. */
  readonly program: string;
  readonly count: number;
  /** What the primary has started for all workers; a value of JSON. */
  readonly parts: unknown;
  readonly desks: readonly Desk[];
  readonly logger: Logger;
  /** No worker stays alive: the gateway is to end. */
  readonly onGaveUp: (failure: StartFailure) => void;
}

interface Member {
  readonly number: number;
  readonly worker: Worker;
  readonly link: Link;
  readonly startedAt: number;
  isReady: boolean;
}

/** The worker cannot serve; what it said of it. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError';

  constructor(readonly failure: StartFailure) {
    super(failure.message);
  }
}

/**
 * The primary's workers: starts as many as are wanted, starts another in the place of each that dies, tells them to reload and to drain.
 * New connections are handed to them in turn by the primary, which owns the port.
 */
export class WorkerPool {
  /** Workers that were started in the place of others. */
  restarts = 0;
  private readonly members = new Map<number, Member>();
  private youngDeaths = 0;
  private isStopping = false;
  private lastGoodTable: string | null = null;
  private watch: NodeJS.Timeout | undefined;
  private facts: unknown;
  private settled: { resolve(facts: unknown): void; reject(error: Error): void } | undefined;

  constructor(private readonly options: WorkerPoolOptions) {}

  /** Workers that serve now. */
  get ready(): number {
    return [...this.members.values()].filter(({ isReady }) => isReady).length;
  }

  /** Starts all; resolves when each of them serves, with what the last one says of the gateway. @throws WorkerStartError */
  async start(): Promise<unknown> {
    cluster.schedulingPolicy = cluster.SCHED_RR;
    cluster.setupPrimary({ exec: this.options.program });
    const started = new Promise((resolve, reject) => (this.settled = { resolve, reject }));
    for (let number = 1; number <= this.options.count; number++) this.begin(number);
    this.watch = setInterval(() => this.endDeaf(), LOOK_EVERY_MS).unref();
    try {
      return await started;
    } catch (error) {
      await this.end('SIGKILL', 0);
      throw error;
    } finally {
      this.settled = undefined;
    }
  }

  /** Lets all of them read the route table again. */
  reload(): void {
    for (const { link } of this.members.values()) link.tell(POOL.reload, null);
  }

  /** Lets all of them finish what is under way within `graceMs`, and ends what is left then. */
  async stop(graceMs: number): Promise<void> {
    for (const { link } of this.members.values()) link.tell(POOL.drain, { graceMs });
    await this.end(undefined, graceMs + BEYOND_GRACE_MS);
  }

  /** `signal`: at once; without one those that serve have been told, and the others need no time. */
  private async end(signal: NodeJS.Signals | undefined, withinMs: number): Promise<void> {
    this.isStopping = true;
    clearInterval(this.watch);
    const ended = [...this.members.values()].map(({ worker, isReady }) => {
      const exit = new Promise((resolve) => worker.once('exit', resolve));
      if (signal !== undefined || !isReady) worker.process.kill(signal ?? 'SIGTERM');
      return exit;
    });
    const late = sleep(withinMs, 'late' as const, { ref: false });
    if (ended.length === 0 || (await Promise.race([Promise.all(ended), late])) !== 'late') return;
    for (const { worker } of this.members.values()) worker.process.kill('SIGKILL');
    await Promise.all(ended);
  }

  private links(): readonly Link[] {
    return [...this.members.values()].map(({ link }) => link);
  }

  private begin(number: number): void {
    const { count, parts, desks } = this.options;
    const worker = cluster.fork();
    closeUntaken(worker);
    const link = new Link((message) => {
      if (worker.isConnected()) worker.send(message, undefined, undefined, () => undefined);
    });
    const member: Member = { number, worker, link, startedAt: performance.now(), isReady: false };
    this.members.set(number, member);
    link.handle(POOL.begin, () => ({ number, count, parts, lastGoodTable: this.lastGoodTable }));
    link.handle(POOL.table, (text) => void (this.lastGoodTable = text));
    link.handle(POOL.ready, (facts) => this.onReady(member, facts));
    link.handle(POOL.failed, (failure) => this.onFailed(member, failure));
    for (const desk of desks) desk.serve(link, () => this.links());
    worker.on('message', (message: unknown) => link.receive(message));
    worker.on('error', () => undefined);
    worker.once('exit', (code: number | null, signal: string | null) => this.onExit(member, code, signal));
  }

  private onReady(member: Member, facts: unknown): void {
    member.isReady = true;
    this.facts = facts;
    if (this.ready === this.options.count) this.settled?.resolve(this.facts);
  }

  private onFailed({ number }: Member, failure: StartFailure): void {
    if (this.settled !== undefined) this.settled.reject(new WorkerStartError(failure));
    else this.options.logger.error({ worker: number, why: failure.message }, 'a worker cannot serve');
  }

  private onExit(member: Member, code: number | null, signal: string | null): void {
    const { number, link, startedAt, worker } = member;
    link.close();
    this.members.delete(number);
    for (const desk of this.options.desks) desk.leave?.(link);
    if (this.isStopping) return;
    const facts = { worker: number, pid: worker.process.pid, code, signal };
    if (this.settled !== undefined) {
      const message = `A worker ended while it started (${signal ?? `code ${code}`}): see the log.`;
      this.settled.reject(new WorkerStartError({ message, exitCode: EX_SOFTWARE }));
      return;
    }
    this.youngDeaths = performance.now() - startedAt < YOUNG_MS ? this.youngDeaths + 1 : 0;
    if (this.youngDeaths >= MAX_YOUNG_DEATHS) {
      this.isStopping = true;
      this.options.logger.fatal(facts, 'workers die again and again: the gateway ends');
      const message =
        `The gateway ends: ${MAX_YOUNG_DEATHS} workers in a row died within ${YOUNG_MS / 1000} s of their start, the last with ${signal ?? `code ${code}`}.\n` +
        'Their last lines, here or in the log, say why; after SIGKILL the kernel does (dmesg: out of memory?). Mend that, then start it again.';
      this.options.onGaveUp({ message, exitCode: EX_SOFTWARE });
      return;
    }
    const backoffMs = this.youngDeaths === 0 ? 0 : Math.min(FIRST_BACKOFF_MS * 2 ** this.youngDeaths, MAX_BACKOFF_MS);
    if (code === 0) this.options.logger.info(facts, 'a worker has ended by itself: another takes its place');
    else this.options.logger.error({ ...facts, backoffMs }, 'a worker has died: another takes its place');
    setTimeout(() => {
      if (this.isStopping) return;
      this.restarts += 1;
      this.begin(number);
    }, backoffMs);
  }

  private endDeaf(): void {
    for (const { link, worker, number } of this.members.values()) {
      if (link.underWay < MAX_UNHEARD) continue;
      this.options.logger.error({ worker: number, unheard: link.underWay }, 'a worker stands still: it is ended');
      worker.process.kill('SIGKILL');
    }
  }
}
