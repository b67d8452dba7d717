import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Identity } from '../../auth/index.js';
import { CLIENT_EVENTS, readFrameType } from '../protocol/index.js';
import { authenticate, type Authentication, stillHolds } from './authentication.js';
import { CLOSE, codeOfFault, LOST } from './close-codes.js';
import { Conversation } from './conversation.js';
import { FrameQueue } from './frame-queue.js';
import { type ErrorFrameCode, frames } from './gateway-frames.js';
import { Heartbeat } from './heartbeat.js';
import { Inlet } from './inlet.js';
import { Outlet } from './outlet.js';
import { SessionClocks } from './session-clocks.js';
import type { SessionParts } from './session-parts.js';
import { SessionReport } from './session-report.js';
import { TokenBucket } from './token-bucket.js';

/** How a session comes to be and what it gives back. */
export interface SessionOrigin {
  /** The connection below the WebSocket. */
  readonly connection: Socket;
  readonly traceId: string;
  /** Its name in the route table. */
  readonly route: string | undefined;
  /** It is somebody's now. */
  onAuthenticated(): void;
  /** Its socket is closed. */
  onEnded(): void;
}

/** One open session. The subject is for a pseudonym. */
export interface SessionStatus {
  readonly traceId: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly state: 'unauthenticated' | 'authenticated' | 'connected';
  readonly subject: string | undefined;
  readonly framesIn: number;
  readonly framesOut: number;
}

/** One client of `/realtime`: who it is, what it may say, and how it ends. The provider's side is its {@link Conversation}. */
export class RealtimeSession {
  private readonly inlet: Inlet;
  private readonly outlet: Outlet;
  private readonly queue: FrameQueue;
  private readonly heartbeat: Heartbeat;
  private readonly clocks: SessionClocks;
  private readonly messages: TokenBucket;
  private readonly report: SessionReport;
  private readonly conversation: Conversation;
  private token: string | undefined;
  private subject: string | undefined;
  private leaveIdentity: (() => void) | undefined;
  private ending: { readonly code: number; readonly reason: string } | undefined;
  private isDraining = false;
  private drainTimer: NodeJS.Timeout | undefined;
  private bytesBefore = 0;

  constructor(
    private readonly client: WebSocket,
    private readonly parts: SessionParts,
    private readonly origin: SessionOrigin,
  ) {
    const { limits, settings, logger, metrics } = parts;
    this.report = new SessionReport({ traceId: origin.traceId, route: origin.route ?? null }, logger, metrics);
    this.inlet = new Inlet(client);
    this.outlet = new Outlet(client, limits, {
      onFull: () => this.conversation.hold(),
      onFree: () => this.conversation.release(),
      onStalled: () => this.end(CLOSE.policy, 'The client does not read.'),
    });
    this.queue = new FrameQueue(this.inlet, (frame) => this.handleSafely(frame));
    this.messages = new TokenBucket(limits.messagesPerS, limits.messageBurst);
    this.conversation = new Conversation(parts, this.report, this.clientSide());
    this.heartbeat = new Heartbeat(
      client,
      limits.pingMs,
      () => this.inlet.isHeld || this.outlet.isFull,
      () => this.cut('The client is gone without a word.'),
    );
    this.clocks = new SessionClocks(settings.authTimeoutMs, limits, {
      onNotAuthenticated: () => this.end(CLOSE.notAuthenticated, 'No access token came in time.'),
      onTokenExpired: () => this.end(CLOSE.badToken, 'The access token has expired.'),
      onRecheck: () => void this.recheck(),
      onIdle: () => this.end(CLOSE.idle, 'Nothing was said for too long.'),
      onTooLong: () => this.end(CLOSE.idle, 'The session has lasted too long.'),
    });
    this.listen();
  }

  /** How it stands, for administrators. */
  status(): SessionStatus {
    const { subject, conversation, report } = this;
    const state = conversation.isConnected ? 'connected' : subject === undefined ? 'unauthenticated' : 'authenticated';
    const { in: framesIn, out: framesOut } = report.frames;
    return { traceId: report.traceId, since: report.since, state, subject, framesIn, framesOut };
  }

  /** The process stops in `graceMs` ms: at once, or when the answer under way is done. */
  drain(graceMs: number): void {
    this.isDraining = true;
    if (!this.conversation.isAnswering) return this.goAway();
    this.drainTimer ??= setTimeout(() => this.goAway(), Math.min(this.parts.limits.drainMs, graceMs / 2));
  }

  private listen(): void {
    const { client } = this;
    client.on('message', (data: Buffer, isBinary) => this.receive(data, isBinary));
    client.on('ping', () => this.count());
    client.on('pong', () => this.count());
    client.on('error', (error) => {
      const code = codeOfFault(error);
      const reason = code === LOST ? 'The connection was lost.' : 'The client broke the protocol.';
      this.ending ??= { code, reason };
      this.stop();
    });
    client.on('close', (code) => {
      this.ending ??= { code, reason: 'The client has left.' };
      this.stop();
      this.report.ended(this.ending.code, this.ending.reason, this.conversation.dialectName);
      this.origin.onEnded();
    });
    this.origin.connection.on('data', this.countBefore);
  }

  /** Before anybody is known the bytes count, whole messages or not. */
  private readonly countBefore = (chunk: Buffer): void => {
    this.bytesBefore += chunk.byteLength;
    if (this.bytesBefore <= this.parts.limits.unauthenticatedBytes) return;
    this.end(CLOSE.tooLarge, 'Too much was sent before a token.');
    // Nothing of the rest is read: it stays with who sends it.
    this.client.pause();
  };

