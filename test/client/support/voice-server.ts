import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket as ServerSocket, WebSocketServer } from 'ws';
import { eventually } from '../../support/eventually.js';

type Json = Readonly<Record<string, unknown>>;

/** A connection as the server sees it. */
export class ServedSocket {
  readonly frames: Json[] = [];
  closeCode: number | undefined;

  constructor(
    readonly socket: ServerSocket,
    readonly path: string,
    readonly protocols: readonly string[],
  ) {
    socket.on('message', (data: Buffer) => this.frames.push(JSON.parse(data.toString('utf8')) as Json));
    socket.on('close', (code) => {
      this.closeCode = code;
    });
  }

  send(...frames: readonly (Json | string)[]): void {
    for (const frame of frames) this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The types of what the client has sent, beside the session's settings. */
  get types(): unknown[] {
    return this.frames.map(({ type }) => type).filter((type) => type !== 'session.update');
  }

  of(type: string): Json[] {
    return this.frames.filter((frame) => frame['type'] === type);
  }

  /** Waits for so many frames of a type. */
  async until(type: string, count = 1): Promise<Json[]> {
    await eventually(() => this.of(type).length >= count);
    return this.of(type);
  }

  /** Answers in GA's words: so much sound, in pieces of 100 ms, and a text. */
  answer(id: string, { soundMs = 200, text = 'Good day.' } = {}): void {
    const place = { response_id: id, item_id: `item-${id}`, output_index: 0, content_index: 0 };
    this.send({ type: 'response.created', response: { id } });
    for (let ms = 0; ms < soundMs; ms += 100)
      this.send({ type: 'response.output_audio.delta', ...place, delta: sound(Math.min(100, soundMs - ms)) });
    this.send({ type: 'response.output_audio_transcript.delta', ...place, delta: text.slice(0, 4) });
    this.send({ type: 'response.output_audio_transcript.done', ...place, transcript: text });
    this.send({ type: 'response.done', response: { id, status: 'completed' } });
  }
}

/** Silence as base64. */
export function sound(ms: number): string {
  return Buffer.alloc(ms * 48).toString('base64');
}

/** The gateway and the provider in one: what they answer, the test says. */
export class VoiceServer {
  readonly sockets: ServedSocket[] = [];
  readonly calls: { path: string; headers: IncomingMessage['headers']; body: string }[] = [];
  config: Record<string, unknown> = {};
  /** Answers of the endpoints: status, fields, headers. */
  answers: Record<string, () => { status: number; json: unknown; headers?: Record<string, string> }> = {};
  /** What happens to a connection once it is there. */
  onSocket: (served: ServedSocket) => void = greet;
  /** Undefined: every upgrade is taken. */
  refuse: ((path: string) => number | undefined) | undefined;
  private readonly webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });

  private constructor(private readonly server: Server) {
    server.on('request', (req, res) => void this.handle(req, res));
    server.on('upgrade', (req, socket, head) => {
      const url = req.url ?? '/';
      const status = this.refuse?.(url);
      if (status !== undefined) {
        socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
        return;
      }
      this.webSockets.handleUpgrade(req, socket, head, (webSocket) => {
        const protocols = (req.headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
        const served = new ServedSocket(webSocket, url, protocols);
        this.sockets.push(served);
        this.onSocket(served);
      });
    });
  }

  static async start(): Promise<VoiceServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const voice = new VoiceServer(server);
    voice.reset();
    return voice;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** As if it were new: everything works, nothing was asked. */
  reset(): void {
    for (const { socket } of this.sockets.splice(0)) socket.terminate();
    this.calls.length = 0;
    this.onSocket = greet;
    this.refuse = undefined;
    this.config = {
      tokenUrl: '/api/realtime/token',
      accessTokenUrl: '/api/auth/token',
      socketUrl: null,
      providerUrl: `${this.origin.replace('http', 'ws')}/provider`,
      model: 'gpt-realtime',
      serverVad: false,
      reconnect: { enabled: true, maxAttempts: 3, baseMs: 500, capMs: 4000 },
      audio: { sampleRate: 24_000 },
      bufferMs: 1000,
    };
    let secrets = 0;
    this.answers = {
      '/realtime/config.json': () => ({ status: 200, json: { success: true, data: this.config } }),
      '/api/realtime/token': () => {
        secrets += 1;
        return { status: 200, json: { success: true, value: `ek_${secrets}`, expires_at: Date.now() / 1000 + 600 } };
      },
      '/api/auth/token': () => {
        secrets += 1;
        return { status: 200, json: { success: true, access_token: `jwt-${secrets}`, expires_in: 900 } };
      },
      '/api/voice/events': () => ({ status: 202, json: { success: true } }),
    };
  }

  /** Waits for the connection of that number, from 1. */
  async connection(number: number): Promise<ServedSocket> {
    await eventually(() => this.sockets.length >= number);
    const served = this.sockets[number - 1];
    if (served === undefined) throw new Error('no such connection');
    return served;
  }

  callsTo(path: string): VoiceServer['calls'] {
    return this.calls.filter((one) => one.path === path);
  }

  async stop(): Promise<void> {
    for (const { socket } of this.sockets) socket.terminate();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = new URL(req.url ?? '/', this.origin).pathname;
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    this.calls.push({ path, headers: req.headers, body: Buffer.concat(chunks).toString('utf8') });
    const { status, json, headers } = this.answers[path]?.() ?? { status: 404, json: { success: false } };
    res.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    res.end(typeof json === 'string' ? json : JSON.stringify(json));
  }
}

function greet(served: ServedSocket): void {
  if (served.path.startsWith('/provider')) served.send({ type: 'session.created', session: { id: 'sess_1' } });
  else takeRound(served);
}

/** The gateway's side of `/realtime`. */
function takeRound(served: ServedSocket): void {
  served.socket.on('message', (data: Buffer) => {
    const { type } = JSON.parse(data.toString('utf8')) as Json;
    if (type === 'authenticate') served.send({ type: 'auth_success' });
    if (type === 'connect_realtime') served.send({ type: 'realtime_connected', model: 'gpt-realtime' });
  });
}
