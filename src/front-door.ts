import type { IncomingMessage, ServerResponse } from 'node:http';
import { ServerResponse as HttpServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { GatewayConfig } from './config/index.js';
import { answerWithError, GatewayError, toGatewayError } from './contract/index.js';
import { checkRequestHead, compileTrust, type DrainState, isValidAuthority, readClientAddress } from './edge/index.js';
import { forwardUpgrade, toClientError } from './forward/index.js';
import type { Pipeline, StepResult } from './pipeline.js';
import { parseRequestTarget, resolvePath } from './routing/index.js';
import { attachExchange, Exchange, logAccess, type Logger, traceFrom } from './trace/index.js';

type ServedPath = Extract<ReturnType<typeof resolvePath>, { kind: 'path' }>;

/** Where every request comes in and its answer is seen out: opens the exchange, checks the head, finds the route, follows it. */
export class FrontDoor {
  private readonly isTrusted;
  private readonly open = new Set<Exchange>();
  private readonly upgraded = new Set<Socket>();

  constructor(
    config: GatewayConfig,
    private readonly pipeline: Pipeline,
    private readonly drain: DrainState,
    private readonly logger: Logger,
  ) {
    this.isTrusted = compileTrust(config.http.trustedProxies);
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

  /** Cuts the joined sockets, which the server no longer knows. */
  cutUpgrades(): void {
    for (const socket of this.upgraded) socket.destroy();
  }

  /** Server event `request`, and `checkContinue` with `expectsContinue`. */
  handle(req: IncomingMessage, res: ServerResponse, expectsContinue = false): void {
    const exchange = this.openExchange(req, res);
    exchange.expectsContinue = expectsContinue;
    try {
      this.settle(exchange, this.lead(exchange));
    } catch (error) {
      answerWithError(exchange, toGatewayError(error, exchange.traceId, this.logger));
    }
  }

  /** Whether a request for an upgrade gets one; else it is served as if it had not asked (RFC 9110, section 7.8). */
  acceptsUpgrade(req: IncomingMessage): boolean {
    if (req.headers.upgrade?.toLowerCase() !== 'websocket' || req.method !== 'GET') return false;
    const target = parseRequestTarget(req.url ?? '', 'GET');
    const path = target.kind === 'target' ? resolvePath(target.pathAndQuery) : undefined;
    if (path?.kind !== 'path') return false;
    const match = this.pipeline.match('GET', path);
    return match.kind === 'group' && match.group.gate.stage === 'proxy' && match.group.gate.policies.upgrade;
  }

  /** Server event `upgrade`: the route's policies hold as for any request; then the sockets are joined. */
  handleUpgrade(req: IncomingMessage, socket: Socket, head: Buffer): void {
    const res = new HttpServerResponse(req);
    const exchange = this.openExchange(req, res);
    const refuse = (error: GatewayError): void => {
      if (socket.destroyed) return;
      res.shouldKeepAlive = false;
      res.assignSocket(socket);
      res.once('finish', () => socket.end());
      answerWithError(exchange, error);
    };
    socket.on('error', () => socket.destroy());
    this.upgraded.add(socket);
    socket.once('close', () => {
      this.upgraded.delete(socket);
      this.close(exchange, false);
    });
    const path = this.readHead(exchange);
    const match = path instanceof GatewayError ? undefined : this.pipeline.match('GET', path);
    if (path instanceof GatewayError) refuse(path);
    else if (match?.kind === 'group') {
      const { gate } = match.group;
      const join = async (): Promise<void> => {
        const result = await this.pipeline.admit(match.group, exchange);
        if (result instanceof GatewayError) refuse(result);
        else
          forwardUpgrade(exchange, socket, head, this.pipeline.planOf(gate, false), (fault) =>
            refuse(toClientError(fault, 1)),
          );
      };
      join().catch((error: unknown) => refuse(toGatewayError(error, exchange.traceId, this.logger)));
    } else refuse(new GatewayError('NOT_FOUND'));
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
    if (this.drain.phase !== 'serving') exchange.setAnswerHeader('Connection', 'close');
    res.once('close', () => this.close(exchange, !res.writableFinished));
    return exchange;
  }

  private close(exchange: Exchange, clientLeft: boolean): void {
    if (this.open.delete(exchange)) logAccess(this.logger, exchange, clientLeft);
  }

  private lead(exchange: Exchange): StepResult | Promise<StepResult> {
    exchange.notes.servedBy = 'gateway';
    const path = this.readHead(exchange);
    if (path instanceof GatewayError) return this.refuse(exchange, path);
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

  /** Establishes path, query and public authority; refuses what cannot be read in one way only. */
  private readHead(exchange: Exchange): ServedPath | GatewayError {
    const { req } = exchange;
    if (this.drain.phase === 'refusing')
      return new GatewayError('UPSTREAM_UNAVAILABLE', { headers: { 'Retry-After': '1' } });
    const fault = checkRequestHead(req);
    if (fault !== undefined) return fault;
    if (req.headers.via?.includes(this.pipeline.via) === true) {
      return new GatewayError('UPSTREAM_BAD_ANSWER', {
        error: 'The gateway’s upstream is the gateway itself: check REMOTE_PHP_BASE.',
      });
    }
    const target = parseRequestTarget(req.url ?? '', exchange.method);
    if (target.kind === 'refused') return new GatewayError('BAD_REQUEST', { error: target.reason });
    exchange.authority = exchange.client.forwardedHost ?? target.authority ?? req.headers.host ?? 'localhost';
    if (!isValidAuthority(exchange.authority))
      return new GatewayError('BAD_REQUEST', { error: 'The Host is malformed.' });
    const path = resolvePath(target.pathAndQuery);
    if (path.kind === 'refused') return new GatewayError('BAD_REQUEST', { error: path.reason });
    const query = target.pathAndQuery.indexOf('?');
    exchange.path = query === -1 ? target.pathAndQuery : target.pathAndQuery.slice(0, query);
    exchange.search = query === -1 ? '' : target.pathAndQuery.slice(query);
    return path;
  }

  private settle(exchange: Exchange, result: StepResult | Promise<StepResult>): void {
    if (result instanceof Promise) {
      result.then(
        (settled) => this.settle(exchange, settled),
        (error: unknown) => answerWithError(exchange, toGatewayError(error, exchange.traceId, this.logger)),
      );
    } else if (result instanceof GatewayError) answerWithError(exchange, result);
  }
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
