import { classAndPlace } from '../../privacy/index.js';
import type { Logger } from '../../trace/index.js';
import type { RealtimeMetrics } from '../realtime-metrics.js';
import { codeLabel } from './close-codes.js';

/** Both directions. */
class Traffic {
  frames = 0;
  bytes = 0;

  add(bytes: number): void {
    this.frames += 1;
    this.bytes += bytes;
  }
}

/** What is told of a session when it has ended: how, how long and how much; never who or what. */
export class SessionReport {
  private readonly startedAt = performance.now();
  /** ISO 8601, UTC. */
  readonly since = new Date().toISOString();
  private readonly fromClient = new Traffic();
  private readonly toClient = new Traffic();
  private authenticatedAfterMs: number | undefined;
  private upstreams = 0;
  private responses = 0;
  private refusedFrames = 0;
  private usesDeprecatedConnect = false;

  constructor(
    private readonly about: { readonly traceId: string; readonly route: string | null },
    private readonly logger: Pick<Logger, 'error' | 'info' | 'warn'>,
    private readonly metrics: RealtimeMetrics,
  ) {}

  /** Frames so far, from the client and to it. */
  get frames(): { readonly in: number; readonly out: number } {
    return { in: this.fromClient.frames, out: this.toClient.frames };
  }

  get traceId(): string {
    return this.about.traceId;
  }

  received(bytes: number): void {
    this.fromClient.add(bytes);
  }

  sent(bytes: number): void {
    this.toClient.add(bytes);
  }

  refused(): void {
    this.refusedFrames += 1;
  }

  answered(): void {
    this.responses += 1;
  }

  authenticated(): void {
    this.authenticatedAfterMs = this.msSince(this.startedAt);
  }

  upstreamOpened(ms: number): void {
    this.upstreams += 1;
    this.metrics.connected(ms);
  }

  upstreamLost(code: number, fault: string | undefined): void {
    this.logger.warn({ ...this.about, code, fault }, 'realtime upstream closed');
  }

  /** Its class and place; a message may hold what was said. */
  broke(error: unknown): void {
    const [fault, at] = classAndPlace(error, 1).split(' | at ');
    this.logger.error({ ...this.about, fault, at }, 'a frame of /realtime was not handled');
  }

  /** Logged once a session; each use is counted. */
  deprecatedConnect(): void {
    this.metrics.deprecatedConnect();
    if (this.usesDeprecatedConnect) return;
    this.usesDeprecatedConnect = true;
    this.logger.warn({ ...this.about, use: 'connect_realtime' }, 'realtime client uses the deprecated connect');
  }

  /** `dialect`: what the client spoke. */
  ended(code: number, reason: string, dialect: string): void {
    this.metrics.closed(codeLabel(code));
    this.logger.info(
      {
        ...this.about,
        code,
        reason,
        ms: this.msSince(this.startedAt),
        authenticatedAfterMs: this.authenticatedAfterMs,
        dialect,
        upstreams: this.upstreams,
        responses: this.responses,
        fromClient: this.fromClient,
        toClient: this.toClient,
        refusedFrames: this.refusedFrames,
      },
      'realtime session ended',
    );
  }

  private msSince(start: number): number {
    return Math.round(performance.now() - start);
  }
}
