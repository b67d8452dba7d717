import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { openAiError } from '../magic-words.js';
import { ClientSecrets } from './client-secrets.js';
import { EventOutlet } from './event-outlet.js';
import { readHandshake, REALTIME_PATH, type Refused, SUBPROTOCOL, type Taken } from './handshake.js';
import { RealtimeConnection } from './realtime-connection.js';
import { type RealtimeLimits, type RealtimeStubOptions, withDefaults } from './realtime-options.js';
import { Refusal } from './refusal.js';

/** OpenAI's realtime API over WebSockets, in its GA shape. */
export class RealtimeStub {
  /** The client secrets that open a session here. */
  readonly secrets = new ClientSecrets();
  readonly #limits: RealtimeLimits;
  readonly #server: WebSocketServer;
  #refusedStatus: number | undefined;

  constructor(options: RealtimeStubOptions = {}) {
    this.#limits = withDefaults(options);
    this.#server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: this.#limits.maxMessageBytes,
      // The subprotocol that carries the secret is never said back.
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
  }

  /** How many sessions are open. */
  get sessions(): number {
    return this.#server.clients.size;
  }

  /** Refuses every upgrade with a status from now on; none: no more. */
  refuseUpgrades(status?: number): void {
    this.#refusedStatus = status;
  }

  /** Breaks all sessions at once without a word, as a provider that dies. */
  cut(): void {
    for (const socket of this.#server.clients) socket.terminate();
  }

  /** Answers an upgrade, whatever it is for. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const answer = this.#look(request);
    if ('status' in answer) return refuse(socket, answer);
    this.#server.handleUpgrade(request, socket, head, (opened) => {
      if (answer.ended === undefined) return void new RealtimeConnection(opened, answer, this.#limits);
      const { refusal, code } = answer.ended;
      const { type, message, param } = refusal;
      const outlet = new EventOutlet(opened, this.#limits);
      opened.on('error', () => undefined);
      void outlet.send('error', { error: { type, code: refusal.code, message, param, event_id: null } });
      opened.close(code, `${type}.${refusal.code ?? ''}`);
    });
  }

  /** Ends all sessions. */
  stop(): void {
    this.cut();
    this.#server.close();
  }

  #look(request: IncomingMessage): Taken | Refused {
    const { pathname } = new URL(`http://stub${request.url?.startsWith('/') === true ? request.url : '/'}`);
    if (pathname !== REALTIME_PATH) {
      const message = `Invalid URL (${request.method ?? 'GET'} ${pathname.slice(0, 100)})`;
      return { status: 404, refusal: new Refusal(message, null) };
    }
    if (this.#refusedStatus !== undefined)
      return { status: this.#refusedStatus, refusal: new Refusal('Refused.', null, null, 'server_error') };
    if (this.sessions >= this.#limits.maxSessions)
      return { status: 429, refusal: new Refusal('Too many concurrent sessions.', 'rate_limit_exceeded') };
    return readHandshake(request, this.secrets);
  }
}

function refuse(socket: Duplex, { status, refusal }: Refused): void {
  const body = JSON.stringify(openAiError(refusal.message, refusal.type, refusal.code));
  const head = [
    `HTTP/1.1 ${status} Refused`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    ...(status === 429 ? ['retry-after: 2'] : []),
  ];
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
