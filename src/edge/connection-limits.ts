import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../trace/index.js';
import { networkOf } from './network.js';
import { compileTrust, plainAddress } from './trusted-address.js';

/**
 * Connections that one address may hold open at once, IPv6 by /64. Browsers hold 6 to 8, with WebSockets some more: this
 * is for many people behind one address. A load balancer holds those of everybody, and is exempt once it is declared in
 * TRUSTED_PROXIES.
 */
const MAX_PER_ADDRESS = 512;
/** Connections of all addresses together, load balancers' included: before file descriptors and memory run out. */
const MAX_CONNECTIONS = 10_000;
const QUIET_MS = 10_000;

export interface ConnectionBounds {
  readonly perAddress: number;
  readonly overall: number;
}

/** What each of several processes takes: connections are handed to them in turn. */
export function shareOfConnections(processes = 1): ConnectionBounds {
  return { perAddress: Math.ceil(MAX_PER_ADDRESS / processes), overall: Math.ceil(MAX_CONNECTIONS / processes) };
}

/** Bounds the connections of a server. Those beyond are closed without an answer; the log tells of it, once in 10 s. */
export function limitConnections(
  server: Server,
  trustedProxies: readonly string[],
  logger: Logger,
  { perAddress, overall }: ConnectionBounds = shareOfConnections(),
): void {
  const isTrusted = compileTrust(trustedProxies);
  const open = new Map<string, number>();
  let quietUntil = 0;
  const tell = (bound: string): void => {
    const now = performance.now();
    if (now < quietUntil) return;
    quietUntil = now + QUIET_MS;
    logger.warn({ bound }, 'connections are refused; if they come from a load balancer, name it in TRUSTED_PROXIES');
  };
  server.maxConnections = overall;
  // A worker that is full would hand them from one to the next for ever.
  Object.assign(server, { dropMaxConnection: true });
  server.on('drop', () => tell('overall'));
  server.prependListener('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress ?? '');
    if (isTrusted(address)) return;
    const key = networkOf(address);
    const count = open.get(key) ?? 0;
    if (count >= perAddress) {
      socket.destroy();
      tell('per address');
      return;
    }
    open.set(key, count + 1);
    socket.once('close', () => {
      const left = (open.get(key) ?? 1) - 1;
      if (left > 0) open.set(key, left);
      else open.delete(key);
    });
  });
}
