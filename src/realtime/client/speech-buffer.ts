/** One frame of PCM16, and how long it sounds. */
interface SpeechFrame {
  readonly base64: string;
  readonly ms: number;
}

/**
 * What was said since the turn began, so that it can be said again on a new connection: a bounded time, the oldest dropped.
 */
export class SpeechBuffer {
  private frames: SpeechFrame[] = [];
  private keptMs = 0;
  private totalMs = 0;

  constructor(private readonly limitMs: number) {}

  /** All that was said, milliseconds, kept or not. */
  get saidMs(): number {
    return this.totalMs;
  }

  /** Whether something had to be dropped. */
  get isCut(): boolean {
    return this.keptMs < this.totalMs;
  }

  push(base64: string, ms: number): void {
    this.frames.push({ base64, ms });
    this.keptMs += ms;
    this.totalMs += ms;
    let drop = 0;
    while (this.keptMs > this.limitMs && drop < this.frames.length) {
      this.keptMs -= this.frames[drop]?.ms ?? 0;
      drop += 1;
    }
    if (drop > 0) this.frames.splice(0, drop);
  }

  /** The frames that are kept, oldest first. */
  kept(): readonly string[] {
    return this.frames.map(({ base64 }) => base64);
  }
}
