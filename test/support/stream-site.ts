import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { GatewayProcess } from './gateway-process.js';

export const MIB = 1024 * 1024;
/** What must not be kept is many times this; what a process needs to pass it on is a third. */
export const MAX_GROWTH_BYTES = 96 * MIB;
/** The promise to PHP: its client's leaving is heard of within a second. */
export const LEFT_WITHIN_MS = 1000;
/** `/x/…` has the JSON routes' forwarder (undici), all else http-proxy-middleware; the path goes to PHP as it is. */
export const STREAM_ROUTES = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'] }
policies:
  authorization: { public: {} }
defaults: { authorization: public, maxBodyBytes: 2147483648, timeoutMs: 30000 }
routes:
  spliced: { match: { path: '/__fixtures/{*path}', methods: [GET, PUT] }, upstream: php }
  passed: { match: { path: '/__fixtures/{*path}', methods: [PATCH, POST] }, upstream: php, policies: { envelope: 'off' } }
`;
/** Which method goes over which forwarder, for what PHP answers and for what it is sent. */
export const DOWN = [
  ['undici', 'GET'],
  ['http-proxy-middleware', 'POST'],
] as const;
/** As DOWN. */
export const UP = [
  ['undici', 'PUT'],
  ['http-proxy-middleware', 'PATCH'],
] as const;

/** A request over a connection of its own, not yet sent. */
export function open(
  origin: string,
  path: string,
  method: string,
  headers: Record<string, string> = {},
): ClientRequest {
  const { hostname, port } = new URL(origin);
  return request({ host: hostname, port, path, method, headers, agent: false });
}

/** The answer's head. */
export async function answerOf(req: ClientRequest): Promise<IncomingMessage> {
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  return res;
}

/** Watches a process's memory while `work` runs; the growth is from before to the highest value seen. */
export async function growthWhile(gateway: GatewayProcess, work: () => Promise<void>): Promise<number> {
  const before = gateway.rssBytes();
  let highest = before;
  const timer = setInterval(() => (highest = Math.max(highest, gateway.rssBytes())), 50);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return highest - before;
}

/** Notes how a transfer went; `tell` says it all when the tests are done. */
export class TransferReport {
  private readonly lines: string[] = [];

  note(what: string, bytes: number, startedAt: number, growth: number): void {
    const seconds = (performance.now() - startedAt) / 1000;
    this.lines.push(`${what}: ${Math.round(bytes / MIB / seconds)} MiB/s, memory +${Math.round(growth / MIB)} MiB`);
  }

  tell(): void {
    if (this.lines.length > 0) process.stderr.write(`${this.lines.join('\n')}\n`);
  }
}
