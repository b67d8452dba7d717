import type { Inlet } from './inlet.js';

/** Frames that are handled before others get their turn. */
const BATCH = 32;

/**
 * Frames in their order. While one is being worked on (a token is verified, the provider is reached) its socket is not read, and
 * what had been read already waits here: no more than `ws` reads at once.
 */
export class FrameQueue {
  private waiting: Buffer[] = [];
  private isBusy = false;

  /** `handle` must not throw; it returns a promise, which must not be rejected, where the next frame has to wait. */
  constructor(
    private readonly inlet: Inlet,
    private readonly handle: (frame: Buffer) => Promise<void> | undefined,
  ) {}

  push(frame: Buffer): void {
    if (this.isBusy) {
      this.waiting.push(frame);
      return;
    }
    const done = this.handle(frame);
    if (done !== undefined) this.pauseUntil(done);
  }

  /** Forgets what waits. */
  clear(): void {
    this.waiting = [];
  }

  private pauseUntil(done: Promise<void>): void {
    this.isBusy = true;
    this.inlet.hold('busy');
    void done.then(() => this.goOn());
  }

  private goOn(): void {
    for (let turns = 0; turns < BATCH; turns += 1) {
      const frame = this.waiting.shift();
      if (frame === undefined) {
        this.isBusy = false;
        this.inlet.release('busy');
        return;
      }
      const done = this.handle(frame);
      if (done !== undefined) return this.pauseUntil(done);
    }
    setImmediate(() => this.goOn());
  }
}
