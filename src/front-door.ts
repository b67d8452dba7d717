import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { GatewayConfig } from './config/index.js';
import { answerWithError, GatewayError, toGatewayError } from './contract/index.js';
import {
  answerParserError,
  compileTrust,
  type DrainState,
  isPreflight,
  type ParserError,
  readClientAddress,
  refusalOf,
  type UpgradeHandlers,
} from './edge/index.js';
import type { RequestWatch } from './metrics/index.js';
import type { StepResult } from './named-step.js';
import { OpenExchanges } from './open-exchanges.js';
import type { Pipeline } from './pipeline.js';
import { readHead, type ServedPath } from './request-head.js';
import {
  announceTimings,
  attachExchange,
  codeOfWord,
  Exchange,
  logAccess,
  type Logger,
  serving,
  traceFrom,
} from './trace/index.js';
import { UpgradeDoor } from './upgrade-door.js';

/**
 * Milliseconds that a trusted proxy's connection is kept for its next request: longer than proxies and balancers keep theirs (60 s most
 * of them, 600 s Google's), so that none is closed while a request is on its way.
 */
const KEEP_FOR_PROXIES_MS = 620_000;

/** The way in and the way out, in the timeline of a request. */
const HEAD = codeOfWord('head');
const MATCH = codeOfWord('match');
const REFUSAL = codeOfWord('refusal');

/** Where every request comes in and its answer is seen out: opens the exchange, checks the head, finds the route, follows it. */
export class FrontDoor {
  private readonly isTrusted;
  private readonly showsTimings: boolean;
  private readonly open = new OpenExchanges();
  /** The exchange that a connection began last. */
  private readonly latest = new WeakMap<Socket, Exchange>();
  /** Connections that end with the answer under way: nothing more of them is read as a request (RFC 9112, section 9.6). */
  private readonly ending = new WeakSet<Socket>();
  readonly upgrades: UpgradeDoor;

  constructor(
    config: GatewayConfig,
    private readonly pipeline: Pipeline,
    private readonly drain: DrainState,
    private readonly logger: Logger,
    handlers: UpgradeHandlers,
    private readonly watch: RequestWatch,
  ) {
    this.isTrusted = compileTrust(config.http.trustedProxies);
    this.showsTimings = config.environment === 'development';
    watch.countOpen(() => this.open.size);
    this.upgrades = new UpgradeDoor(
      pipeline,
      (req, res) => this.openExchange(req, res),
      () => drain.phase === 'refusing',
      handlers,
      logger,
    );
  }

  /** Requests whose answers are not out yet. */
  get openCount(): number {
    return this.open.size;
  }

  /** From now on each answer ends its connection; with `refusing`, new requests are turned away besides. */
  enterDrain(phase: 'finishing' | 'refusing'): void {
    this.drain.phase = phase;
    for (const exchange of this.open) exchange.setAnswerHeader('Connection', 'close');
  }

  /** Server event `request`, and `checkContinue` with `expectsContinue`. */
  handle(req: IncomingMessage, res: ServerResponse, expectsContinue = false): void {
    if (this.ending.has(req.socket)) return;
    const exchange = this.openExchange(req, res);
    this.latest.set(req.socket, exchange);
    exchange.expectsContinue = expectsContinue;
    serving(exchange, () => this.serve(exchange));
  }

  private serve(exchange: Exchange): void {
    try {
      this.settle(exchange, this.lead(exchange));
    } catch (error) {
      answerWithError(exchange, toGatewayError(error, exchange.traceId, this.logger, exchange));
    }
  }

  /**
   * Server event `clientError`: bytes that are no request. Where an exchange is under way, they are its body, which then
   * cannot be read, or they follow it, and wait until its answer is out: no answer is ever mixed into another.
   */
  handleParserError(error: ParserError, socket: Socket): void {
    const refusal = refusalOf(error);
    if (refusal === undefined) {
      socket.destroy();
      return;
    }
    if (this.ending.has(socket)) return;
    this.ending.add(socket);
    const exchange = this.latest.get(socket);
    if (exchange === undefined || !this.open.has(exchange)) this.refuseBytes(refusal, socket);
    else if (!exchange.req.complete) answerWithError(exchange, refusal);
    else exchange.res.once('finish', () => this.refuseBytes(refusal, socket));
  }

