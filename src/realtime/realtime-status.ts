import type { Latency } from './read-metrics.js';
import type { RealtimeMetrics } from './realtime-metrics.js';
import type { SessionStatus } from './socket/realtime-session.js';
import type { SocketEntrance } from './socket/socket-entrance.js';

/** Sessions that are told one by one. */
const MAX_SESSIONS = 100;

/** What the realtime part of this process is doing. */
export interface RealtimeState {
  readonly isSocketOn: boolean;
  readonly open: number;
  /** The oldest hundred. */
  readonly sessions: readonly SessionStatus[];
  readonly closes: readonly { readonly code: string; readonly count: number }[];
  readonly latency: Readonly<Record<'token' | 'connect' | 'firstAudio' | 'firstTranscript', Latency>>;
}

/** Tells what goes on in the realtime part, for whoever looks at it; costs nothing unless asked. */
export class RealtimeStatus {
  constructor(
    private readonly isSocketOn: boolean,
    private readonly entrance: Pick<SocketEntrance, 'count' | 'list'>,
    private readonly metrics: RealtimeMetrics,
  ) {}

  /** Sockets that are open. */
  get open(): number {
    return this.entrance.count;
  }

  async read(): Promise<RealtimeState> {
    const [closes, latency] = await Promise.all([this.metrics.closesByCode(), this.metrics.latency()]);
    const { isSocketOn, entrance } = this;
    return { isSocketOn, open: entrance.count, sessions: entrance.list(MAX_SESSIONS), closes, latency };
  }
}
