import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { eventually } from './eventually.js';

/** A session at the upstream, as it sees it. */
export interface UpstreamSession {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  /** Text frames in order, but for the gateway's own first one, which is `first`. */
  readonly frames: string[];
  first: string | undefined;
  /** How it was closed; undefined while it is open. */
  closed: number | undefined;
}

/** A realtime provider that does what a test says: it keeps what it gets and says nothing by itself. */
export interface RealtimeUpstream {
  /** `http://127.0.0.1:PORT/v1`, for `OPENAI_BASE_URL`. */
  readonly baseUrl: string;
  readonly sessions: UpstreamSession[];
  /** Answers an upgrade in its stead, while set. */
  refuse: ((socket: Socket) => void) | undefined;
  /** Frames are counted, not kept. */
  isCounting: boolean;
  received: number;
  receivedBytes: number;
  session(index: number): Promise<UpstreamSession>;
  stop(): Promise<void>;
}

/** `onFrame` is told of every text frame but the gateway's first. */
export async function startRealtimeUpstream(
  onFrame: (session: UpstreamSession, frame: string) => void = () => undefined,
): Promise<RealtimeUpstream> {
  const sockets = new Set<Socket>();
  const server = createServer((_req: IncomingMessage, res: ServerResponse) => res.writeHead(404).end());
  const wss = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const upstream: RealtimeUpstream = {
    baseUrl: '',
    sessions: [],
    refuse: undefined,
    isCounting: false,
    received: 0,
    receivedBytes: 0,
    session: async (index) => {
      await eventually(() => upstream.sessions.length > index);
      const found = upstream.sessions[index];
      if (found === undefined) throw new Error('no session');
      return found;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket: Socket, head) => {
    socket.on('error', () => undefined);
    if (upstream.refuse !== undefined) return upstream.refuse(socket);
    wss.handleUpgrade(request, socket, head, (ws) => {
      const session: UpstreamSession = { socket: ws, request, frames: [], first: undefined, closed: undefined };
      upstream.sessions.push(session);
      ws.on('error', () => undefined);
      ws.on('close', (code) => (session.closed = code));
      ws.on('message', (data: Buffer) => {
        upstream.received += 1;
        upstream.receivedBytes += data.byteLength;
        const frame = data.toString('utf8');
        if (session.first === undefined) session.first = frame;
        else {
          if (!upstream.isCounting) session.frames.push(frame);
          onFrame(session, frame);
        }
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return Object.assign(upstream, { baseUrl: `http://127.0.0.1:${address.port}/v1` });
}
