import type { IncomingMessage } from 'node:http';

const MAX_BYTES = 1024 * 1024;
const MAX_MS = 5000;

/**
 * Reads on and forgets what a refused request still sends, so that its client gets to read the answer
 * (closing with unread data makes the kernel reset the connection). Bounded: past 1 MiB or 5 s the connection is cut.
 */
export function discardBody(req: IncomingMessage): void {
  let bytes = 0;
  const cut = (): void => {
    if (!req.complete) req.socket.destroy();
  };
  const timer = setTimeout(cut, MAX_MS);
  timer.unref();
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) cut();
  });
  req.on('error', () => undefined);
  req.once('close', () => clearTimeout(timer));
  req.resume();
}
