import { AsyncLocalStorage } from 'node:async_hooks';
import { databaseFaultOf } from '../../database/index.js';
import type { Metrics } from '../../metrics/index.js';
import type { Logger } from '../../trace/index.js';
import type { OutgoingMail } from './compose-mail.js';
import type { Mail } from './mail.js';
import type { MailBounds } from './mail-bounds.js';
import type { ClaimedMail, MailStats, MailStore } from './mail.store.js';
import type { SmtpSender } from './smtp-sender.js';

/** What is due and cannot be claimed is another instance's for a moment. */
const SHORTEST_PAUSE_MS = 20;

export interface WorkerParts {
  readonly store: MailStore;
  readonly sender: Pick<SmtpSender, 'send'>;
  readonly metrics: Metrics;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly bounds: MailBounds;
  /** Milliseconds that mail is kept at most after its end by the retention policy; `otherwise` where none is to be had. */
  readonly keptMs: (otherwise: number) => number;
}

/**
 * Hands over the mail that is due, some at a time; several instances share the queue. A mail is sent at least once: a process that ends between
 * the server's 250 and its own note of it leaves it to be sent again, with the same Message-ID.
 */
export class MailWorker {
  private readonly outcomes;
  private readonly cut = new AbortController();
  private readonly lanes = new Set<Promise<void>>();
  /** Not part of the request that wakes it: neither of its log lines nor of a dry run. */
  private readonly outside = AsyncLocalStorage.snapshot();
  private looking: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;
  private isAway = false;
  private prunedAt = -Infinity;
  private stats: MailStats = { queued: 0, dead: 0, oldestMs: 0, nextMs: undefined };

  constructor(private readonly parts: WorkerParts) {
    const { metrics } = parts;
    this.outcomes = metrics.counter(
      'donna_mail_total',
      'Mails by what became of them: sent, deferred (tried again later) or dead.',
      ['outcome'],
    );
    metrics.gauge('donna_mail_queued', 'Mails that wait to be sent, of all instances.', [], (gauge) =>
      gauge.set(this.stats.queued),
    );
    metrics.gauge('donna_mail_dead', 'Mails that could not be sent, for an administrator to look at.', [], (gauge) =>
      gauge.set(this.stats.dead),
    );
    metrics.gauge('donna_mail_oldest_seconds', 'For how long the oldest mail that waits has waited.', [], (gauge) =>
      gauge.set(this.stats.oldestMs / 1000),
    );
  }

  /** Begins to look for mail. An embedded database that nobody uses is left alone for a moment, one that was never made for good. */
  start(): void {
    this.schedule(this.parts.store.isAsleep ? this.parts.bounds.firstLookMs : 0);
  }

  /** A mail has come. */
  wake(): void {
    if (!this.isStopped && this.lanes.size < this.parts.bounds.lanes) this.outside(() => this.openLane());
  }

  /** Takes no more mail, waits a moment for what is being handed over, and cuts the rest: it is tried again when its time is over. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    const patience = setTimeout(() => this.cut.abort(), this.parts.bounds.drainMs);
    await Promise.all(this.lanes);
    await this.looking;
    clearTimeout(patience);
  }

  private schedule(ms: number): void {
    clearTimeout(this.timer);
    if (this.isStopped) return;
    this.timer = setTimeout(() => this.wake(), ms);
    this.timer.unref();
  }

  private openLane(): void {
    clearTimeout(this.timer);
    const lane: Promise<void> = this.run().finally(() => {
      this.lanes.delete(lane);
      if (this.lanes.size === 0) this.looking = this.rest();
    });
    this.lanes.add(lane);
  }

  /** Nothing is due: looks how things stand, and sleeps until something is. */
  private async rest(): Promise<void> {
    if (this.isStopped) return;
    // So that it is looked at again whatever happens here.
    this.schedule(this.parts.bounds.pollMs);
    if (this.isAway || !this.parts.store.hasData) return;
    try {
      await this.lookAround();
      const nextMs = Math.max(SHORTEST_PAUSE_MS, this.stats.nextMs ?? Infinity);
      if (this.lanes.size === 0) this.schedule(Math.min(this.parts.bounds.pollMs, nextMs));
    } catch (error) {
      this.tellAway(error);
    }
  }

  /** Until nothing is due. */
  private async run(): Promise<void> {
    const { store, bounds } = this.parts;
    try {
      if (!store.hasData) return;
      while (!this.isStopped) {
        const claimed = await (await store.rows()).claim(bounds.leaseMs);
        this.isAway = false;
        if (claimed === undefined) break;
        // There may be more for another.
        this.wake();
        await this.attempt(claimed);
      }
    } catch (error) {
      this.tellAway(error);
    }
  }

  private tellAway(error: unknown): void {
    if (!this.isAway)
      this.parts.logger.warn({ fault: databaseFaultOf(error) }, 'mail waits: the database cannot be used now');
    this.isAway = true;
  }

  private async attempt(claimed: ClaimedMail): Promise<void> {
    const { store, sender, bounds, logger } = this.parts;
    const { id, attempts, ageMs, traceId } = claimed;
    const { left, refused, fault } =
      // One that ends the process with each attempt is not to do so for ever.
      attempts > bounds.maxAttempts
        ? { left: claimed.recipients, refused: [], fault: 'too many attempts' }
        : await sender.send(toOutgoing(claimed), this.cut.signal);
    const lost = [...claimed.refused, ...refused];
    const rows = await store.rows();
    if (left.length === 0 && lost.length === 0) {
      await rows.settleSent(claimed);
      this.outcomes.inc({ outcome: 'sent' });
      logger.info({ mailId: id, attempts, ageMs: Math.round(ageMs), traceId }, 'mail sent');
      return;
    }
    const isOver = left.length === 0 || attempts >= bounds.maxAttempts || ageMs >= bounds.maxAgeMs;
    const told = { mailId: id, attempts, fault, left: left.length, refused: lost.length, traceId };
    await rows.settleFailed(claimed, { left, refused: lost, fault }, isOver ? undefined : this.backoffMs(attempts));
    this.outcomes.inc({ outcome: isOver ? 'dead' : 'deferred' });
    if (isOver) logger.error(told, 'mail is dead: see npm run gateway -- mail');
    else logger.warn(told, 'mail deferred');
  }

  /** Equal jitter: at least half of what doubles with each attempt. */
  private backoffMs(attempts: number): number {
    const { backoffMs, maxBackoffMs } = this.parts.bounds;
    return Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(attempts - 1, 30)) * (0.5 + Math.random() / 2);
  }

  private async lookAround(): Promise<void> {
    const { store, bounds, keptMs } = this.parts;
    const rows = await store.rows();
    const now = performance.now();
    if (now - this.prunedAt >= bounds.pruneEveryMs) {
      this.prunedAt = now;
      await rows.prune(Math.min(bounds.sentKeptMs, keptMs(bounds.sentKeptMs)), keptMs(bounds.deadKeptMs));
    }
    this.stats = await rows.stats();
  }
}

function toOutgoing({ content, recipients, messageId, acceptedAt }: ClaimedMail): OutgoingMail {
  return { mail: JSON.parse(content) as Mail, recipients, messageId, acceptedAt };
}
