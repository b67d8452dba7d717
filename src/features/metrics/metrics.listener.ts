import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { BlockList } from 'node:net';
import { ConfigError, type GatewayConfig } from '../../config/index.js';
import { errorEnvelope, GatewayError, toGatewayError } from '../../contract/index.js';
import { compileTrust, readClientAddress } from '../../edge/index.js';
import type { Metrics } from '../../metrics/index.js';
import { type Logger, traceFrom } from '../../trace/index.js';
import { writeMetrics } from './write-metrics.js';

const MAX_CONNECTIONS = 64;
/** Milliseconds that a request's head may take, and that an idle connection stays. */
const HEAD_MS = 5000;
const IDLE_MS = 15_000;

/** `/metrics` on a port of its own (METRICS_PORT): nothing else is served there, and nobody but METRICS_ALLOW. */
export class MetricsListener implements OnApplicationBootstrap, OnApplicationShutdown {
  private server: Server | undefined;
  private readonly isTrusted;
  private readonly isAllowed;

  constructor(
    private readonly config: Pick<GatewayConfig, 'http' | 'metrics'>,
    private readonly metrics: Metrics,
    private readonly logger: Logger,
  ) {
    this.isTrusted = compileTrust(config.http.trustedProxies);
    this.isAllowed = compileTrust(config.metrics.allow);
  }

  /** @throws ConfigError when the port cannot be had */
  async onApplicationBootstrap(): Promise<void> {
    const { port, allow } = this.config.metrics;
    if (port === undefined) return;
    const server = createServer(
      { headersTimeout: HEAD_MS, requestTimeout: HEAD_MS, keepAliveTimeout: IDLE_MS, maxHeaderSize: 8192 },
      (req, res) => void this.answer(req, res),
    );
    server.maxConnections = MAX_CONNECTIONS;
    this.server = server;
    // Where nobody but this machine may read it, nobody else can connect either.
    const host = allow.every(isLoopback) ? '127.0.0.1' : this.config.http.host;
    await new Promise<void>((resolve, reject) => {
      server.once('error', ({ code = 'unknown reason' }: NodeJS.ErrnoException) => {
        reject(
          new ConfigError([{ name: 'METRICS_PORT', problem: `cannot be listened on (${code})`, example: '9464' }]),
        );
      });
      server.listen(port, host, () => resolve());
    });
    server.removeAllListeners('error').on('error', () => this.logger.warn('the metrics port had a fault'));
  }

  async onApplicationShutdown(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  private async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { traceId } = traceFrom(undefined, undefined);
    res.setHeader('X-Trace-Id', traceId);
    try {
      const refusal = this.refusalOf(req);
      if (refusal === undefined) await writeMetrics(res, this.metrics);
      else refuse(res, refusal, traceId);
    } catch (error) {
      refuse(res, toGatewayError(error, traceId, this.logger), traceId);
    }
  }

  private refusalOf(req: IncomingMessage): GatewayError | undefined {
    const path = (req.url ?? '').split('?', 1)[0];
    const { address } = readClientAddress(req, this.isTrusted);
    if (path !== '/metrics' || !this.isAllowed(address)) return new GatewayError('NOT_FOUND');
    if (req.method === 'GET' || req.method === 'HEAD') return undefined;
    return new GatewayError('METHOD_NOT_ALLOWED', { headers: { Allow: 'GET, HEAD' } });
  }
}

function refuse(res: ServerResponse, error: GatewayError, traceId: string): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  // What else was sent is not read.
  res.writeHead(error.status, {
    ...error.headers,
    'Content-Type': 'application/json; charset=utf-8',
    Connection: 'close',
  });
  res.end(errorEnvelope(error, traceId));
}

function isLoopback(cidr: string): boolean {
  const [address = '', prefix] = cidr.split('/');
  if (address === '::1') return prefix === undefined || prefix === '128';
  const range = new BlockList();
  range.addSubnet('127.0.0.0', 8, 'ipv4');
  return !address.includes(':') && range.check(address) && (prefix === undefined || Number(prefix) >= 8);
}
