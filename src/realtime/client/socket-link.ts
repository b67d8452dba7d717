import { fieldsOf } from './client-config.js';
import type { Environment } from './environment.js';
import { judgeClose } from './reconnect-policy.js';
import { VoiceError } from './voice-error.js';

/** A message of a server: JSON with `type`. */
export type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

/** Sends a frame, if it can be sent. */
export type SendFrame = (frame: Readonly<Record<string, unknown>>) => void;

export interface LinkEnd {
  /** Of the WebSocket's close. */
  readonly code: number;
}

const MAX_FRAME_CHARS = 8_388_608;
/** Frames that come between the handshake and the first listener. */
const MAX_STASH = 64;
/** A server that sends so many frames that are none is not spoken with. */
const MAX_MALFORMED = 20;
/** Bytes that may wait to be sent: some fifteen seconds of speech. */
const MAX_WAITING_BYTES = 1_048_576;
/** Closed by us for a server's fault; browsers send 1000 and 3000 to 4999 only. */
const FAULT_CLOSE = 4500;

/** One WebSocket and its JSON frames. Nothing listens to the socket once it has ended. */
export class SocketLink {
  /** Settles once, however the socket ends. */
  readonly ended: Promise<LinkEnd>;
  private readonly socket: WebSocket;
  private readonly listeners = new AbortController();
  private readonly stash: Frame[] = [];
  private listener: ((frame: Frame) => void) | undefined;
  private malformed = 0;
  private settle: (end: LinkEnd) => void = () => undefined;

  /** @throws VoiceError for an address that no socket takes */
  constructor(
    private readonly environment: Environment,
    url: string,
    protocols: readonly string[],
    readonly path: 'direct' | 'proxy',
  ) {
    this.ended = new Promise((resolve) => {
      this.settle = resolve;
    });
    try {
      this.socket = environment.openSocket(url, protocols);
    } catch {
      throw new VoiceError('bad_answer');
    }
    const { signal } = this.listeners;
    this.socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => this.take(data), { signal });
    this.socket.addEventListener('close', ({ code }: CloseEvent) => this.end(code), { signal });
    // Browsers tell nothing in it, and a close follows: without a listener Node would call it unhandled.
    this.socket.addEventListener('error', () => undefined, { signal });
  }

  /** Hands every frame to a listener, first those that came before it. */
  listen(listener: (frame: Frame) => void): void {
    this.listener = listener;
    for (const frame of this.stash.splice(0)) listener(frame);
  }

  /**
   * Waits for the first frame of which `pick` is true; those before it are for the listener.
   * @throws VoiceError when the socket ends first, or after `withinMs`; the link is closed then
   */
  async waitFor(pick: (frame: Frame) => boolean, withinMs: number): Promise<Frame> {
    let cancel = () => undefined as void;
    try {
      return await Promise.race([
        new Promise<Frame>((resolve) => {
          const early: Frame[] = [];
          this.listen((frame) => {
            if (!pick(frame)) {
              if (early.length < MAX_STASH) early.push(frame);
              return;
            }
            this.listener = undefined;
            this.stash.unshift(...early);
            resolve(frame);
          });
        }),
        this.ended.then(({ code }) => {
          throw new LinkEndedError(code);
        }),
        new Promise<never>((_, reject) => {
          cancel = this.environment.after(withinMs, () => reject(new VoiceError('timeout')));
        }),
      ]);
    } catch (error) {
      this.close();
      throw error;
    } finally {
      cancel();
    }
  }

  /** Resolves when the socket is open. @throws as {@link waitFor} */
  async opened(withinMs: number): Promise<void> {
    let cancel = () => undefined as void;
    try {
      await Promise.race([
        new Promise<void>((resolve) => {
          this.socket.addEventListener('open', () => resolve(), { once: true, signal: this.listeners.signal });
        }),
        this.ended.then(({ code }) => {
          throw new LinkEndedError(code);
        }),
        new Promise<never>((_, reject) => {
          cancel = this.environment.after(withinMs, () => reject(new VoiceError('timeout')));
        }),
      ]);
    } catch (error) {
      this.close();
      throw error;
    } finally {
      cancel();
    }
  }

  /** False when it was not sent: the socket is gone, or the network takes nothing more at the moment. */
  send(frame: Readonly<Record<string, unknown>>): boolean {
    const { socket } = this;
    if (socket.readyState !== 1 || socket.bufferedAmount > MAX_WAITING_BYTES) return false;
    socket.send(JSON.stringify(frame));
    return true;
  }

  /** Ends it from this side, by 1000 unless for a fault. Settles at once: a server that is gone would answer late. */
  close(code = 1000): void {
    const { socket } = this;
    if (socket.readyState < 2) socket.close(code);
    this.end(code);
  }

  private end(code: number): void {
    this.listeners.abort();
    this.listener = undefined;
    this.stash.length = 0;
    this.settle({ code });
  }

  private take(data: unknown): void {
    const frame = typeof data === 'string' && data.length <= MAX_FRAME_CHARS ? parse(data) : undefined;
    if (frame === undefined) {
      this.malformed += 1;
      if (this.malformed >= MAX_MALFORMED) this.close(FAULT_CLOSE);
    } else if (this.listener !== undefined) this.listener(frame);
    else if (this.stash.length < MAX_STASH) this.stash.push(frame);
  }
}

/** The socket ended while something was awaited of it. */
export class LinkEndedError extends Error {
  override readonly name = 'LinkEndedError';
  constructor(readonly code: number) {
    super(`closed with ${code}`);
  }

  get verdict(): ReturnType<typeof judgeClose> {
    return judgeClose(this.code);
  }
}

function parse(data: string): Frame | undefined {
  try {
    const { type, ...rest } = fieldsOf(JSON.parse(data));
    return typeof type === 'string' ? { ...rest, type } : undefined;
  } catch {
    return undefined;
  }
}
