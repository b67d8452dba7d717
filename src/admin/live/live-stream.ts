import type { Identity } from '../../auth/index.js';
import type { Exchange } from '../../trace/index.js';
import type { LiveEvents } from '../admin-api.js';

/** Milliseconds after which a browser comes back when a stream has ended. */
const RETRY_MS = 3000;
/** Bytes that wait for a reader; who is further behind is cut, and comes back to what is then new. */
const MAX_WAITING_BYTES = 262_144;
/** A stream's longest life: who listens on comes back, and is asked again who he is. */
const MAX_LIFE_MS = 3_600_000;

/** One event of the stream as it goes over the line (HTML Living Standard, server-sent events); JSON has no line ends of its own. */
export function toFrame<Name extends keyof LiveEvents>(name: Name, data: LiveEvents[Name]): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A comment: keeps what lies between from taking the stream for dead. */
export const PING = ': ping\n\n';

/** One administrator who looks on, over one answer that does not end by itself. */
export class LiveStream {
  readonly startedAt = Date.now();

  constructor(
    readonly exchange: Exchange,
    readonly admin: Identity,
  ) {}

  /** `onEnd` once, whoever ends it. */
  begin(onEnd: () => void): void {
    const { exchange } = this;
    const { res } = exchange;
    exchange.isStream = true;
    res.once('close', onEnd);
    res.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      // nginx would wait until its buffer is full.
      'X-Accel-Buffering': 'no',
    });
    if (exchange.method === 'HEAD') res.end();
    else res.write(`retry: ${RETRY_MS}\n\n`);
  }

  /** Whether its time is over by itself: the token's, or any stream's. `now` in Unix milliseconds. */
  isOver(now: number): boolean {
    const { token } = this.admin;
    return now - this.startedAt >= MAX_LIFE_MS || (token !== undefined && token.expiresAt * 1000 <= now);
  }

  send(frame: string): void {
    const { res } = this.exchange;
    if (res.writableEnded || res.destroyed) return;
    if (res.writableLength > MAX_WAITING_BYTES) res.destroy();
    else res.write(frame);
  }

  /** The client sees a whole answer, and comes back. Whoever has not read it when he is told again is cut: he holds a place. */
  end(): void {
    const { res } = this.exchange;
    if (res.writableEnded) res.destroy();
    else res.end();
  }
}
