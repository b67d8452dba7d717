import { WebSocket } from 'ws';
import type { SocketLimits } from './socket-limits.js';

/** Told when a side takes less than it gets. */
export interface OutletEvents {
  onFull(): void;
  onFree(): void;
  /** Nothing has been taken for too long. */
  onStalled(): void;
}

type Bounds = Pick<SocketLimits, 'highWaterBytes' | 'lowWaterBytes' | 'highWaterFrames' | 'stallMs'>;

/** Sends frames in order and knows what of them is unsent; `ws` itself would take any amount into memory. */
export class Outlet {
  private unsentBytes = 0;
  private unsentFrames = 0;
  private isOverfull = false;
  private stalled: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly bounds: Bounds,
    private readonly events: OutletEvents,
  ) {}

  /** The other side is not read. */
  get isFull(): boolean {
    return this.isOverfull;
  }

  /** A text frame; nothing once the socket closes. */
  send(frame: Buffer): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.unsentBytes += frame.byteLength;
    this.unsentFrames += 1;
    this.socket.send(frame, { binary: false }, () => this.onSent(frame.byteLength));
    const { highWaterBytes, highWaterFrames, stallMs } = this.bounds;
    if (this.isOverfull || (this.unsentBytes <= highWaterBytes && this.unsentFrames <= highWaterFrames)) return;
    this.isOverfull = true;
    this.stalled = setTimeout(() => this.events.onStalled(), stallMs);
    this.events.onFull();
  }

  /** Ends its clock. */
  close(): void {
    clearTimeout(this.stalled);
  }

  private onSent(bytes: number): void {
    this.unsentBytes -= bytes;
    this.unsentFrames -= 1;
    if (!this.isOverfull) return;
    this.stalled?.refresh();
    const { lowWaterBytes, highWaterFrames } = this.bounds;
    if (this.unsentBytes > lowWaterBytes || this.unsentFrames > highWaterFrames / 4) return;
    this.isOverfull = false;
    clearTimeout(this.stalled);
    this.events.onFree();
  }
}
