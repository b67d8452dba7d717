import type { BeforeApplicationShutdown } from '@nestjs/common';
import { databaseFaultOf } from '../../database/index.js';
import type { Metrics } from '../../metrics/index.js';
import type { Logger } from '../../trace/index.js';
import type { ReportedEvent } from './reported-event.js';
import type { VoiceEventStore } from './voice-event.store.js';
import type { VoiceFanout } from './voice-fanout.js';

/** Events that may wait, of all callers and of one. */
const MAX_WAITING = 1000;
const MAX_OF_CALLER = 100;
/** Events that are recorded together, and that are told to the boards at the same time. */
const BATCH = 50;
const TOLD_TOGETHER = 4;
/** Milliseconds that one batch may take to be recorded: a database that starts takes up to ten seconds. */
const RECORD_WITHIN_MS = 15_000;
/** Milliseconds that a stopping gateway works on what waits. */
const DRAIN_MS = 5000;

export interface QueueBounds {
  readonly waiting: number;
  readonly ofCaller: number;
  readonly drainMs: number;
}

/** Records what clients report and tells the boards, in the background and in the order of arrival; what fails is counted and logged. */
export class VoiceEventQueue implements BeforeApplicationShutdown {
  private readonly waiting: ReportedEvent[] = [];
  private readonly ofCaller = new Map<string, number>();
  private readonly outcomes;
  /** Recorded, and not told yet. */
  private inHand: ReportedEvent[] = [];
  private work: Promise<void> | undefined;
  private isCut = false;

  constructor(
    private readonly store: Pick<VoiceEventStore, 'record' | 'prune'>,
    private readonly fanout: Pick<VoiceFanout, 'tell' | 'isOff'>,
    metrics: Metrics,
    private readonly logger: Pick<Logger, 'warn' | 'error'>,
    private readonly bounds: QueueBounds = { waiting: MAX_WAITING, ofCaller: MAX_OF_CALLER, drainMs: DRAIN_MS },
  ) {
    this.outcomes = metrics.counter(
      'donna_voice_events_total',
      'Voice events of clients: accepted or refused; recorded, known or unrecorded; delivered, partly, undelivered or untold; dropped.',
      ['outcome'],
    );
    metrics.gauge('donna_voice_events_waiting', 'Voice events that are not recorded yet.', [], (gauge) =>
      gauge.set(this.waiting.length),
    );
  }

  /** Takes an event, unless too many wait. */
  add(reported: ReportedEvent): boolean {
    const { owner } = reported.record;
    const own = this.ofCaller.get(owner) ?? 0;
    const isTaken = !this.isCut && this.waiting.length < this.bounds.waiting && own < this.bounds.ofCaller;
    this.outcomes.inc({ outcome: isTaken ? 'accepted' : 'refused' });
    if (!isTaken) return false;
    this.waiting.push(reported);
    this.ofCaller.set(owner, own + 1);
    this.work ??= this.run();
    return true;
  }

  /** Works on what waits as long as a stopping gateway may; the rest is counted and logged. */
  async beforeApplicationShutdown(): Promise<void> {
    const work = this.work ?? Promise.resolve();
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.bounds.drainMs);
    });
    await Promise.race([work, patience]);
    clearTimeout(timer);
    this.isCut = true;
    this.ofCaller.clear();
    this.drop([...this.waiting.splice(0), ...this.inHand.splice(0)]);
  }

  private drop(events: readonly ReportedEvent[]): void {
    if (events.length === 0) return;
    this.outcomes.inc({ outcome: 'dropped' }, events.length);
    this.logger.error({ dropped: events.length }, 'voice events lost: the gateway stops');
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) await this.settle(this.takeBatch());
    this.work = undefined;
  }

  private takeBatch(): readonly ReportedEvent[] {
    const batch = this.waiting.splice(0, BATCH);
    for (const { record } of batch) {
      const left = (this.ofCaller.get(record.owner) ?? 1) - 1;
      if (left === 0) this.ofCaller.delete(record.owner);
      else this.ofCaller.set(record.owner, left);
    }
    return batch;
  }

  private async settle(batch: readonly ReportedEvent[]): Promise<void> {
    const fresh = await this.record(batch);
    if (this.isCut) {
      this.drop(fresh);
      return;
    }
    this.inHand = [...fresh];
    const tellOneByOne = async (): Promise<void> => {
      for (let next = this.inHand.shift(); next !== undefined; next = this.inHand.shift()) await this.tell(next);
    };
    await Promise.all(Array.from({ length: TOLD_TOGETHER }, tellOneByOne));
  }

  /** Those that are new. Where nobody can say, all: PHP knows an event again by its key. */
  private async record(batch: readonly ReportedEvent[]): Promise<readonly ReportedEvent[]> {
    const unique = [...new Map(batch.map((reported) => [reported.record.id, reported])).values()];
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error('the database took too long')), RECORD_WITHIN_MS);
      });
      const added = await Promise.race([this.store.record(unique.map(({ record }) => record)), late]);
      this.outcomes.inc({ outcome: 'recorded' }, added.size);
      this.outcomes.inc({ outcome: 'known' }, batch.length - added.size);
      this.prune();
      return unique.filter(({ record }) => added.has(record.id));
    } catch (error) {
      this.outcomes.inc({ outcome: 'unrecorded' }, batch.length);
      this.logger.error({ count: batch.length, fault: databaseFaultOf(error) }, 'voice events not recorded');
      return unique;
    } finally {
      clearTimeout(timer);
    }
  }

  private prune(): void {
    this.store.prune().catch((error: unknown) => {
      this.logger.warn({ fault: databaseFaultOf(error) }, 'old voice events not removed');
    });
  }

  private async tell({ event, record, caller, clientAddress, traceId }: ReportedEvent): Promise<void> {
    if (this.fanout.isOff) {
      this.outcomes.inc({ outcome: 'untold' });
      return;
    }
    const { delivered, failed } = await this.fanout.tell(event, {
      caller,
      clientAddress,
      traceId,
      idempotencyKey: record.id,
    });
    const outcome = failed.length === 0 ? 'delivered' : delivered.length === 0 ? 'undelivered' : 'partly';
    this.outcomes.inc({ outcome });
  }
}
