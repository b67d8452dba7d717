import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import type { RealtimeLimits } from './realtime-options.js';
import type { Fields } from './shape.js';

/** An identifier of OpenAI's form: `event_…`, `item_…`, `resp_…`. */
export function makeId(prefix: string): string {
  return `${prefix}_${randomBytes(11).toString('hex').slice(0, 21)}`;
}

/** Where server events leave; knows when the client does not read them. */
export class EventOutlet {
  #unread: NodeJS.Timeout | undefined;
  #whenDrained: (() => void) | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly limits: Pick<RealtimeLimits, 'maxUnreadBytes' | 'unreadLimitMs'>,
  ) {
    socket.once('close', () => clearTimeout(this.#unread));
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  get isFull(): boolean {
    return this.socket.bufferedAmount > this.limits.maxUnreadBytes;
  }

  /** Resolves when the client's side of the machine has taken the event, or the connection is gone. */
  send(type: string, fields: Fields = {}): Promise<void> {
    if (!this.isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      this.socket.send(JSON.stringify({ type, event_id: makeId('event'), ...fields }), () => {
        this.#look();
        resolve();
      });
      this.#look();
    });
  }

  /** Calls back once when there is room again. */
  onceDrained(tell: () => void): void {
    this.#whenDrained = tell;
    this.#look();
  }

  #look(): void {
    if (this.isFull) {
      this.#unread ??= setTimeout(() => this.socket.terminate(), this.limits.unreadLimitMs);
      return;
    }
    clearTimeout(this.#unread);
    this.#unread = undefined;
    const tell = this.#whenDrained;
    this.#whenDrained = undefined;
    tell?.();
  }
}
