/**
 * What one socket, one caller and all sockets together may take. Constants, not settings: they follow from the protocol and from
 * what a process holds, and a wrong one costs memory. `MAX_CONNECTIONS_PER_IP` and `AUTH_TIMEOUT_MS` are settings besides.
 */
export interface SocketLimits {
  /** Bytes of one message of a client. 40 ms of audio are 2.6 KiB; a picture or a reconnect's buffer is more. */
  readonly clientFrameBytes: number;
  /** Bytes of one message of the provider; an item with its audio is the largest. */
  readonly upstreamFrameBytes: number;
  /** Pieces of one message, and pieces that wait to become one: each costs more than its bytes. */
  readonly fragments: number;
  readonly chunks: number;
  /** Bytes that a socket may send before it is known whose it is; an access token has at most 4 KiB. */
  readonly unauthenticatedBytes: number;
  /** Sockets of nobody yet, and all sockets, of this process. */
  readonly unauthenticatedSockets: number;
  readonly sockets: number;
  /** Sessions of one subject, from whichever addresses, in this process. */
  readonly sessionsPerIdentity: number;
  /** Messages (pings too) per second, and how many at once. Audio in pieces of 40 ms is 25 a second, of 10 ms 100. */
  readonly messagesPerS: number;
  readonly messageBurst: number;
  /** Upstream connections of one session: at once, and how often another one may be tried. */
  readonly connectBurst: number;
  readonly connectEveryS: number;
  /** Unsent bytes to one side above which the other is not read, and below which it is again. */
  readonly highWaterBytes: number;
  readonly lowWaterBytes: number;
  /** The same in messages: a small one costs more than its bytes. */
  readonly highWaterFrames: number;
  /** Each in ms. A peer that takes nothing of what waits for it for `stallMs` is given up. */
  readonly stallMs: number;
  readonly upstreamOpenMs: number;
  /** Between pings; who has shown no sign of life from one to the next is gone. */
  readonly pingMs: number;
  /** Without a message of either side. */
  readonly idleMs: number;
  /** OpenAI's own bound for a session is 60 minutes as well. */
  readonly lifeMs: number;
  /** How soon a revoked token is noticed. */
  readonly recheckMs: number;
  /** For the closing handshake; what the peer still sends meanwhile is thrown away. */
  readonly closeMs: number;
  /** At most for an answer that is being spoken when the process is told to stop. */
  readonly drainMs: number;
}

export const SOCKET_LIMITS: SocketLimits = {
  clientFrameBytes: 512 * 1024,
  upstreamFrameBytes: 1024 * 1024,
  fragments: 1024,
  chunks: 1024,
  unauthenticatedBytes: 16 * 1024,
  unauthenticatedSockets: 256,
  sockets: 2048,
  sessionsPerIdentity: 5,
  messagesPerS: 250,
  messageBurst: 1000,
  connectBurst: 5,
  connectEveryS: 10,
  highWaterBytes: 256 * 1024,
  lowWaterBytes: 64 * 1024,
  highWaterFrames: 512,
  stallMs: 30_000,
  upstreamOpenMs: 10_000,
  pingMs: 30_000,
  idleMs: 300_000,
  lifeMs: 3_600_000,
  recheckMs: 5_000,
  closeMs: 2_000,
  drainMs: 5_000,
};