  /**
   * Server event `timeout`: nothing has moved on a connection for a while. Who waits for an answer may wait on; who does
   * not read what lies ready for it is cut, after the time that its route allows a stream to stand still.
   */
  handleSilence(socket: Socket): void {
    const exchange = this.latest.get(socket);
    const isServed = (exchange !== undefined && this.open.has(exchange)) || this.upgrades.holds(socket);
    if (isServed && socket.writableLength === 0) return;
    const allowedMs = isServed ? exchange?.route?.policies.idleTimeoutMs : undefined;
    if (allowedMs === 0) return;
    if (allowedMs !== undefined && socket.timeout !== undefined && socket.timeout < allowedMs)
      socket.setTimeout(allowedMs);
    else socket.destroy();
  }

  private refuseBytes(refusal: GatewayError, socket: Socket): void {
    answerParserError(refusal, socket, (errorCode, traceId) => {
      this.watch.unreadable.add(errorCode);
      this.logger.info({ traceId, errorCode, route: null }, 'request');
    });
  }

  private openExchange(req: IncomingMessage, res: ServerResponse): Exchange {
    const exchange = new Exchange(
      req,
      res,
      traceFrom(single(req.headers['traceparent']), single(req.headers['x-trace-id'])),
    );
    attachExchange(exchange);
    exchange.client = readClientAddress(req, this.isTrusted);
    this.open.add(exchange);
    if (this.showsTimings) announceTimings(exchange);
    if (this.drain.phase !== 'serving') exchange.setAnswerHeader('Connection', 'close');
    // A joined socket has its answer, though not through `res`.
    res.once('close', () => this.close(exchange, !res.writableFinished && res.statusCode !== 101));
    return exchange;
  }

  private close(exchange: Exchange, clientLeft: boolean): void {
    if (!this.open.delete(exchange)) return;
    // Node has just set the time for everybody; unless the next request has come already.
    const { socket } = exchange.req;
    if (exchange.client.isByProxy && !clientLeft && this.latest.get(socket) === exchange)
      socket.setTimeout(KEEP_FOR_PROXIES_MS);
    const status = logAccess(this.logger, exchange, clientLeft);
    this.watch.ended({ exchange, status, ms: performance.now() - exchange.startedAt });
  }

  private lead(exchange: Exchange): StepResult | Promise<StepResult> {
    exchange.notes.servedBy = 'gateway';
    exchange.timeline.step(HEAD);
    const path = this.readPath(exchange);
    if (path instanceof GatewayError) {
      if (path.closeConnection) this.ending.add(exchange.req.socket);
      this.pipeline.greetUnread(exchange);
      return path;
    }
    const preflight = isPreflight(exchange) ? this.pipeline.preflight(exchange, path) : undefined;
    if (preflight !== undefined) return preflight;
    exchange.timeline.step(MATCH);
    const match = this.pipeline.match(exchange.method, path);
    switch (match.kind) {
      case 'group':
        return this.pipeline.follow(match.group, exchange);
      case 'none':
        return this.refuse(exchange, new GatewayError('NOT_FOUND'));
      case 'method-not-allowed':
        exchange.route = match.sample;
        return this.refuse(
          exchange,
          new GatewayError('METHOD_NOT_ALLOWED', { headers: { Allow: match.allow } }),
          match.sample,
        );
    }
  }

  private async refuse(exchange: Exchange, refusal: GatewayError, sample?: Exchange['route']): Promise<StepResult> {
    const result = await this.pipeline.greet(exchange, sample);
    if (result !== undefined || exchange.method !== 'OPTIONS' || refusal.code !== 'METHOD_NOT_ALLOWED')
      return result ?? refusal;
    exchange.res.writeHead(204, [...exchange.answerHeaders, 'Allow', refusal.headers['Allow'] ?? '']);
    exchange.res.end();
    return 'answered';
  }

  private readPath(exchange: Exchange): ServedPath | GatewayError {
    if (this.drain.phase === 'refusing')
      return new GatewayError('UPSTREAM_UNAVAILABLE', { headers: { 'Retry-After': '1' } });
    return readHead(exchange, this.pipeline.via);
  }

  private settle(exchange: Exchange, result: StepResult | Promise<StepResult>): void {
    if (result instanceof Promise) {
      result.then(
        (settled) => this.settle(exchange, settled),
        (error: unknown) => answerWithError(exchange, toGatewayError(error, exchange.traceId, this.logger, exchange)),
      );
    } else if (result instanceof GatewayError) {
      exchange.timeline.step(-REFUSAL);
      answerWithError(exchange, result);
    }
  }
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
