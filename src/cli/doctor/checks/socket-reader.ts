import type { Socket } from 'node:net';

/** Reads a socket chunk by chunk and loses nothing between; whoever opened the socket ends it. */
export class SocketReader {
  private readonly chunks: Buffer[] = [];
  private hasEnded = false;
  private wake: () => void = () => undefined;

  constructor(private readonly socket: Socket) {
    socket.on('data', this.take).once('end', this.end).once('close', this.end);
  }

  /** The next bytes; undefined when there are no more. */
  async next(): Promise<Buffer | undefined> {
    while (this.chunks.length === 0 && !this.hasEnded) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.chunks.shift();
  }

  /** Leaves the socket to somebody else. */
  release(): void {
    this.socket.off('data', this.take).off('end', this.end).off('close', this.end);
  }

  private readonly take = (chunk: Buffer): void => {
    this.chunks.push(chunk);
    this.wake();
  };

  private readonly end = (): void => {
    this.hasEnded = true;
    this.wake();
  };
}
