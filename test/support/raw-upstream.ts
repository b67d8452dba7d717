import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface RawUpstream {
  readonly origin: string;
  readonly port: number;
  /** Heads and bodies as they arrived, one per request. */
  readonly requests: string[];
  /** Connections that were ever opened. */
  readonly connections: () => number;
  /** Sockets that are open now. */
  readonly openSockets: () => number;
  stop(): Promise<void>;
}

/** Decides byte by byte what an upstream says; called once per request when its head and announced body are complete. */
export type RawAnswer = (socket: Socket, request: string, count: number) => void;

/** An upstream that does exactly what a test tells it, however wrong. `port` to come back at the same address. */
export async function startRawUpstream(answer: RawAnswer, port = 0): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    let buffer = '';
    socket.on('data', (chunk) => {
      buffer += chunk.toString('latin1');
      for (;;) {
        const end = buffer.indexOf('\r\n\r\n');
        if (end === -1) return;
        const length = Number(/^content-length: *(\d+)/im.exec(buffer.slice(0, end))?.[1] ?? 0);
        const isChunked = /^transfer-encoding: *chunked/im.test(buffer.slice(0, end));
        const bodyEnd = isChunked ? buffer.indexOf('\r\n0\r\n\r\n', end - 2) : end + 4 + length;
        const total = isChunked ? bodyEnd + 7 : bodyEnd;
        if ((isChunked && bodyEnd === -1) || buffer.length < total) return;
        const request = buffer.slice(0, total);
        buffer = buffer.slice(total);
        requests.push(request);
        answer(socket, request, requests.length);
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    origin: `http://127.0.0.1:${bound}`,
    port: bound,
    requests,
    connections: () => connections,
    openSockets: () => sockets.size,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** A well-formed answer as text. */
export function httpAnswer(status: number, headers: Readonly<Record<string, string>>, body: string): string {
  const lines = Object.entries({ 'Content-Length': String(Buffer.byteLength(body, 'latin1')), ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return `HTTP/1.1 ${status} X\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}