  private receive(data: Buffer, isBinary: boolean): void {
    this.heartbeat.see();
    if (this.ending !== undefined || !this.count()) return;
    this.report.received(data.byteLength);
    this.clocks.busy();
    if (!isBinary) this.queue.push(data);
    else if (this.token === undefined) this.end(CLOSE.notAuthenticated, 'The first frame must be authenticate.');
    else this.refuse('binary_frame', 'Frames are JSON text; audio goes into them as base64.');
  }

  private count(): boolean {
    if (this.messages.take()) return true;
    this.end(CLOSE.policy, 'Too many messages.');
    return false;
  }

  /** A fault in what this process makes of a frame ends the session, and not the process. */
  private handleSafely(frame: Buffer): Promise<void> | undefined {
    try {
      return this.handle(frame)?.catch((error: unknown) => this.fail(error));
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  private fail(error: unknown): void {
    this.report.broke(error);
    this.end(CLOSE.internal, 'The gateway has failed.');
  }

  private handle(frame: Buffer): Promise<void> | undefined {
    if (this.ending !== undefined) return undefined;
    if (this.token === undefined)
      return authenticate(frame, this.parts.jwt).then((result) => this.onAuthentication(result));
    const type = readFrameType(frame);
    if (type.kind === 'malformed')
      return this.refuse('invalid_json', 'The frame is not one JSON object with one type.');
    if (type.kind === 'untyped') return this.refuse('missing_type', 'The frame has no type.');
    if (CLIENT_EVENTS.has(type.type)) {
      this.conversation.pass(type, frame);
      return undefined;
    }
    switch (type.type) {
      case 'connect_realtime':
        return this.conversation.connect(frame, false);
      case 'connect':
        return this.conversation.connect(frame, true);
      case 'authenticate':
        return this.refuse('already_authenticated', 'For a new token open a new socket.');
      default:
        return this.refuse('event_not_allowed', 'No event of this type may be sent here.');
    }
  }

  private onAuthentication(result: Authentication): void | Promise<void> {
    if (this.ending !== undefined) return;
    switch (result.kind) {
      case 'another-frame':
        return this.end(CLOSE.notAuthenticated, 'The first frame must be authenticate.');
      case 'bad-token':
        this.say(frames.notAuthenticated);
        return this.end(CLOSE.badToken, 'The access token does not hold.');
      case 'unknown':
        this.say(frames.cannotAuthenticate);
        return this.end(CLOSE.tryAgainLater, 'Access tokens cannot be checked at the moment.');
      case 'identified':
    }
    const { identity, token } = result;
    const key = `@realtime identity ${identity.subject}`;
    const isIn = this.parts.places.enter(key, this.parts.limits.sessionsPerIdentity);
    const settle = (hasPlace: boolean): void => this.onPlace(hasPlace ? key : undefined, identity, token);
    return typeof isIn === 'boolean' ? settle(isIn) : isIn.then(settle);
  }

  private onPlace(key: string | undefined, identity: Identity, token: string): void {
    if (this.ending !== undefined) {
      if (key !== undefined) this.parts.places.leave(key);
      return;
    }
    if (key !== undefined) this.leaveIdentity = () => this.parts.places.leave(key);
    if (this.leaveIdentity === undefined) {
      this.say(frames.error('too_many_sessions', 'Too many of your sessions are open. Close one first.'));
      return this.end(CLOSE.policy, 'Too many sessions of one caller.');
    }
    this.token = token;
    this.subject = identity.subject;
    this.origin.connection.off('data', this.countBefore);
    this.origin.onAuthenticated();
    this.report.authenticated();
    this.say(frames.authenticated);
    this.clocks.authenticated(identity.token?.expiresAt);
  }

  private async recheck(): Promise<void> {
    if (this.token === undefined || (await stillHolds(this.token, this.parts.jwt))) return;
    this.end(CLOSE.badToken, 'The access token no longer holds.');
  }

  private refuse(code: ErrorFrameCode, message: string): undefined {
    this.sayRefusal(frames.error(code, message));
  }

  private sayRefusal(frame: Buffer): void {
    this.report.refused();
    if (this.outlet.isFull) this.end(CLOSE.policy, 'Refusals are not read.');
    else this.say(frame);
  }

  private say(frame: Buffer): void {
    this.report.sent(frame.byteLength);
    this.outlet.send(frame);
  }

  private clientSide(): ConstructorParameters<typeof Conversation>[2] {
    const { inlet, outlet } = this;
    return {
      say: (frame) => this.say(frame),
      refuse: (frame) => this.sayRefusal(frame),
      get isFull() {
        return outlet.isFull;
      },
      hold: () => inlet.hold('other side is full'),
      release: () => inlet.release('other side is full'),
      fail: (error) => this.fail(error),
      onSpoken: () => this.clocks.busy(),
      onAnswered: () => {
        if (this.isDraining && !this.conversation.isAnswering) this.goAway();
      },
    };
  }

  private goAway(): void {
    this.end(CLOSE.goingAway, 'The server is shutting down.');
  }

  private end(code: number, reason: string): void {
    if (this.ending !== undefined) return;
    this.ending = { code, reason };
    this.stop();
    this.inlet.open();
    this.client.close(code, reason);
  }

  private cut(reason: string): void {
    this.ending ??= { code: LOST, reason };
    this.stop();
    this.client.terminate();
  }

  private stop(): void {
    clearTimeout(this.drainTimer);
    this.clocks.stop();
    this.heartbeat.stop();
    this.outlet.close();
    this.queue.clear();
    this.conversation.leave();
    this.leaveIdentity?.();
    this.leaveIdentity = undefined;
    this.origin.connection.off('data', this.countBefore);
  }
}
