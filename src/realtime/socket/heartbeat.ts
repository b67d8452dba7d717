import { WebSocket } from 'ws';

/** Pings a peer, and tells when it is gone without a word: no pong and no message from one ping to the next. */
export class Heartbeat {
  private isAlive = true;
  private readonly timer: NodeJS.Timeout;

  /** @param isUnread while it is, nothing of the peer can be seen: it is not taken for gone */
  constructor(
    private readonly socket: WebSocket,
    everyMs: number,
    private readonly isUnread: () => boolean,
    private readonly onLost: () => void,
  ) {
    this.timer = setInterval(() => this.beat(), everyMs);
    socket.on('pong', () => this.see());
  }

  /** The peer has shown a sign of life. */
  see(): void {
    this.isAlive = true;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private beat(): void {
    if (this.isUnread()) {
      this.isAlive = true;
      return;
    }
    if (!this.isAlive) {
      this.onLost();
      return;
    }
    this.isAlive = false;
    if (this.socket.readyState === WebSocket.OPEN) this.socket.ping();
  }
}
