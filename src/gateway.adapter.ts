import { StreamableFile } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { envelopeNative } from './contract/index.js';
import type { FrontDoor } from './front-door.js';
import { exchangeOf } from './trace/index.js';

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

  /**
   * What a native handler returns goes out in the envelope. Here and not in an interceptor, whose one chain of observables costs a
   * request more than all guards together.
   */
  override reply(res: ServerResponse, body: unknown, status?: number): unknown {
    if (body instanceof StreamableFile) return super.reply(res, body, status);
    return super.reply(res, envelopeNative(body, exchangeOf(res.req)?.traceId ?? ''), status);
  }

  override initHttpServer(): void {
    const { request, response } = this.getInstance() as { readonly request: object; readonly response: object };
    const server: Server = createServer({
      // What Express would make of each message by changing its prototype, which V8 punishes, it is from the beginning.
      IncomingMessage: withPrototype(IncomingMessage, request),
      ServerResponse: withPrototype(ServerResponse, response),
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

/** A class whose instances have Express's methods as well: its prototype stands before Express's, and that before the class's own. */
function withPrototype<C extends typeof IncomingMessage | typeof ServerResponse>(base: C, prototype: object): C {
  const made = class extends (base as new (...args: never[]) => object) {};
  Object.setPrototypeOf(made.prototype, prototype);
  return made as unknown as C;
}
