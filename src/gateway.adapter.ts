import { ExpressAdapter } from '@nestjs/platform-express';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FrontDoor } from './front-door.js';

/** Head bytes after which Node's parser gives up; far above `HEAD_LIMITS`, so that those tell which part is too long. */
const MAX_HEAD_BYTES = 64 * 1024;
const HEADERS_TIMEOUT_MS = 15_000;
/** How often Node looks for heads that are late: one may take this much longer. */
const HEADERS_CHECK_MS = 5_000;
const KEEP_ALIVE_MS = 5_000;
/** Milliseconds without a byte on a connection before somebody asks whether its client still reads. */
const SILENCE_MS = 60_000;

/** Nest on Express, with the front door between the socket and Express's router. */
export class GatewayAdapter extends ExpressAdapter {
  private door: FrontDoor | undefined;

  constructor() {
    super();
    const app = this.getInstance() as { disable(setting: string): void };
    app.disable('x-powered-by');
    app.disable('etag');
  }

  /** Opens the door: from now on requests are served. */
  openDoor(door: FrontDoor): void {
    this.door = door;
  }

  override initHttpServer(): void {
    const server: Server = createServer({
      insecureHTTPParser: false,
      requireHostHeader: false, // answered by the front door, in the envelope
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: HEADERS_CHECK_MS,
      // Bodies have no total time (an upload of a gigabyte may take long) but must not pause: see edge/request-body.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
      shouldUpgradeCallback: (req) => this.door?.upgrades.accepts(req) ?? false,
    });
    // Node drops what exceeds its count without a word; the front door counts and refuses instead.
    server.maxHeadersCount = 0;
    server.timeout = SILENCE_MS;
    server.on('timeout', (socket: Socket) => this.door?.handleSilence(socket));
    server.on('request', (req, res) => this.enter(req, res, false));
    server.on('checkContinue', (req, res) => this.enter(req, res, true));
    server.on('checkExpectation', (req, res) => this.enter(req, res, true));
    server.on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) => {
      if (this.door === undefined) socket.destroy();
      else this.door.upgrades.handle(req, socket, head);
    });
    server.on('connect', (req: IncomingMessage, socket: Socket) => {
      if (this.door === undefined) socket.destroy();
      else this.door.upgrades.refuseTunnel(req, socket);
    });
    server.on('clientError', (error, socket) => {
      if (this.door === undefined) socket.destroy();
      else this.door.handleParserError(error, socket as Socket);
    });
    this.httpServer = server;
  }

  private enter(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    if (this.door === undefined) req.socket.destroy();
    else this.door.handle(req, res, expectsContinue);
  }
}
