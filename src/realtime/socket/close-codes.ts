/** How `/realtime` ends a socket (RFC 6455, section 7.4.1; 4000 and above are the gateway's own). */
export const CLOSE = {
  /** The process stops. */
  goingAway: 1001,
  protocolError: 1002,
  invalidText: 1007,
  /** Too many messages, or a peer that does not read. */
  policy: 1008,
  tooLarge: 1009,
  internal: 1011,
  tryAgainLater: 1013,
  /** No token in time, or something else first. */
  notAuthenticated: 4001,
  /** A token that does not hold, or no longer. */
  badToken: 4003,
  /** Idle, or open for too long. */
  idle: 4008,
} as const;

/** What `upstream_closed` says of a provider that was not reached; one that closes says its own. */
export const UPSTREAM_CLOSED = { lost: 1006, tooLarge: 1009, busy: 1013, refused: 1014 } as const;

/** Never sent: what is said of a socket that ended without a closing frame. */
export const LOST = 1006;
const KNOWN = new Set<number>([1000, 1005, LOST, ...Object.values(CLOSE)]);

/** A code as a metric's label: what a client makes up is `other`. */
export function codeLabel(code: number): string {
  return KNOWN.has(code) ? String(code) : 'other';
}

/** The code with which `ws` closes for an error of the peer's, by its `code`; the status that it keeps is not to be had. */
export function codeOfFault(error: unknown): number {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // The connection's, not the protocol's.
  if (typeof code !== 'string' || !code.startsWith('WS_ERR_')) return LOST;
  switch (code) {
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
    case 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH':
      return CLOSE.tooLarge;
    case 'WS_ERR_INVALID_UTF8':
      return CLOSE.invalidText;
    case 'WS_ERR_TOO_MANY_BUFFERED_PARTS':
      return CLOSE.policy;
    default:
      return CLOSE.protocolError;
  }
}
