import type { Route } from '../../routing/index.js';
import type { Exchange, Logger } from '../../trace/index.js';
import { tapExchange, type TappedExchange } from './exchange-tap.js';
import type { FixtureFile } from './fixture-file.js';
import { Recording, type RecordingEnd, type RecordingSettings, type SkippedExchanges } from './recording.js';

/** Exchanges that are listened to, or wait to be redacted, at the same time; with their bounds, what a recording may hold. */
const MAX_UNDER_WAY = 32;
/** Milliseconds of redaction before other work has its turn. */
const TURN_MS = 2;
/** Milliseconds after its end in which a recording can be fetched. */
const RETENTION_MS = 15 * 60_000;
/** Bytes of the fixtures of one page. */
const PAGE_BYTES = 524_288;

/** How a recording fares. */
export interface RecordingStatus {
  readonly settings: RecordingSettings;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** When it ends by itself, or ended. */
  readonly endsAt: string;
  readonly ended: RecordingEnd | null;
  readonly fixtures: number;
  readonly bytes: number;
  readonly skipped: Readonly<SkippedExchanges>;
}

/**
 * Keeps traffic of chosen routes as fixtures, one recording at a time, in this process alone. Off the path: an exchange is
 * listened to as it passes, and redacted when its answer is out, in short turns between other work.
 */
export class Recorder {
  private recording: Recording | undefined;
  private timer: NodeJS.Timeout | undefined;
  private underWay = 0;
  private isWorking = false;
  /** Each with the recording that it was listened to for: another may have begun meanwhile. */
  private readonly waiting: { recording: Recording; exchange: Exchange; tapped: TappedExchange }[] = [];

  constructor(private readonly logger: Logger) {}

  /** Whether anything is recorded at all: the only thing that a request meets while nothing is. */
  get isOn(): boolean {
    return this.recording !== undefined && this.recording.end === undefined;
  }

  /** Starts a recording in the place of one that has ended; undefined while another runs. */
  start(settings: RecordingSettings): RecordingStatus | undefined {
    if (this.isOn) return undefined;
    this.recording = new Recording(settings);
    this.wake(settings.seconds * 1000, () => this.end('time'));
    this.logger.info(settings, 'recording started');
    return this.status();
  }

  /** Ends the recording under way; what it has is kept for a while. Undefined where there is none. */
  stop(reason: RecordingEnd = 'asked'): RecordingStatus | undefined {
    if (this.isOn) this.end(reason);
    return this.status();
  }

  /** Forgets all. */
  close(): void {
    this.stop('shutdown');
    this.drop();
  }

  status(): RecordingStatus | undefined {
    const { recording } = this;
    if (recording === undefined) return undefined;
    const { settings, startedAt, end, files, bytes, skipped } = recording;
    return {
      settings,
      startedAt: new Date(startedAt).toISOString(),
      endsAt: new Date(end?.at ?? startedAt + settings.seconds * 1000).toISOString(),
      ended: end?.reason ?? null,
      fixtures: files.length,
      bytes,
      skipped: { ...skipped },
    };
  }

  /** Fixtures from a number on, as many as fit a page; `next` is where the following begin. */
  page(from: number): { readonly files: readonly FixtureFile[]; readonly next: number } {
    const files: FixtureFile[] = [];
    let bytes = 0;
    for (const file of this.recording?.files.slice(from) ?? []) {
      bytes += file.text.length;
      if (bytes > PAGE_BYTES && files.length > 0) break;
      files.push(file);
    }
    return { files, next: from + files.length };
  }

  /** Listens to a request of one of these routes, where the recording wants one; to be called before anything of it is read, while `isOn`. */
  watch(exchange: Exchange, routes: readonly Route[]): void {
    const { recording } = this;
    if (recording === undefined) return;
    if (!routes.some(({ name }) => recording.wants(name))) return;
    if (Math.random() >= recording.settings.sample) {
      recording.skipped.notSampled += 1;
      return;
    }
    if (this.underWay >= MAX_UNDER_WAY) {
      recording.skipped.busy += 1;
      return;
    }
    this.underWay += 1;
    void tapExchange(exchange).then((tapped) => this.queue(recording, exchange, tapped));
  }

  private queue(recording: Recording, exchange: Exchange, tapped: TappedExchange | undefined): void {
    if (tapped === undefined || recording.end !== undefined) {
      this.underWay -= 1;
      if (tapped === undefined) recording.skipped.notTelling += 1;
      return;
    }
    this.waiting.push({ recording, exchange, tapped });
    if (this.isWorking) return;
    this.isWorking = true;
    setImmediate(() => this.work());
  }

  private work(): void {
    const startedAt = performance.now();
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      const { recording, exchange, tapped } = next;
      const bound = recording.take(exchange, tapped);
      this.underWay -= 1;
      if (bound !== undefined && recording === this.recording) this.end(bound);
      if (performance.now() - startedAt > TURN_MS) break;
    }
    this.isWorking = this.waiting.length > 0;
    if (this.isWorking) setImmediate(() => this.work());
  }

  private end(reason: RecordingEnd): void {
    const { recording } = this;
    if (recording === undefined) return;
    recording.end = { reason, at: Date.now() };
    const { files, bytes, skipped, settings } = recording;
    this.wake(RETENTION_MS, () => this.drop());
    this.logger.info({ routes: settings.routes, reason, fixtures: files.length, bytes, skipped }, 'recording ended');
  }

  private drop(): void {
    clearTimeout(this.timer);
    this.recording = undefined;
  }

  private wake(ms: number, then: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(then, ms);
    this.timer.unref();
  }
}
