import { Socket } from 'node:net';

/** The sockets of a server's connections, so that all can be cut when it has fallen silent: a timeout a query would keep each in use. */
export class SocketSet {
  private readonly open = new Set<Socket>();

  /** For `pg`'s option `stream`: a socket that is not connected yet. */
  readonly make = (): Socket => {
    const socket = new Socket();
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
    return socket;
  };

  /** Whoever waits for an answer on one hears at once that it is gone. */
  cut(): void {
    for (const socket of this.open) socket.destroy();
  }
}
