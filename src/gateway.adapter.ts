import { ExpressAdapter } from '@nestjs/platform-express';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { answerParserError, HEAD_LIMITS } from './edge/index.js';
import type { FrontDoor } from './front-door.js';
import type { Logger } from './trace/index.js';

/** Head bytes after which Node's parser gives up; above `HEAD_LIMITS`, so that those give the better answers. */
const MAX_HEAD_BYTES = HEAD_LIMITS.urlBytes + HEAD_LIMITS.headerBytes + 4096;
const HEADERS_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_MS = 5_000;

/** Nest on Express, with the front door between the socket and Express's router. */
export class GatewayAdapter extends ExpressAdapter {
  private door: FrontDoor | undefined;
  private accessLogger: Logger | undefined;

  constructor() {
    super();
    const app = this.getInstance() as { disable(setting: string): void };
    app.disable('x-powered-by');
    app.disable('etag');
  }

  /** Opens the door: from now on requests are served. */
  openDoor(door: FrontDoor, logger: Logger): void {
    this.door = door;
    this.accessLogger = logger;
  }

  override initHttpServer(): void {
    const server: Server = createServer({
      insecureHTTPParser: false,
      requireHostHeader: false, // answered by the front door, in the envelope
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      // Bodies have no total time (an upload of a gigabyte may take long) but must not pause: see edge/request-body.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
      shouldUpgradeCallback: (req) => this.door?.acceptsUpgrade(req) ?? false,
    });
    // Node drops what exceeds its count without a word; the front door counts and refuses instead.
    server.maxHeadersCount = 0;
    server.on('request', (req, res) => this.enter(req, res, false));
    server.on('checkContinue', (req, res) => this.enter(req, res, true));
    server.on('checkExpectation', (req, res) => this.enter(req, res, true));
    server.on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) => {
      if (this.door === undefined) socket.destroy();
      else this.door.handleUpgrade(req, socket, head);
    });
    server.on('connect', (_req, socket) => socket.destroy());
    server.on('clientError', (error, socket) => {
      answerParserError(error, socket as Socket, (code, traceId) =>
        this.accessLogger?.info({ traceId, errorCode: code, route: null }, 'request'),
      );
    });
    this.httpServer = server;
  }

  private enter(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    if (this.door === undefined) req.socket.destroy();
    else this.door.handle(req, res, expectsContinue);
  }
}
