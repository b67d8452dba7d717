import { WebSocket } from 'ws';

/** Why a side is not read. */
export type HoldReason = 'busy' | 'other side is full';

/** Whether a socket is read: not while anybody holds it. What waits outside waits in the peer, by TCP. */
export class Inlet {
  private readonly holds = new Set<HoldReason>();

  constructor(private readonly socket: WebSocket) {}

  get isHeld(): boolean {
    return this.holds.size > 0;
  }

  hold(reason: HoldReason): void {
    this.holds.add(reason);
    if (this.socket.readyState === WebSocket.OPEN) this.socket.pause();
  }

  /** Takes effect of what was asked before the socket was open. */
  onOpen(): void {
    if (this.isHeld) this.socket.pause();
  }

  release(reason: HoldReason): void {
    if (this.holds.delete(reason) && this.holds.size === 0) this.socket.resume();
  }

  /** Reads whatever comes, so that a closing handshake is seen. */
  open(): void {
    this.holds.clear();
    this.socket.resume();
  }
}
