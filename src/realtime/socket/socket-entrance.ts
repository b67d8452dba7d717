import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { GatewayConfig } from '../../config/index.js';
import { GatewayError } from '../../contract/index.js';
import { type DrainState, networkOf, type UpgradeHandler } from '../../edge/index.js';
import { LocalPlaces, type Places } from '../../throttle/index.js';
import { type Exchange, exchangeOf } from '../../trace/index.js';
import type { RealtimeEndpoint, RealtimeProvider } from '../realtime-provider.js';
import { RealtimeSession, type SessionStatus } from './realtime-session.js';
import type { SessionParts } from './session-parts.js';
import type { SocketLimits } from './socket-limits.js';

const SUBPROTOCOL = 'realtime';
/** Sixteen bytes in base64 (RFC 6455, section 4.1). */
const KEY = /^[+/0-9A-Za-z]{22}==$/;
const RETRY_SOON = { 'Retry-After': '5' };

/** What the entrance needs beside what its sessions share. */
export interface EntranceParts {
  readonly settings: GatewayConfig['realtime'];
  readonly provider: Pick<RealtimeProvider, 'endpoint'>;
  readonly drain: DrainState;
  readonly limits: SocketLimits;
  readonly session: Omit<SessionParts, 'endpoint' | 'settings' | 'limits' | 'places'>;
  /** Of all workers; of this process alone when left out. */
  readonly places?: Places;
}

/** One that may be taken, if there is a place for it. */
interface Upgrade {
  readonly exchange: Exchange;
  readonly socket: Socket;
  readonly head: Buffer;
  readonly endpoint: RealtimeEndpoint;
}

/** Takes the upgrades of `/realtime`: what is refused is refused before the 101, in the envelope; what is taken is a session. */
export class SocketEntrance implements UpgradeHandler {
  private readonly server: WebSocketServer;
  private readonly sessions = new Set<RealtimeSession>();
  private readonly places: Places;
  private unauthenticated = 0;

  constructor(private readonly parts: EntranceParts) {
    const { limits, places = new LocalPlaces() } = parts;
    this.places = places;
    const options = {
      noServer: true,
      perMessageDeflate: false,
      clientTracking: false,
      maxPayload: limits.clientFrameBytes,
      maxFragments: limits.fragments,
      maxBufferedChunks: limits.chunks,
      closeTimeout: limits.closeMs,
      // One message a turn: no session's flood delays the others'.
      allowSynchronousEvents: false,
      handleProtocols: (offered: Set<string>) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : (false as const)),
    };
    this.server = new WebSocketServer(options);
    this.server.on('headers', (lines, req) => lines.push(...answerLines(req)));
  }

  /** Sockets that are open. */
  get count(): number {
    return this.sessions.size;
  }

  /** Those that are open for longest, `most` at most. */
  list(most: number): readonly SessionStatus[] {
    return [...this.sessions].slice(0, most).map((session) => session.status());
  }

  take(exchange: Exchange, socket: Socket, head: Buffer): GatewayError | undefined | Promise<GatewayError | undefined> {
    const { provider, limits, settings, drain } = this.parts;
    const { endpoint } = provider;
    if (!settings.wsProxyEnabled || endpoint === undefined) return new GatewayError('REALTIME_DISABLED');
    if (drain.phase !== 'serving') return new GatewayError('UPSTREAM_UNAVAILABLE', { headers: RETRY_SOON });
    const fault = findHandshakeFault(exchange.req);
    if (fault !== undefined) return fault;
    if (this.sessions.size >= limits.sockets || this.unauthenticated >= limits.unauthenticatedSockets)
      return new GatewayError('UPSTREAM_UNAVAILABLE', {
        error: 'Too many sessions are open here. Try again in a moment.',
        headers: RETRY_SOON,
      });
    const key = `@realtime address ${networkOf(exchange.client.address)}`;
    const settle = (isIn: boolean): GatewayError | undefined =>
      this.settle({ exchange, socket, head, endpoint }, key, isIn);
    const isIn = this.places.enter(key, settings.maxConnectionsPerIp);
    return typeof isIn === 'boolean' ? settle(isIn) : isIn.then(settle);
  }

  private settle({ exchange, socket, head, endpoint }: Upgrade, key: string, isIn: boolean): GatewayError | undefined {
    const { limits, settings, session } = this.parts;
    if (!isIn)
      return new GatewayError('RATE_LIMITED', {
        error: `At most ${settings.maxConnectionsPerIp} sessions of one address are open at once.`,
        headers: RETRY_SOON,
      });
    // Before anything can fail: the socket's end is certain, that of a handshake is not.
    if (socket.destroyed) {
      this.places.leave(key);
      return undefined;
    }
    socket.once('close', () => this.places.leave(key));
    exchange.notes.servedBy = 'native';
    this.server.handleUpgrade(exchange.req, socket, head, (client) => {
      exchange.res.statusCode = 101;
      const isKnown = this.countUnknown(socket);
      const opened = new RealtimeSession(
        client,
        { ...session, endpoint, settings, limits, places: this.places },
        {
          connection: socket,
          traceId: exchange.traceId,
          route: exchange.route?.name,
          onAuthenticated: isKnown,
          onEnded: () => this.sessions.delete(opened),
        },
      );
      this.sessions.add(opened);
    });
    return undefined;
  }

  drain(graceMs: number): void {
    for (const session of this.sessions) session.drain(graceMs);
  }

  /** Counts a socket of nobody until it is somebody's or closed. */
  private countUnknown(socket: Socket): () => void {
    this.unauthenticated += 1;
    let isCounted = true;
    const leave = (): void => {
      if (isCounted) this.unauthenticated -= 1;
      isCounted = false;
    };
    socket.once('close', leave);
    return leave;
  }
}

/** The library refuses in plain text: what it would refuse is told in the envelope before. */
function findHandshakeFault({ headers }: IncomingMessage): GatewayError | undefined {
  if (headers['sec-websocket-version'] !== '13')
    return new GatewayError('BAD_REQUEST', {
      status: 426,
      error: 'Speak WebSocket version 13.',
      headers: { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
    });
  if (!KEY.test(headers['sec-websocket-key'] ?? ''))
    return new GatewayError('BAD_REQUEST', { error: 'Sec-WebSocket-Key is not sixteen bytes in base64.' });
  const protocols = headers['sec-websocket-protocol'];
  if (protocols !== undefined && !isTokenList(protocols))
    return new GatewayError('BAD_REQUEST', { error: 'Sec-WebSocket-Protocol is not a list of names.' });
  return undefined;
}

/** Different names, separated by commas (RFC 6455, section 4.1). */
function isTokenList(value: string): boolean {
  const names = value.split(',').map((name) => name.trim());
  return new Set(names).size === names.length && names.every((name) => /^[!#$%&'*+.^_`|~\w-]+$/.test(name));
}

/** The gateway's own fields of the 101: trace id and security headers, as in any answer. */
function answerLines(req: IncomingMessage): readonly string[] {
  const fields = exchangeOf(req)?.answerHeaders ?? [];
  const lines: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const [name = '', value = ''] = fields.slice(i, i + 2);
    if (name.toLowerCase() !== 'connection') lines.push(`${name}: ${value}`);
  }
  return lines;
}
