import { Inject, Injectable } from '@nestjs/common';
import type { Identity } from '../../auth/index.js';
import { GatewayError } from '../../contract/index.js';
import { DrainState } from '../../edge/index.js';
import { RealtimeStatus } from '../../realtime/index.js';
import type { RouteTable } from '../../routing/index.js';
import type { Exchange } from '../../trace/index.js';
import { type Refusal, SecurityWatch, type TrafficPoint, WatchClock } from '../../watch/index.js';
import type { LiveEvents } from '../admin-api.js';
import { IdentityCheck } from './identity-check.js';
import { LiveStream, PING, toFrame } from './live-stream.js';
import { OverviewReader, type StateView } from './overview-reader.js';
import { PseudonymousViews } from './pseudonymous-views.js';
import { changedRoutes } from './route-changes.js';

const MAX_STREAMS = 20;
const MAX_OF_SUBJECT = 5;
/** While somebody looks on, what has no event of its own is looked at that often. */
const TICK_MS = 1000;
const TICKS_A_PING = 15;
/** A look-up in memory; PHP is asked for a session every five seconds (`PhpSessions`), unless it was ended through this gateway. */
const TICKS_A_CHECK = 2;
/** A flood of refusals is counted, and not told one by one. */
const MAX_REFUSALS_A_TICK = 20;
/** A new table may change all of its routes; the reader then reads the table anew. */
const MAX_CHANGED_ROUTES = 200;

/** Tells administrators who look on what happens at this instance, as it happens. Costs nothing while nobody does. */
@Injectable()
export class LiveHub {
  private readonly streams = new Set<LiveStream>();
  private table: RouteTable | undefined;
  private timer: NodeJS.Timeout | undefined;
  private ticks = 0;
  private refusals = 0;
  private lastHealth = '';
  private lastRealtime = '';
  private lastOpen = 0;

  constructor(
    @Inject(OverviewReader) private readonly reader: OverviewReader,
    @Inject(SecurityWatch) private readonly security: SecurityWatch,
    @Inject(RealtimeStatus) private readonly realtime: RealtimeStatus,
    @Inject(PseudonymousViews) private readonly views: PseudonymousViews,
    @Inject(IdentityCheck) private readonly identities: IdentityCheck,
    @Inject(DrainState) private readonly drain: DrainState,
    @Inject(WatchClock) clock: WatchClock,
  ) {
    clock.onStep((point) => this.onStep(point));
    // A restart does not wait for who looks on: they come back to another instance.
    drain.onLeaving(() => this.endAll());
  }

  /** Begins a stream. @returns why not */
  open(exchange: Exchange, admin: Identity): GatewayError | undefined {
    const refusal = this.refusalOf(admin);
    if (refusal !== undefined) return refusal;
    // Gone while it was asked who it is: its end has been told, and is not told again.
    if (exchange.res.destroyed) return undefined;
    const stream = new LiveStream(exchange, admin);
    this.streams.add(stream);
    if (this.streams.size === 1) this.begin();
    stream.begin(() => this.leave(stream));
    stream.send(toFrame('state', this.reader.state()));
    return undefined;
  }

  /** The route table that is in effect now. */
  seeTable(table: RouteTable): void {
    const before = this.table;
    this.table = table;
    if (this.streams.size === 0) return;
    for (const route of changedRoutes(before, table).slice(0, MAX_CHANGED_ROUTES)) this.tell('route', { route });
  }

  private refusalOf({ subject }: Identity): GatewayError | undefined {
    if (this.drain.phase !== 'serving')
      return new GatewayError('UPSTREAM_UNAVAILABLE', {
        error: 'This instance is shutting down.',
        headers: { 'Retry-After': '1' },
      });
    const own = [...this.streams].filter(({ admin }) => admin.subject === subject).length;
    if (own >= MAX_OF_SUBJECT)
      return new GatewayError('RATE_LIMITED', {
        error: `At most ${MAX_OF_SUBJECT} live views of one administrator are open at once. Close one first.`,
        headers: { 'Retry-After': '5' },
      });
    if (this.streams.size < MAX_STREAMS) return undefined;
    return new GatewayError('UPSTREAM_UNAVAILABLE', {
      error: 'Too many live views are open here. Try again in a moment.',
      headers: { 'Retry-After': '5' },
    });
  }

  private begin(): void {
    this.security.listener = (refusal) => this.onRefusal(refusal);
    this.ticks = 0;
    this.timer = setInterval(() => this.onTick(), TICK_MS);
    this.timer.unref();
  }

  private leave(stream: LiveStream): void {
    this.streams.delete(stream);
    if (this.streams.size > 0) return;
    clearInterval(this.timer);
    this.security.listener = undefined;
  }

  private endAll(): void {
    for (const stream of this.streams) stream.end();
  }

  private tell<Name extends keyof LiveEvents>(name: Name, data: LiveEvents[Name]): void {
    if (this.streams.size > 0) this.sendAll(toFrame(name, data));
  }

  private sendAll(frame: string): void {
    for (const stream of this.streams) stream.send(frame);
  }

  private onStep(point: TrafficPoint): void {
    if (this.streams.size === 0) return;
    this.tell('point', point);
    this.tell('state', this.reader.state());
    void this.tellRealtime();
  }

  private onTick(): void {
    this.ticks += 1;
    this.refusals = 0;
    const now = Date.now();
    const isLeaving = this.drain.phase !== 'serving';
    for (const stream of this.streams) {
      if (isLeaving || stream.isOver(now)) stream.end();
      else if (this.ticks % TICKS_A_CHECK === 0) void this.check(stream);
    }
    if (this.ticks % TICKS_A_PING === 0) this.sendAll(PING);
    const state = this.reader.state();
    const health = healthOf(state);
    if (health !== this.lastHealth) this.tell('state', state);
    this.lastHealth = health;
    if (this.realtime.open !== this.lastOpen) void this.tellRealtime();
  }

  private onRefusal(refusal: Refusal): void {
    this.refusals += 1;
    if (this.refusals <= MAX_REFUSALS_A_TICK) this.tell('security', this.views.refusal(refusal));
  }

  private async tellRealtime(): Promise<void> {
    this.lastOpen = this.realtime.open;
    const view = this.views.realtime(await this.realtime.read());
    const text = JSON.stringify(view);
    if (text !== this.lastRealtime) this.tell('realtime', view);
    this.lastRealtime = text;
  }

  private async check(stream: LiveStream): Promise<void> {
    if (!(await this.identities.holds(stream))) stream.end();
  }
}

/** What of a state is told at once when it changes. */
function healthOf({ targets, checks }: StateView): string {
  return JSON.stringify([targets.map(({ name, isHealthy, breaker }) => [name, isHealthy, breaker]), checks]);
}
