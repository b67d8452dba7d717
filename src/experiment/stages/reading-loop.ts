/** Milliseconds between tries to read what is not known. */
const RETRY_MS = 1000;

/** What a loop reads, and how it hears that there is something new. */
export interface ReadingLoopParts {
  /** Reads once, and takes what it read into use. */
  readonly read: () => Promise<void>;
  /** Calls back soon after any instance changed something. */
  readonly watch: (onChange: () => void) => Promise<void>;
  /** Milliseconds between looks, the net below `watch`; undefined where nobody else changes anything. */
  readonly pollMs: number | undefined;
  /** Whether it was read at least once. */
  readonly isKnown: () => boolean;
  /** Whether there is anything to read for. */
  readonly isNeeded: () => boolean;
}

/** Keeps what instances share up to date here: read when a change is told, every `pollMs` besides, and until it is known. */
export class ReadingLoop {
  private timer: NodeJS.Timeout | undefined;
  private reading: Promise<void> | undefined;
  private queued: Promise<void> | undefined;
  private isWatching = false;
  private hasStopped = false;

  constructor(private readonly parts: ReadingLoopParts) {}

  get isStopped(): boolean {
    return this.hasStopped;
  }

  /** Begins to watch and to look, unless it has. */
  begin(): void {
    if (!this.isWatching) {
      this.isWatching = true;
      // A watch that cannot be had is made up for by looking.
      this.parts.watch(() => void this.refresh().catch(() => undefined)).catch(() => (this.isWatching = false));
    }
    this.schedule();
  }

  stop(): void {
    this.hasStopped = true;
    clearTimeout(this.timer);
  }

  /**
   * Reads anew, in a read that begins after the call. Reads follow each other: an older one is never taken for the newer.
   * @throws what the read throws
   */
  refresh(): Promise<void> {
    if (this.queued !== undefined) return this.queued;
    if (this.reading === undefined) return this.startReading();
    return (this.queued = this.reading
      .catch(() => undefined)
      .then(() => {
        this.queued = undefined;
        return this.startReading();
      }));
  }

  private startReading(): Promise<void> {
    const reading = this.parts.read().finally(() => {
      if (this.reading === reading) this.reading = undefined;
    });
    this.reading = reading;
    return reading;
  }

  private schedule(): void {
    clearTimeout(this.timer);
    const { pollMs } = this.parts;
    const wait = this.parts.isKnown() ? pollMs : Math.max(pollMs ?? 0, RETRY_MS);
    if (this.hasStopped || wait === undefined || !this.parts.isNeeded()) return;
    this.timer = setTimeout(() => {
      void this.refresh()
        .catch(() => undefined)
        .then(() => this.begin());
    }, wait);
    this.timer.unref();
  }
}
