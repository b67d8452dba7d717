import type { WebSocket } from 'ws';
import { EventOutlet, makeId } from './event-outlet.js';
import type { Taken } from './handshake.js';
import type { RealtimeLimits } from './realtime-options.js';
import { RealtimeSession } from './realtime-session.js';
import { SessionConfig } from './session-config.js';

/** Runs a session over its socket: reads no faster than the client does, and ends with it. */
export class RealtimeConnection {
  readonly #outlet: EventOutlet;
  readonly #session: RealtimeSession;
  readonly #timers = new Set<NodeJS.Timeout>();
  /** What came in one piece of the network after the outlet had become full. */
  readonly #backlog: string[] = [];
  #isDeaf = false;

  constructor(
    private readonly socket: WebSocket,
    taken: Taken,
    limits: RealtimeLimits,
  ) {
    this.#outlet = new EventOutlet(socket, limits);
    const config = new SessionConfig(
      makeId('sess'),
      taken.model,
      Math.floor((Date.now() + limits.sessionLifeMs) / 1000),
    );
    config.update(taken.session);
    const door = {
      close: (code: number, reason: string) => this.#close(code, reason),
      cut: () => socket.terminate(),
      deafen: (ms: number) => this.#deafen(ms),
    };
    this.#session = new RealtimeSession(config, this.#outlet, door, limits);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#end());
    socket.on('message', (data, isBinary) => {
      this.#backlog.push(isBinary ? '' : String(data));
      this.#work();
    });
    this.#after(limits.sessionLifeMs, () => this.#session.expire());
    this.#session.start();
  }

  /** Takes what has come, as long as the client reads the answers. */
  #work(): void {
    while (!this.#isDeaf && !this.#outlet.isFull) {
      const message = this.#backlog.shift();
      if (message === undefined) return this.socket.resume();
      this.#session.take(message);
    }
    this.socket.pause();
    if (!this.#isDeaf) this.#outlet.onceDrained(() => this.#work());
  }

  #close(code: number, reason: string): void {
    const isCode = code === 1000 || code === 1001 || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    this.socket.close(isCode ? code : 1011, reason);
  }

  #deafen(ms: number): void {
    this.#isDeaf = true;
    this.socket.pause();
    if (ms >= 2 ** 31 - 1) return;
    this.#after(ms, () => {
      this.#isDeaf = false;
      this.#work();
    });
  }

  #after(ms: number, run: () => void): void {
    const timer = setTimeout(run, ms);
    timer.unref();
    this.#timers.add(timer);
  }

  #end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#backlog.length = 0;
    this.#session.end();
  }
}
