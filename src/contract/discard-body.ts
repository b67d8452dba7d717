import type { IncomingMessage } from 'node:http';

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_IDLE_MS = 5000;
const MAX_MS = 30_000;

/**
 * Reads on and forgets what a refused request still sends, so that its client gets to read the answer: closing with
 * unread data makes the kernel reset the connection (RFC 9112, section 9.6). Bounded in bytes and time, then cut.
 */
export function discardBody(req: IncomingMessage): void {
  let bytes = 0;
  const cut = (): void => {
    if (!req.complete) req.socket.destroy();
  };
  const total = setTimeout(cut, MAX_MS).unref();
  const idle = setTimeout(cut, MAX_IDLE_MS).unref();
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    idle.refresh();
    if (bytes > MAX_BYTES) cut();
  });
  req.on('error', () => undefined);
  req.once('close', () => {
    clearTimeout(total);
    clearTimeout(idle);
  });
  req.resume();
}

/**
 * As `discardBody`, for a connection that ends with its answer: Node would destroy it right after the last byte
 * (`destroySoon`); instead it is half closed, and closed when the client has sent the rest or closes its side.
 */
export function discardBodyAndClose(req: IncomingMessage): void {
  const { socket } = req;
  socket.destroySoon = () => {
    socket.end();
    if (req.complete || req.destroyed) socket.destroy();
    else req.once('close', () => socket.destroy());
  };
  discardBody(req);
}
