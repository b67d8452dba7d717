import type { IncomingMessage } from 'node:http';

/** Bytes a second that a body must bring on average: a tenth of what the slowest mobile networks carry. */
const MIN_BYTES_PER_S = 500;
/** How far a body may fall behind, in pauses that its route allows it (20 s unless it says otherwise: one minute). */
const PAUSES_BEHIND = 3;

/**
 * The clock of a body that is being read. It may not pause for longer than its route allows, nor bring less than 500
 * bytes a second for long: else a byte now and then would hold a connection for ever. Only the client's time counts:
 * while the request is paused because PHP does not take more, the clock stands.
 */
export class BodyPace {
  private readonly idle: NodeJS.Timeout;
  private readonly maxSlackMs: number;
  /** Milliseconds that the client may still lose. Bytes win some back, never more than it began with. */
  private slackMs: number;
  private since = performance.now();
  private isOver = false;
  /** Bound, and no arrow functions: ADR 0037. */
  private readonly onPause = this.spend.bind(this);
  private readonly onResume = this.skip.bind(this);

  /** `fail` is called once, when the client is too slow. */
  constructor(
    private readonly req: IncomingMessage,
    idleMs: number,
    private readonly fail: () => void,
  ) {
    this.maxSlackMs = idleMs * PAUSES_BEHIND;
    this.slackMs = this.maxSlackMs;
    this.idle = setTimeout(() => {
      if (req.isPaused()) this.idle.refresh();
      else this.giveUp();
    }, idleMs);
    req.on('pause', this.onPause).on('resume', this.onResume);
  }

  /** To be called with the length of each part; false once the body is given up or complete. */
  note(bytes: number): boolean {
    if (this.isOver) return false;
    this.spend();
    this.slackMs = Math.min(this.maxSlackMs, this.slackMs + (bytes * 1000) / MIN_BYTES_PER_S);
    if (this.slackMs < 0) {
      this.giveUp();
      return false;
    }
    this.idle.refresh();
    return true;
  }

  stop(): void {
    this.isOver = true;
    clearTimeout(this.idle);
    this.req.off('pause', this.onPause).off('resume', this.onResume);
  }

  private giveUp(): void {
    if (this.isOver) return;
    this.stop();
    this.fail();
  }

  private spend(): void {
    const now = performance.now();
    this.slackMs -= now - this.since;
    this.since = now;
  }

  private skip(): void {
    this.since = performance.now();
  }
}
