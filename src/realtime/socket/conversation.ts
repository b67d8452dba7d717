import { Dialect, type FrameType, peekFrameType } from '../protocol/index.js';
import type { TokenRequest } from '../token/token-request.dto.js';
import { readConnectRequest } from './connect-request.js';
import { frames } from './gateway-frames.js';
import type { SessionParts } from './session-parts.js';
import type { SessionReport } from './session-report.js';
import { TokenBucket } from './token-bucket.js';
import { TurnWatch } from './turn-watch.js';
import { type UpstreamEnd, UpstreamLink } from './upstream-link.js';

type Typed = Extract<FrameType, { readonly kind: 'typed' }>;

/** Bytes at the beginning of a provider's frame in which its type stands. */
const TYPE_WITHIN_BYTES = 1024;
const AUDIO_EVENT = 'response.output_audio.delta';
/** A shorter one is the stand-in's, which is no secret, and could be a word. */
const SHORTEST_KEY = 16;

/** The client's side, as the conversation needs it. */
export interface ClientSide {
  say(frame: Buffer): void;
  /** Says why a frame is not passed on; who does not read it is let go. */
  refuse(frame: Buffer): void;
  /** What waits for the client is too much. */
  readonly isFull: boolean;
  /** The provider takes less than it gets: the client is not read. */
  hold(): void;
  release(): void;
  /** This process could not make anything of a frame, by a fault of its own. */
  fail(error: unknown): void;
  /** A frame of the provider's has come. */
  onSpoken(): void;
  /** A response is done, or no longer under way. */
  onAnswered(): void;
}

/** The provider's side of a session: opened when the client asks, lost and opened again, and translated for old clients. */
export class Conversation {
  private readonly dialect = new Dialect();
  private readonly turns: TurnWatch;
  private readonly connects: TokenBucket;
  private link: UpstreamLink | undefined;
  private hasToldOfNone = false;

  constructor(
    private readonly parts: SessionParts,
    private readonly report: SessionReport,
    private readonly client: ClientSide,
  ) {
    this.turns = new TurnWatch(parts.metrics);
    this.connects = new TokenBucket(1 / parts.limits.connectEveryS, parts.limits.connectBurst);
  }

  /** A response is under way. */
  get isAnswering(): boolean {
    return this.turns.isAnswering;
  }

  /** The provider's side is open. */
  get isConnected(): boolean {
    return this.link?.isOpen === true;
  }

  get dialectName(): string {
    return this.dialect.name;
  }

  /** `connect_realtime` or the deprecated `connect`; the promise is kept when the provider has answered, one way or the other. */
  connect(frame: Buffer, isDeprecated: boolean): Promise<void> | undefined {
    const { client, parts } = this;
    if (isDeprecated) {
      this.report.deprecatedConnect();
      this.dialect.assumeBeta();
      client.say(frames.deprecation);
    }
    if (this.link !== undefined) return this.refuse(frames.error('already_connected', 'The session is open already.'));
    const wanted = readConnectRequest(frame, parts.settings.model, isDeprecated);
    if ('fields' in wanted)
      return this.refuse(frames.error('validation_failed', 'Some fields are not valid.', { fields: wanted.fields }));
    if (!this.connects.take())
      return this.refuse(
        frames.error('too_many_connects', 'Too many connects. Wait some seconds before the next one.'),
      );
    return new Promise((resolve) => this.open(wanted, resolve));
  }

  /** A client's event for the provider. */
  pass(type: Typed, frame: Buffer): void {
    if (this.link?.isOpen !== true) {
      if (this.hasToldOfNone) return;
      // Once: audio that is still being sent would be answered piece by piece.
      this.hasToldOfNone = true;
      this.refuse(frames.error('not_connected', 'Send connect_realtime first.'));
      return;
    }
    this.turns.fromClient(type.type);
    this.link.send(this.dialect.toProvider(type, frame));
  }

  /** The client takes less than it gets, or again all. */
  hold(): void {
    this.link?.hold();
  }

  release(): void {
    this.link?.release();
  }

  leave(): void {
    this.link?.leave();
    this.link = undefined;
  }

  private refuse(frame: Buffer): undefined {
    this.client.refuse(frame);
  }

  private open(wanted: TokenRequest, settle: () => void): void {
    const { client, parts } = this;
    const askedAt = performance.now();
    const link = new UpstreamLink(parts.endpoint, wanted.model, parts.limits, {
      onOpen: () => {
        this.hasToldOfNone = false;
        this.report.upstreamOpened(performance.now() - askedAt);
        link.send(this.firstUpdate(wanted));
        client.say(frames.connected(wanted.model));
        settle();
      },
      onFrame: (frame) => {
        if (this.link !== link) return;
        try {
          this.onFrame(link, frame);
        } catch (error) {
          client.fail(error);
        }
      },
      onFull: () => {
        if (this.link === link) client.hold();
      },
      onFree: () => {
        if (this.link === link) client.release();
      },
      onClosed: (end) => {
        if (this.link === link) this.onLost(end);
        settle();
      },
    });
    this.link = link;
    if (client.isFull) link.hold();
  }

  private onFrame(link: UpstreamLink, frame: Buffer): void {
    const type = peekFrameType(frame, TYPE_WITHIN_BYTES);
    if (this.carriesKey(type, frame)) return link.distrust();
    const isDone = type.kind === 'typed' && this.turns.fromProvider(type.type);
    const said = type.kind === 'typed' ? this.dialect.toClient(type, frame) : frame;
    if (said !== undefined) this.client.say(said);
    this.client.onSpoken();
    if (!isDone) return;
    this.report.answered();
    this.client.onAnswered();
  }

  /** A provider that quotes what it was sent, in an error or a session, must not hand on the gateway's key. Audio is not searched. */
  private carriesKey(type: FrameType, frame: Buffer): boolean {
    const { apiKey } = this.parts.endpoint;
    if (apiKey === undefined || apiKey.length < SHORTEST_KEY) return false;
    return !(type.kind === 'typed' && type.type === AUDIO_EVENT) && frame.includes(apiKey);
  }

  private onLost({ code, message, fault }: UpstreamEnd): void {
    this.link = undefined;
    this.turns.reset();
    this.client.release();
    this.report.upstreamLost(code, fault);
    this.client.say(frames.upstreamClosed(code, message));
    this.client.onAnswered();
  }

  /** With the key there is no client secret that says it: voice, instructions and who finds the end of speech. */
  private firstUpdate({ voice, instructions }: TokenRequest): Buffer {
    const turnDetection = this.parts.settings.serverVad ? { type: 'server_vad' } : null;
    const audio = { input: { turn_detection: turnDetection }, output: { voice } };
    return Buffer.from(JSON.stringify({ type: 'session.update', session: { type: 'realtime', instructions, audio } }));
  }
}
