import type { SocketLimits } from './socket-limits.js';

/** Milliseconds beyond which Node's timers fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** What the clocks of a session tell. */
export interface ClockEvents {
  onNotAuthenticated(): void;
  onTokenExpired(): void;
  onRecheck(): void;
  onIdle(): void;
  onTooLong(): void;
}

/** The times of one session: to authenticate, of its token, idle, in all. */
export class SessionClocks {
  private readonly life: NodeJS.Timeout;
  private idle: NodeJS.Timeout | undefined;
  private authentication: NodeJS.Timeout | undefined;
  private expiry: NodeJS.Timeout | undefined;
  private recheck: NodeJS.Timeout | undefined;

  constructor(
    authTimeoutMs: number,
    private readonly limits: Pick<SocketLimits, 'idleMs' | 'lifeMs' | 'recheckMs'>,
    private readonly events: ClockEvents,
  ) {
    this.authentication = setTimeout(() => events.onNotAuthenticated(), authTimeoutMs);
    this.life = setTimeout(() => events.onTooLong(), limits.lifeMs);
  }

  /** From now on the token's expiry (Unix seconds) and the silence count. */
  authenticated(expiresAtS: number | undefined): void {
    clearTimeout(this.authentication);
    const { events, limits } = this;
    this.recheck = setInterval(() => events.onRecheck(), limits.recheckMs);
    this.idle = setTimeout(() => events.onIdle(), limits.idleMs);
    // Last: a token that has expired by now ends the session, and with it the clocks that are set.
    if (expiresAtS !== undefined) this.awaitExpiry(expiresAtS * 1000);
  }

  /** Something was said. */
  busy(): void {
    this.idle?.refresh();
  }

  stop(): void {
    clearTimeout(this.authentication);
    clearTimeout(this.life);
    clearTimeout(this.idle);
    clearTimeout(this.expiry);
    clearInterval(this.recheck);
  }

  private awaitExpiry(atMs: number): void {
    const leftMs = atMs - Date.now();
    if (leftMs <= 0) this.events.onTokenExpired();
    else this.expiry = setTimeout(() => this.awaitExpiry(atMs), Math.min(leftMs, LONGEST_MS));
  }
}
