import { WebSocket } from 'ws';
import type { RealtimeEndpoint } from '../realtime-provider.js';
import { UPSTREAM_CLOSED } from './close-codes.js';
import { Heartbeat } from './heartbeat.js';
import { Inlet } from './inlet.js';
import { Outlet } from './outlet.js';
import type { SocketLimits } from './socket-limits.js';

/** What a session learns of its connection to the provider. */
export interface UpstreamEvents {
  onFrame(frame: Buffer): void;
  /** It takes less than it gets, or again all. */
  onFull(): void;
  onFree(): void;
  onOpen(): void;
  /** Once, after the last frame, also when it was never open. */
  onClosed(how: UpstreamEnd): void;
}

/** How the connection to the provider ended. */
export interface UpstreamEnd {
  readonly code: number;
  /** The gateway's own words: nothing of the provider's text. */
  readonly message: string;
  /** For the log; never a URL or a text of the provider's. */
  readonly fault?: string;
}

const CLOSED: UpstreamEnd = { code: UPSTREAM_CLOSED.lost, message: 'The voice provider has ended the session.' };
const LATE: UpstreamEnd = {
  code: UPSTREAM_CLOSED.refused,
  message: 'The voice provider took too long to answer.',
  fault: 'timeout',
};
const STALLED: UpstreamEnd = { code: UPSTREAM_CLOSED.lost, message: 'The voice provider takes nothing any more.' };
const LOST: UpstreamEnd = { code: UPSTREAM_CLOSED.lost, message: 'The voice provider is gone without a word.' };
const DISTRUSTED: UpstreamEnd = {
  code: UPSTREAM_CLOSED.refused,
  message: 'The voice provider gave no usable answer.',
  fault: 'secret',
};
const UNREACHED: UpstreamEnd = { code: UPSTREAM_CLOSED.refused, message: 'The voice provider cannot be reached.' };

/** One WebSocket to the realtime provider, with the server's key. */
export class UpstreamLink {
  private readonly socket: WebSocket;
  private readonly inlet: Inlet;
  private readonly outlet: Outlet;
  private readonly late: NodeJS.Timeout;
  private heartbeat: Heartbeat | undefined;
  private end: UpstreamEnd | undefined;

  constructor(
    endpoint: RealtimeEndpoint,
    model: string,
    private readonly limits: SocketLimits,
    private readonly events: UpstreamEvents,
  ) {
    this.socket = connect(endpoint, model, limits);
    this.inlet = new Inlet(this.socket);
    this.outlet = new Outlet(this.socket, limits, {
      onFull: () => events.onFull(),
      onFree: () => events.onFree(),
      onStalled: () => this.giveUp(STALLED),
    });
    // The library's own clock counts silence only: a head that drips would keep it waiting.
    this.late = setTimeout(() => this.giveUp(LATE), limits.upstreamOpenMs);
    this.listen();
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(frame: Buffer): void {
    this.outlet.send(frame);
  }

  /** The client takes less than it gets: the provider is not read. */
  hold(): void {
    this.inlet.hold('other side is full');
  }

  release(): void {
    this.inlet.release('other side is full');
  }

  /** It has sent what nobody may see. */
  distrust(): void {
    this.giveUp(DISTRUSTED);
  }

  /** The session is over: nobody listens any more. */
  leave(): void {
    this.end ??= CLOSED;
    this.inlet.open();
    if (this.isOpen) this.socket.close(1000);
    else this.socket.terminate();
  }

  private listen(): void {
    const { socket, events } = this;
    socket.on('open', () => {
      clearTimeout(this.late);
      this.inlet.onOpen();
      this.heartbeat = new Heartbeat(
        socket,
        this.limits.pingMs,
        () => this.inlet.isHeld,
        () => this.giveUp(LOST),
      );
      events.onOpen();
    });
    socket.on('message', (data: Buffer, isBinary) => {
      this.heartbeat?.see();
      // The protocol is JSON text; what is binary is nobody's.
      if (!isBinary && this.end === undefined) events.onFrame(data);
    });
    socket.on('unexpected-response', (_request, { statusCode = 0 }) => this.giveUp(refusal(statusCode)));
    socket.on('error', (error) => {
      const wasOpen = this.heartbeat !== undefined;
      const fault = faultOf(error);
      this.end ??= wasOpen ? { ...CLOSED, ...tooLarge(fault), fault } : { ...UNREACHED, fault };
    });
    socket.on('close', (code) => {
      this.stopClocks();
      events.onClosed(this.end ?? { ...CLOSED, code });
    });
  }

  private giveUp(end: UpstreamEnd): void {
    this.end ??= end;
    this.socket.terminate();
  }

  private stopClocks(): void {
    clearTimeout(this.late);
    this.heartbeat?.stop();
    this.outlet.close();
  }
}

function connect({ realtimeUrl, apiKey }: RealtimeEndpoint, model: string, limits: SocketLimits): WebSocket {
  const url = new URL(realtimeUrl);
  url.searchParams.set('model', model);
  const options = {
    headers: apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` },
    perMessageDeflate: false,
    // The key must not follow a redirect to somebody else.
    followRedirects: false,
    maxPayload: limits.upstreamFrameBytes,
    maxFragments: limits.fragments,
    maxBufferedChunks: limits.chunks,
    closeTimeout: limits.closeMs,
    // One message a turn: no session's flood delays the others'.
    allowSynchronousEvents: false,
  };
  return new WebSocket(url, options);
}

function refusal(status: number): UpstreamEnd {
  const fault = `status ${status}`;
  return status === 429 || status === 503
    ? { code: UPSTREAM_CLOSED.busy, message: 'The voice provider is busy. Try again later.', fault }
    : { code: UPSTREAM_CLOSED.refused, message: 'The voice provider has refused the session.', fault };
}

function tooLarge(fault: string): Partial<UpstreamEnd> {
  return fault === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? { code: UPSTREAM_CLOSED.tooLarge } : {};
}

/** A system's or the library's code, never a text: that may name a host. */
function faultOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'unknown';
}
