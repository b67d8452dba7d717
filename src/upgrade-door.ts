import type { IncomingMessage } from 'node:http';
import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { answerWithError, GatewayError, toGatewayError } from './contract/index.js';
import { hasBody, type UpgradeHandlers } from './edge/index.js';
import { forwardUpgrade } from './forward/index.js';
import type { Pipeline } from './pipeline.js';
import { readHead } from './request-head.js';
import { parseRequestTarget, resolvePath } from './routing/index.js';
import { codeOfWord, type Exchange, type Logger, serving } from './trace/index.js';

/** Milliseconds for which a client may read why it got no upgrade before the connection is cut. */
const FAREWELL_MS = 1000;

/** The way in, and the gateway's own socket, in the timeline of a request. */
const HEAD = codeOfWord('head');
const SOCKET = codeOfWord('socket');

/** Where sockets leave HTTP: WebSocket upgrades go to a handler of the gateway's own or are joined with the upstream; CONNECT finds no tunnel here. */
export class UpgradeDoor {
  private readonly joined = new Set<Socket>();

  constructor(
    private readonly pipeline: Pipeline,
    private readonly openExchange: (req: IncomingMessage, res: ServerResponse) => Exchange,
    private readonly isRefusing: () => boolean,
    private readonly handlers: UpgradeHandlers,
    private readonly logger: Logger,
  ) {}

  /** Whether a socket has left HTTP here and is still open. */
  holds(socket: Socket): boolean {
    return this.joined.has(socket);
  }

  /** Asks the gateway's own sessions to end; what is joined with an upstream ends when it does, or is cut. */
  drain(graceMs: number): void {
    this.handlers.drain(graceMs);
  }

  /** Cuts the joined sockets, which the server no longer knows. */
  cut(): void {
    for (const socket of this.joined) socket.destroy();
  }

  /**
   * Whether a request for an upgrade gets one; else it is served as if it had not asked (RFC 9110, section 7.8). One with
   * a body does not: what the gateway would pass on as frames, the upstream could read as the body, or as a request.
   */
  accepts(req: IncomingMessage): boolean {
    if (req.headers.upgrade?.toLowerCase() !== 'websocket' || req.method !== 'GET') return false;
    if (req.httpVersion !== '1.1' || hasBody(req)) return false;
    const target = parseRequestTarget(req.url ?? '', 'GET');
    const path = target.kind === 'target' ? resolvePath(target.pathAndQuery) : undefined;
    if (path?.kind !== 'path') return false;
    const match = this.pipeline.match('GET', path);
    // Siblings that an action tells apart have policies of their own, which an upgrade would not meet.
    if (match.kind !== 'group' || match.group.byAction !== undefined) return false;
    const { gate } = match.group;
    return gate.policies.upgrade && (gate.stage !== 'replaced' || this.handlers.of(gate) !== undefined);
  }

  /** Server event `upgrade`: the route's policies hold as for any request; then the sockets are joined. */
  handle(req: IncomingMessage, socket: Socket, head: Buffer): void {
    const exchange = this.enter(req, socket);
    const lead = async (): Promise<void> => {
      const refusal = await this.admit(exchange, socket, head);
      if (refusal !== undefined) answerWithError(exchange, refusal);
    };
    serving(exchange, () => {
      lead().catch((error: unknown) =>
        answerWithError(exchange, toGatewayError(error, exchange.traceId, this.logger, exchange)),
      );
    });
  }

  /** Server event `connect`: this is no forward proxy (RFC 9110, section 9.3.6). */
  refuseTunnel(req: IncomingMessage, socket: Socket): void {
    const exchange = this.enter(req, socket);
    const fault = readHead(exchange, this.pipeline.via);
    this.pipeline.greetUnread(exchange);
    answerWithError(exchange, fault instanceof GatewayError ? fault : new GatewayError('METHOD_NOT_ALLOWED'));
  }

  /** An exchange whose answer, if one is needed, goes to a socket that Node's server has let go of. */
  private enter(req: IncomingMessage, socket: Socket): Exchange {
    const res = new ServerResponse(req);
    res.shouldKeepAlive = false;
    res.assignSocket(socket);
    res.once('finish', () => {
      socket.end();
      // Unread, the client's own end would never be noticed.
      socket.resume();
      setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
    });
    socket.on('error', () => socket.destroy());
    this.joined.add(socket);
    socket.once('close', () => this.joined.delete(socket));
    return this.openExchange(req, res);
  }

  private async admit(exchange: Exchange, socket: Socket, head: Buffer): Promise<GatewayError | undefined> {
    exchange.timeline.step(HEAD);
    const path = this.isRefusing()
      ? new GatewayError('UPSTREAM_UNAVAILABLE', { headers: { 'Retry-After': '1' } })
      : readHead(exchange, this.pipeline.via);
    if (path instanceof GatewayError) {
      this.pipeline.greetUnread(exchange);
      return path;
    }
    const match = this.pipeline.match('GET', path);
    if (match.kind !== 'group') {
      const refusal = await this.pipeline.greet(exchange, undefined);
      return refusal instanceof GatewayError ? refusal : new GatewayError('NOT_FOUND');
    }
    const result = await this.pipeline.admit(match.group, exchange);
    if (result instanceof GatewayError) return result;
    if (result === 'answered' || socket.destroyed) return undefined;
    const { gate } = match.group;
    const handler = this.handlers.of(gate);
    if (handler !== undefined) {
      exchange.timeline.step(-SOCKET);
      return handler.take(exchange, socket, head);
    }
    await forwardUpgrade(exchange, socket, head, this.pipeline.planOf(gate, false));
    return undefined;
  }
}
